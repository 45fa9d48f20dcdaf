use super::*;

pub fn config(flags: &[&str]) -> Result<Config, BadConfig> {
    let flags = std::iter::once(&"lanyard").chain(flags);
    let (Command::Serve(flags), kept) = Cli::read(flags).unwrap().command() else { panic!("not to serve") };
    Config::new(*flags, kept)
}

#[test]
fn the_defaults_are_those_that_are_written_down() {
    let config = config(&[]).unwrap();
    let days = |n: u64| Duration::from_secs(n * 86_400);
    assert_eq!(config.addr, "127.0.0.1:3000".parse().unwrap());
    assert_eq!(config.public_url, "http://localhost:3000");
    assert_eq!(config.database, Place::File("data/lanyard.db".into()));
    assert_eq!(config.access_ttl, Duration::from_secs(900));
    assert_eq!(
        config.limits,
        Limits {
            retry_window: Duration::from_secs(30),
            settle: Duration::from_secs(120),
            idle: days(7),
            absolute: days(30),
        }
    );
    assert_eq!((config.signing_alg, config.demo), (SigningAlgorithm::EdDsa, false));
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn serve_is_the_default_command() {
    assert_eq!(config(&["serve", "--settle", "2m5s"]).unwrap().limits.settle, Duration::from_secs(125));
    assert_eq!(config(&["--settle", "125s"]).unwrap().limits.settle, Duration::from_secs(125));
}

#[test]
fn where_everything_is_kept_is_said_before_or_behind_the_command() {
    let kept = |line: &str| {
        let (_, kept) = Cli::read(line.split(' ')).unwrap().command();
        (kept.data_dir.display().to_string(), kept.database())
    };
    for line in [
        "lanyard --data-dir x --database-url sqlite:y",
        "lanyard serve --data-dir x --database-url sqlite:y",
        "lanyard --data-dir x serve --database-url sqlite:y",
        "lanyard --data-dir x --database-url sqlite:y user list",
        "lanyard user --data-dir x list --json --database-url sqlite:y",
        "lanyard sessions end --all --data-dir x --database-url sqlite:y",
    ] {
        assert_eq!(kept(line), ("x".to_owned(), Place::Url("sqlite:y".to_owned())), "{line}");
    }
    assert_eq!(kept("lanyard user list"), ("data".to_owned(), Place::File("data/lanyard.db".into())));
}

#[test]
fn what_only_serve_takes_is_refused_before_a_command() {
    for line in
        ["lanyard --demo serve", "lanyard --addr 127.0.0.1:1 user list", "lanyard --settle 2m sessions list"]
    {
        let refused = Cli::read(line.split(' ')).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ArgumentConflict, "{line}: {refused}");
    }
    assert!(Cli::read(["lanyard", "user", "list", "--demo"]).is_err());
}

#[test]
fn the_public_url_becomes_what_browsers_call_an_origin() {
    for (url, origin) in [
        ("https://Example.COM/", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ] {
        assert_eq!(config(&["--public-url", url]).unwrap().public_url, origin);
    }
    for url in ["http://a.example:99999", "http://a.example:", "http://a.example/#x", "http://a@b", "//a", ""]
    {
        assert_eq!(config(&["--public-url", url]).unwrap_err(), BadConfig::PublicUrl(url.to_owned()));
    }
}

#[test]
fn demo_accounts_stay_on_this_machine() {
    for addr in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"] {
        assert!(config(&["--demo", "--addr", addr]).unwrap().demo);
    }
    for addr in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
        let refused = config(&["--demo", "--addr", addr]).unwrap_err();
        assert_eq!(refused, BadConfig::DemoInPublic(addr.parse().unwrap()));
        assert!(!config(&["--addr", addr]).unwrap().demo);
    }
}

#[test]
fn what_is_allowed_but_costs_something_gets_a_word() {
    let words = |flags: &[&str]| config(flags).unwrap().warnings();
    assert!(matches!(&words(&["--settle", "79s"])[..], [word] if word.contains("1m 19s is short")));
    assert_eq!(words(&["--settle", "80s"]), [""; 0]);
    for url in ["http://lanyard.example", "http://localhost.example", "http://192.0.2.1:3000"] {
        assert!(
            matches!(&words(&["--public-url", url])[..], [word] if word.contains("refuse secure cookies"))
        );
    }
    for url in ["https://lanyard.example", "http://localhost", "http://127.0.0.1:9", "http://[::1]:9"] {
        assert_eq!(words(&["--public-url", url]), [""; 0]);
    }
}

