use super::*;

fn device(user_agent: &str) -> (Option<String>, Option<String>) {
    let Device { browser, system, .. } = Device::new(Some(user_agent), network("192.0.2.1"));
    (browser, system)
}

fn network(address: &str) -> Network {
    Network::from(address.parse::<IpAddr>().unwrap())
}

#[test]
fn browsers_are_known_by_name() {
    for (user_agent, browser, system) in [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Chrome",
            "Linux",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Safari",
            "macOS",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge",
            "Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari",
            "iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome",
            "Android",
        ),
    ] {
        assert_eq!(device(user_agent), (Some(browser.to_owned()), Some(system.to_owned())), "{user_agent}");
    }
}

#[test]
fn nobody_is_told_of_a_browser_that_does_not_exist() {
    let safari = "(KHTML, like Gecko) Version/18.0 Safari/605.1.15";
    for (user_agent, browser, system) in [
        // WebKitGTK, as Debian builds it; and what is made of it.
        (format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 {safari}"), Some("WebKit"), Some("Linux")),
        (
            format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 {safari} Epiphany/605.1.15"),
            Some("GNOME Web"),
            Some("Linux"),
        ),
        (format!("Mozilla/5.0 (X11; FreeBSD amd64; rv) AppleWebKit/605.1.15 {safari}"), Some("WebKit"), Some("BSD")),
        (format!("Mozilla/5.0 (X11; OpenBSD amd64) AppleWebKit/605.1.15 {safari}"), Some("WebKit"), None),
        (
            format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/605.1.15 {safari}"),
            Some("WebKit"),
            Some("Windows"),
        ),
        (format!("Mozilla/5.0 (PlayStation 4 8.00) AppleWebKit/605.1.15 {safari}"), Some("WebKit"), None),
        (
            "Mozilla/5.0 (Linux; U; Android 4.0.3; de-de) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"
                .to_owned(),
            Some("Android Browser"),
            Some("Android"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
                .to_owned(),
            Some("Samsung Internet"),
            Some("Android"),
        ),
        // Bots, whatever they claim to be besides.
        (
            "Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)"
                .to_owned(),
            Some("Bot"),
            None,
        ),
        (
            format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 {safari} (Applebot/0.1)"),
            Some("Bot"),
            None,
        ),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)".to_owned(), Some("Bot"), None),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)".to_owned(), Some("Googlebot"), None),
        (
            "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 21) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
                .to_owned(),
            Some("Chrome"),
            Some("Android"),
        ),
        // Programs, and what has a system but no name for its browser.
        ("curl/8.14.1".to_owned(), Some("curl"), None),
        ("Wget/1.25.0".to_owned(), Some("Wget"), None),
        ("Python-urllib/3.13".to_owned(), Some("Python"), None),
        ("Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.7498.US".to_owned(), None, Some("Nintendo 3DS")),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0 Safari/537.36 Edge/17.17134"
                .to_owned(),
            None,
            Some("Xbox One"),
        ),
    ] {
        assert_eq!(device(&user_agent), (browser.map(str::to_owned), system.map(str::to_owned)), "{user_agent}");
    }
}

#[test]
fn what_an_attacker_writes_is_not_kept() {
    let long = "Firefox/1 ".repeat(100);
    for user_agent in ["", "<script>alert(1)</script>", "\u{202e}Firefox", "\0", &long] {
        let (browser, system) = device(user_agent);
        for kept in [browser, system].into_iter().flatten() {
            assert!(kept.chars().all(|c| c.is_ascii_alphanumeric() || c == ' '), "{kept:?}");
        }
    }
    assert_eq!(device(&long), (None, None));
}

#[test]
fn a_household_is_one_network() {
    assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:2:ffff::4"));
    assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:ff::3"));
    assert_ne!(network("2001:db8:1:2::3"), network("2001:db8:1:102::3"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
}

#[test]
fn a_network_is_shown_shortened() {
    for (address, shown) in [
        ("192.0.2.77", "192.0.2.*"),
        ("127.0.0.1", "127.0.0.*"),
        ("2001:db8:1:2::3", "2001:db8:1:*"),
        ("::ffff:192.0.2.77", "192.0.2.*"),
    ] {
        assert_eq!(network(address).to_string(), shown);
    }
}

#[test]
fn an_unknown_network_is_told_and_kept_as_no_network() {
    assert_eq!(Device::new(None, Network::UNKNOWN).network, None);
    assert_eq!(Network::UNKNOWN.to_string(), "an unknown network");
    assert_ne!(network("0.0.0.0"), Network::UNKNOWN);
    assert_ne!(network("::"), Network::UNKNOWN);
}
