use axum::body::Body;
use axum::http::Request;

use super::*;

/// The network of a request with these lines of the source's header.
fn network(source: Source, lines: &[&str]) -> Network {
    let mut request = Request::builder();
    for line in lines {
        request = request.header(source.header().unwrap(), line.as_bytes());
    }
    let (parts, _) = request.body(Body::empty()).unwrap().into_parts();
    ClientAddress::new(source).network(&parts)
}

fn of(address: &str) -> Network {
    Network::from(address.parse::<IpAddr>().unwrap())
}

#[test]
fn an_address_is_one_however_a_proxy_writes_it() {
    for (text, address) in [
        ("203.0.113.7", "203.0.113.7"),
        // As Azure's application gateway writes it.
        ("203.0.113.7:43210", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("\"203.0.113.7:43210\"", "203.0.113.7"),
        ("[203.0.113.7]:80", "203.0.113.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::7"),
        ("[2001:db8:1:2::7]", "2001:db8:1:2::7"),
        ("[2001:db8:1:2::7]:43210", "2001:db8:1:2::7"),
        ("\"[2001:db8:1:2::7]:43210\"", "2001:db8:1:2::7"),
        // As CloudFront writes it.
        ("2001:db8:1:2::17e:7:54786", "2001:db8:1:2::17e:7"),
        ("2001:db8:1:2:3:4:5:6:4711", "2001:db8:1:2:3:4:5:6"),
        ("2001:DB8:1:2::7", "2001:db8:1:2::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
    ] {
        assert_eq!(network(Source::XRealIp, &[text]), of(address), "{text}");
        assert_eq!(network(Source::RightmostXForwardedFor, &[text]), of(address), "{text}");
        assert_eq!(network(Source::CloudFrontViewerAddress, &[text]), of(address), "{text}");
    }
}

#[test]
fn what_is_no_address_is_the_unknown_network() {
    for text in [
        "",
        " ",
        "unknown",
        "unix:",
        "_hidden",
        "-",
        "localhost",
        "localhost:80",
        "203.0.113",
        "203.0.113.256",
        "203.0.113.7:999999",
        "203.0.113.7:x",
        "203.0.113.7/24",
        "203.0.113.7%eth0",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]x",
        "[]",
        "[]:1",
        "\"",
        "%",
        "::%",
        ":",
        "203.0.113.7 198.51.100.1",
        "\u{2066}203.0.113.7",
        "\u{ff12}03.0.113.7",
    ] {
        let expected = if text == "::%" { of("::") } else { Network::UNKNOWN };
        for source in [Source::XRealIp, Source::RightmostXForwardedFor, Source::FlyClientIp] {
            assert_eq!(network(source, &[text]), expected, "{text:?}");
        }
        let forwarded = format!("for={text}");
        assert_eq!(network(Source::RightmostForwarded, &[&forwarded]), expected, "{text:?}");
    }
}

#[test]
fn the_nearest_proxy_has_the_last_word() {
    let list = Source::RightmostXForwardedFor;
    for lines in [
        &["198.51.100.1, 203.0.113.7"][..],
        &["198.51.100.1,203.0.113.7:80"],
        &["198.51.100.1", "203.0.113.7"],
        &["\", 203.0.113.7"],
        &["nonsense, , 203.0.113.7"],
    ] {
        assert_eq!(network(list, lines), of("203.0.113.7"), "{lines:?}");
    }
    // A client's own word never stands in for a proxy that says nothing.
    for lines in [&["198.51.100.1, "][..], &["198.51.100.1, unix:"], &["198.51.100.1", ""]] {
        assert_eq!(network(list, lines), Network::UNKNOWN, "{lines:?}");
    }
    // Of two values of a header that holds one, one may be the client's.
    assert_eq!(network(Source::XRealIp, &["198.51.100.1", "203.0.113.7"]), Network::UNKNOWN);
    assert_eq!(network(Source::XRealIp, &["198.51.100.1, 203.0.113.7"]), Network::UNKNOWN);
}

#[test]
fn forwarded_is_read_as_rfc_7239_has_it() {
    for (lines, address) in [
        (&["for=203.0.113.7"][..], Some("203.0.113.7")),
        (&["For=\"203.0.113.7:47011\";proto=https;by=10.0.0.1"], Some("203.0.113.7")),
        (&["proto=http; FOR = \"[2001:db8:cafe::17]:4711\""], Some("2001:db8:cafe::17")),
        (&["for=\"[2001:db8::1]:_hidden\""], Some("2001:db8::1")),
        (&["for=192.0.2.43, for=198.51.100.17"], Some("198.51.100.17")),
        (&["for=192.0.2.43, for=\"[2001:db8::1]\";host=\"a,b\""], Some("2001:db8::1")),
        (&["for=192.0.2.43", "for=198.51.100.17"], Some("198.51.100.17")),
        (&["for=\"192.0.2.43, for=198.51.100.17"], Some("198.51.100.17")),
        (&["for=\"\\\", for=198.51.100.17"], Some("198.51.100.17")),
        (&["garbage, for=198.51.100.17"], Some("198.51.100.17")),
        (&["for=192.0.2.43, for=unknown"], None),
        (&["for=192.0.2.43, for=_hidden"], None),
        (&["for=192.0.2.43, proto=https"], None),
        (&["for=192.0.2.43,"], None),
        (&["203.0.113.7"], None),
        (&["for"], None),
        (&["for="], None),
    ] {
        assert_eq!(
            network(Source::RightmostForwarded, lines),
            address.map_or(Network::UNKNOWN, of),
            "{lines:?}"
        );
    }
}

#[test]
fn a_header_that_is_missing_or_no_text_is_the_unknown_network() {
    for source in Source::value_variants() {
        let (mut parts, ()) = Request::new(()).into_parts();
        assert_eq!(ClientAddress::new(*source).network(&parts), Network::UNKNOWN, "{source:?}");
        if let Some(header) = source.header() {
            parts.headers.insert(header, b"\xff\xfe".as_slice().try_into().unwrap());
            assert_eq!(ClientAddress::new(*source).network(&parts), Network::UNKNOWN, "{source:?}");
        }
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.extensions.insert(ConnectInfo("[::ffff:203.0.113.7]:1".parse::<SocketAddr>().unwrap()));
    assert_eq!(ClientAddress::new(Source::ConnectInfo).network(&parts), of("203.0.113.7"));
}