#[test]
fn some_hosts_are_on_the_machine_of_whoever_opens_them() {
    let local =
        |host: &str| config(&["--public-url", &format!("https://{host}")]).unwrap().is_on_this_machine();
    for host in [
        "localhost",
        "LOCALHOST:8443",
        "localhost.",
        "app.localhost",
        "a.b.localhost.:3000",
        "127.0.0.1",
        "127.8.8.8:3000",
        "[::1]",
        "[0:0:0:0:0:0:0:1]:3000",
        "[::ffff:127.0.0.1]",
    ] {
        assert!(local(host), "{host}");
    }
    for host in [
        "lanyard.example",
        "localhost.example",
        "notlocalhost",
        "127.0.0.1.example",
        "128.0.0.1",
        "192.168.0.7:3000",
        "[::2]",
        "[fe80::1]",
    ] {
        assert!(!local(host), "{host}");
    }
}

#[test]
fn durations_are_bounded() {
    assert_eq!(duration("3650d"), Ok(LONGEST));
    assert!(duration("3651d").is_err());
    for text in [
        "100000000000d",
        "18446744073709551615s 18446744073709551615s",
        "1e9s",
        "0x10s",
        "99999999999999999999s",
    ] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn months_and_years_are_no_durations_here() {
    for text in
        ["15M", "1y", "1mo", "2 months", "1month", "1yr", "3years", "1Y", "1h 15M", "1y2d", "1MONTH", "0.5y"]
    {
        let said = duration(text).unwrap_err();
        assert!(said.contains("m is minutes"), "{text}: {said}");
    }
}

#[test]
fn durations_add_up_and_have_fractions() {
    for (text, seconds) in [
        ("15m", 900),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2 weeks", 1_209_600),
        ("15min", 900),
    ] {
        assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    for text in ["", " ", "15", "-1s", "+1s", "m", "1h -30m", "1,5h", "15 S", "١٥m", "15m\0", "half an hour"]
    {
        assert!(duration(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_access_token_is_over_before_its_session() {
    let access = |access: &str, more: &[&str]| {
        config(&[&["--access-ttl", access], more].concat()).map(|it| it.access_ttl)
    };
    let days = |n: u64| Duration::from_secs(n * 86_400);
    for (ttl, more) in
        [("7d", &[][..]), ("8d", &[]), ("30d", &["--idle-ttl", "30d"]), ("40d", &["--idle-ttl", "30d"])]
    {
        assert!(matches!(access(ttl, more), Err(BadConfig::AccessAboveIdle { .. })), "{ttl} {more:?}");
    }
    assert_eq!(access("6d", &[]), Ok(days(6)));
    assert_eq!(access("604799s", &[]), Ok(days(7) - Duration::from_secs(1)));
}

#[test]
fn long_access_tokens_get_a_word() {
    let words = |flags: &[&str]| config(flags).unwrap().warnings();
    assert_eq!(words(&["--access-ttl", "1d"]), [""; 0]);
    assert!(matches!(&words(&["--access-ttl", "86401s"])[..], [word] if word.contains("live for 1day 1s")));
    let tight = words(&["--access-ttl", "15m", "--idle-ttl", "17m"]);
    assert!(matches!(&tight[..], [word] if word.contains("--idle-ttl 17m")), "{tight:?}");
    assert_eq!(words(&["--access-ttl", "15m", "--idle-ttl", "1021s"]), [""; 0]);
}

#[test]
fn where_a_client_is_told_has_names_that_are_listed() {
    let source = |name: &str| config(&["--client-ip", name]).unwrap().client_ip;
    assert_eq!(config(&[]).unwrap().client_ip, Source::ConnectInfo);
    for name in ["RightmostXForwardedFor", "rightmostxforwardedfor", "X-Forwarded-For", "x-forwarded-for"] {
        assert_eq!(source(name), Source::RightmostXForwardedFor);
    }
    for (name, expected) in [
        ("XRealIp", Source::XRealIp),
        ("x-real-ip", Source::XRealIp),
        ("Forwarded", Source::RightmostForwarded),
        ("RightmostForwarded", Source::RightmostForwarded),
        ("CfConnectingIp", Source::CfConnectingIp),
        ("CloudFrontViewerAddress", Source::CloudFrontViewerAddress),
        ("FlyClientIp", Source::FlyClientIp),
        ("TrueClientIp", Source::TrueClientIp),
        ("XEnvoyExternalAddress", Source::XEnvoyExternalAddress),
        ("connectinfo", Source::ConnectInfo),
    ] {
        assert_eq!(source(name), expected, "{name}");
    }
    let refused = Cli::read(["lanyard", "--client-ip", "nginx"]).unwrap_err().to_string();
    for name in ["nginx", "ConnectInfo", "RightmostXForwardedFor", "XRealIp", "XEnvoyExternalAddress"] {
        assert!(refused.contains(name), "{refused}");
    }
}
