use proptest::prelude::*;

use super::*;

#[test]
fn one_address_has_one_form() {
    for (kept, ways) in [
        (
            "ada@example.com",
            &[
                "  ADA@Example.COM\n",
                "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
                "ada@example。com",
                "ada﹫example.com",
            ][..],
        ),
        ("zoë@example.com", &["zoe\u{308}@example.com", "ZOË@example.com", "ZOE\u{308}@EXAMPLE.COM"]),
        (
            "ada@xn--bcher-kva.example",
            &[
                "ada@bücher.example",
                "ada@BU\u{308}CHER.example",
                "ada@XN--BCHER-KVA.example",
                "Ada@bücher。example",
            ],
        ),
        ("νικος@example.gr", &["ΝΙΚΟΣ@example.gr", "νικοσ@example.gr", "Νικος@Example.gr"]),
        // Letters that differ stay apart, in whatever case they are typed.
        ("straße@example.de", &["STRAẞE@example.de"]),
        ("strasse@example.de", &["STRASSE@example.de"]),
        ("i\u{307}@example.tr", &["İ@example.tr", "I\u{307}@example.tr"]),
        ("ı@example.tr", &[]),
        ("i@example.tr", &["I@example.tr"]),
        ("ガ@example.jp", &["ｶﾞ@example.jp", "カ\u{3099}@example.jp"]),
        ("ada+tag.x@localhost", &["Ada+Tag.X@LOCALHOST"]),
    ] {
        for typed in ways.iter().copied().chain([kept]) {
            assert_eq!(canonical(typed).as_deref(), Ok(kept), "{typed:?}");
        }
    }
    // Persian: the domain is written with a non-joiner.
    let persian = canonical("ada@نامه\u{200c}ای.example").unwrap();
    assert!(persian.starts_with("ada@xn--") && canonical(&persian).as_deref() == Ok(&persian), "{persian}");
}

#[test]
fn what_can_not_be_seen_is_told_so() {
    for hidden in [
        "ada\u{200b}@example.com",
        "\u{feff}ada@example.com",
        "ada@exam\u{ad}ple.com",
        "ada@example.com\u{200e}",
        "\u{202e}moc.elpmaxe@ada",
        "a\u{200d}da@example.com",
        "ada@exam\u{200c}ple.com",
        "ada@example.com\u{200d}",
        "ada@\u{2060}example.com",
        "a\u{e0061}da@example.com",
        "ada@ex\u{fe0f}ample.com",
        "a\0da@example.com",
        "ada\t@example.com",
        "ada\u{e000}@example.com",
        "ada\u{200b}",
    ] {
        assert_eq!(canonical(hidden), Err(BadEmail::Hidden), "{hidden:?}");
        if hidden.contains('@') && !hidden.starts_with('\u{202e}') {
            assert_eq!(repaired(hidden).as_deref(), Some("ada@example.com"), "{hidden:?}");
            assert_eq!(counted_as(hidden), "ada@example.com");
        }
    }
}

#[test]
fn what_is_no_address_is_none() {
    let long = |n| "a".repeat(n);
    for none in [
        "",
        " ",
        "ada",
        "@",
        "ada@",
        "@example.com",
        "a b@example.com",
        "a\u{a0}b@example.com",
        "ada@exam ple.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@exam_ple.com",
        "ada@[192.0.2.1]",
        "ada@[IPv6:2001:db8::1]",
        "ada@xn--9999999999.example",
        "ada@xn--.example",
        "\"ada\"@example.com",
        "\"a b\"@example.com",
        "(comment)ada@example.com",
        "Ada <ada@example.com>",
        "ada@grace@example.com",
        "ada,grace@example.com",
        "𝐚da@example.com",
        "ﬁne@example.com",
        "a’b@example.com",
        "😀@example.com",
        "\u{301}a@example.com",
        "a\u{335}\u{335}\u{335}\u{335}\u{335}@example.com",
        &format!("{}@example.com", long(65)),
        &format!("{}@example.com", "é".repeat(33)),
        &format!("ada@{}.example", long(64)),
        &format!("ada@{}.{}.{}.{}.com", long(63), long(63), long(63), long(63)),
        &format!("ada@{}", "例".repeat(1_000)),
    ] {
        assert_eq!(canonical(none), Err(BadEmail::NoAddress), "{none:?}");
    }
    for some in [
        "o'hara@example.com",
        "a..b.@example.com",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "user@r3---sn.example",
        "1@2.example",
        &format!("{}@example.com", long(64)),
    ] {
        assert_eq!(canonical(some).as_deref(), Ok(some));
    }
}

#[test]
fn who_was_kept_in_another_form_is_looked_for_in_that_first() {
    let forms = |typed| kept_forms(typed).collect::<Vec<_>>();
    assert_eq!(forms(" Ada@Example.com "), ["ada@example.com"]);
    assert_eq!(forms("ada@BÜCHER.example"), ["ada@bücher.example", "ada@xn--bcher-kva.example"]);
    assert_eq!(forms("ada\u{200b}@example.com"), ["ada\u{200b}@example.com"]);
    assert_eq!(forms("no address"), ["no address"]);
}

#[test]
fn a_search_finds_a_domain_as_it_is_read() {
    assert_eq!(in_unicode("ada@xn--bcher-kva.example").as_deref(), Some("ada@bücher.example"));
    for same in ["ada@example.com", "ada", "ada@xn--9999999999.example", "a@@b"] {
        assert_eq!(in_unicode(same), None, "{same}");
    }
}

proptest! {
    #[test]
    fn the_one_form_is_its_own(typed in "\\PC{0,12}@\\PC{0,12}|[a-zA-ZéİıςσΣßẞ\u{301}\u{307}ｱﾞ]{1,8}@[a-züÜς。．-]{1,12}\\.com") {
        if let Ok(kept) = canonical(&typed) {
            prop_assert_eq!(canonical(&kept), Ok(kept.clone()));
            prop_assert!(!kept.contains(is_hidden));
            prop_assert_eq!(repaired(&typed), Some(kept.clone()));
            prop_assert_eq!(counted_as(&typed), kept);
        }
    }
}
