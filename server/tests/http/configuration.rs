//! Configurations that can't be right: one sentence, exit code 2, and nothing opened.

use std::process::Stdio;
use std::time::Duration;

use crate::server::lanyard;

/// Every flag that takes one.
const DURATIONS: [&str; 6] =
    ["--access-ttl", "--idle-ttl", "--absolute-ttl", "--retry-window", "--settle", "--audit-ttl"];

/// Starts with these flags and expects a refusal; returns what was said.
#[track_caller]
fn refusal(flags: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = lanyard();
    command.current_dir(folder.path()).args(flags).envs(environment.iter().copied());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // A server that starts after all would not end by itself.
    let ended = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        child.try_wait().unwrap().is_some()
    });
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(ended, "{flags:?} {environment:?} was not refused: {said}");
    assert_eq!(output.status.code(), Some(2), "{flags:?} {environment:?}: {said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{flags:?}: nothing is made");
    said
}

#[test]
fn durations_that_do_not_fit_together_are_refused() {
    for (flags, sentence) in [
        (
            &["--settle", "49s"][..],
            "the settling time must be at least the retry window plus two client time-outs",
        ),
        (&["--idle-ttl", "31d"], "the idle limit must not be longer than the absolute limit"),
        (&["--idle-ttl", "120s"], "the idle limit must be longer than the settling time"),
        (&["--idle-ttl", "0s"], "every duration must be longer than zero"),
        (&["--absolute-ttl", "0s"], "every duration must be longer than zero"),
        (&["--retry-window", "0s"], "every duration must be longer than zero"),
        (&["--settle", "0s"], "every duration must be longer than zero"),
        (&["--access-ttl", "7d"], "--access-ttl 604800s must be shorter than --idle-ttl 604800s"),
        (
            &["--access-ttl", "1h", "--idle-ttl", "30m"],
            "--access-ttl 3600s must be shorter than --idle-ttl 1800s",
        ),
        (&["--access-ttl", "0s"], "--access-ttl must be whole seconds, at least one"),
        (&["--access-ttl", "999ms"], "--access-ttl must be whole seconds, at least one"),
        (&["--access-ttl", "1500ms"], "--access-ttl must be whole seconds, at least one"),
    ] {
        let said = refusal(flags, &[]);
        assert!(said.starts_with("lanyard: ") && said.contains(sentence), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["15", "", "fifteen minutes", "-1s", "1parsec", "101years", "500000000000years"] {
        for flag in DURATIONS {
            let said = refusal(&[&format!("{flag}={text}")], &[]);
            assert!(said.contains(flag), "{flag}={text}: {said}");
        }
    }
}

#[test]
fn a_month_is_no_duration_and_m_is_minutes() {
    for flag in DURATIONS {
        for text in ["15M", "1y", "1mo"] {
            let said = refusal(&[flag, text], &[]);
            assert!(said.contains(flag) && said.contains("m is minutes"), "{flag} {text}: {said}");
        }
    }
}

#[test]
fn a_wrong_source_of_addresses_is_answered_with_the_list() {
    for (flags, environment) in
        [(&["--client-ip", "nginx"][..], &[][..]), (&[], &[("LANYARD_CLIENT_IP", "X-Client-Ip")])]
    {
        let said = refusal(flags, environment);
        for name in ["--client-ip", "ConnectInfo", "RightmostXForwardedFor", "RightmostForwarded", "XRealIp"]
        {
            assert!(said.contains(name), "{said}");
        }
    }
}

#[test]
fn demo_accounts_are_for_loopback_addresses() {
    for addr in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let said = refusal(&["--demo", "--addr", addr], &[]);
        assert!(said.contains("--demo") && said.contains("loopback"), "{said}");
    }
}

#[test]
fn the_public_url_is_an_origin() {
    for url in [
        "localhost:3000",
        "ftp://example.com",
        "http://",
        "http://example.com/path",
        "http://example.com?a=b",
        "http://ada@people.example",
        "http://example.com:99999",
        "http://example.com#top",
        "not a url",
        "",
    ] {
        let said = refusal(&["--public-url", url], &[]);
        assert!(said.contains("--public-url"), "{url}: {said}");
    }
}

#[test]
fn the_environment_is_judged_alike() {
    for (name, value) in [
        ("LANYARD_ADDR", "nowhere"),
        ("LANYARD_PUBLIC_URL", "nowhere"),
        ("LANYARD_ACCESS_TTL", "0s"),
        ("LANYARD_IDLE_TTL", "1s"),
        ("LANYARD_ABSOLUTE_TTL", "1d"),
        ("LANYARD_RETRY_WINDOW", "10m"),
        ("LANYARD_SETTLE", "8d"),
        ("LANYARD_SIGNING_ALG", "HS256"),
        ("LANYARD_CLIENT_IP", "nginx"),
    ] {
        assert!(!refusal(&[], &[(name, value)]).is_empty(), "{name}");
    }
    let said = refusal(&["--signing-alg", "none"], &[]);
    assert!(said.contains("EdDSA, RS256, ES256"), "{said}");
    refusal(&["--frobnicate"], &[]);
}
