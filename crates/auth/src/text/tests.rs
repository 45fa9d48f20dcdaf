use proptest::prelude::*;

use super::*;

#[test]
fn names_of_all_languages_are_taken_as_they_are() {
    for kept in [
        "Ada Lovelace",
        "Zoë O'Hara-Ádám",
        "Nguyễn Thị Bích Ngọc",
        "Ἀριστοτέλης",
        "Ёлкин",
        "أحمد",
        "علی‌رضا", // Persian, with the non-joiner that it is written with
        "שִׁמְעוֹן",
        "संयुक्‍ता",
        "ශ්‍රී ලංකා",
        "രാജന്‍", // an older way to write the last letter
        "မြွှောင်း",
        "བསྒྲུབས",
        "ภูมิพล",
        "김철수",
        "葛󠄀城", // the variant of a family's name
        "渡邉󠄂",
        "X Æ A-12",
        "👩‍🚀 Ada ❤️",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "👍🏽",
        "1️⃣",
        "…",
    ] {
        let nfc: String = kept.nfc().collect();
        assert_eq!(name(kept, 100), Ok(nfc), "{kept:?}");
    }
}

#[test]
fn one_name_has_one_form() {
    for (typed, kept) in [
        ("Zoe\u{308}", "Zoë"),
        ("\u{1112}\u{1161}\u{11ab}", "한"),
        ("  Ada \u{a0}\u{3000} Lovelace\u{2003}\n", "Ada Lovelace"),
        ("\u{212b}ngstro\u{308}m", "Ångström"),
    ] {
        assert_eq!(name(typed, 100).as_deref(), Ok(kept));
    }
    assert_eq!(name(&"e\u{301}".repeat(100), 100), Ok("é".repeat(100)), "counted once composed");
    assert_eq!(name(&"e\u{301}".repeat(101), 100), Err(BadText::Length));
}

#[test]
fn what_can_not_be_seen_is_refused() {
    for hidden in [
        '\0',
        '\t',
        '\n',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{2069}',
        '\u{206f}',
        '\u{2800}',
        '\u{3164}',
        '\u{e000}',
        '\u{fdd0}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffc}',
        '\u{ffff}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e01ef}',
        '\u{f0000}',
        '\u{10ffff}',
    ] {
        assert!(is_hidden(hidden), "{hidden:?}");
        assert_eq!(name(&format!("A{hidden}da"), 100), Err(BadText::Hidden), "{hidden:?}");
        let alone = name(&hidden.to_string(), 100);
        assert!(matches!(alone, Err(BadText::Hidden | BadText::Length)), "{hidden:?}");
    }
    for out_of_place in [
        "\u{202e}moc.elpmaxe@ada",
        "Ada\u{200d}",
        "\u{200c}علی",
        "علی\u{200c}",
        "علی\u{200c}Ada",
        "👩\u{200d}Ada",
        "❤\u{fe0f}\u{fe0f}",
        "1\u{fe0f}",
        "葛\u{e0100}\u{e0101}",
        "🏴\u{e0067}\u{e007f}",
    ] {
        assert_eq!(name(out_of_place, 100), Err(BadText::Hidden), "{out_of_place:?}");
    }
    for nothing in ["", " ", "\u{a0}\u{3000}", "\u{2028}"] {
        assert_eq!(name(nothing, 100), Err(BadText::Length), "{nothing:?}");
    }
}

#[test]
fn marks_are_on_a_letter_and_few() {
    let marked = |n| format!("Z{}", "\u{335}".repeat(n));
    assert!(name(&marked(4), 100).is_ok());
    for zalgo in [
        marked(5),
        marked(60),
        "Z\u{300}\u{316}\u{300}\u{316}\u{300}".to_owned(),
        "Z\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}".to_owned(),
        "\u{301}Ada".to_owned(),
        "Ada \u{301}".to_owned(),
        "က\u{103c}\u{103d}\u{103c}\u{103d}\u{103c}\u{103d}\u{103c}\u{103d}\u{103c}".to_owned(),
    ] {
        assert_eq!(name(&zalgo, 100), Err(BadText::Marks), "{zalgo:?}");
    }
    // Neither a joiner nor a variation begins a new letter.
    let through = format!("क\u{94d}{}", "\u{200d}\u{951}".repeat(6));
    assert!(name(&through, 100).is_err());
}

#[test]
fn a_name_of_before_is_shown_without_what_lies() {
    for (kept, shown) in [
        ("Ada", Some("Ada")),
        ("علی\u{200c}رضا", Some("علی\u{200c}رضا")),
        ("\u{202e}moc.elpmaxe@ada", Some("moc.elpmaxe@ada")),
        ("A\u{200b}d\u{2066}a\t\n Lovelace", Some("Ada Lovelace")),
        ("\u{200b}\u{200d} \u{3164}", None),
        ("\u{2800}", None),
        ("\u{301}\u{301}", None),
        ("", None),
    ] {
        assert_eq!(legible(kept).as_deref(), shown, "{kept:?}");
    }
    assert_eq!(
        legible(&format!("Z{}algo", "\u{335}".repeat(60))),
        Some(format!("Z{}algo", "\u{335}".repeat(4)))
    );
    assert_eq!(escaped("zo\u{eb}@example.com"), "zo\u{eb}@example.com");
    assert_eq!(escaped("\u{202e}a\u{200b}@b"), "\\u{202e}a\\u{200b}@b");
}

proptest! {
    #[test]
    fn what_is_kept_is_kept_again(typed in "\\PC{0,40}|[a-zé\u{301}\u{200c}\u{200d}\u{fe0f}❤👩علی \u{a0}]{0,12}") {
        if let Ok(kept) = name(&typed, 100) {
            prop_assert_eq!(name(&kept, 100), Ok(kept.clone()));
            prop_assert!(kept.chars().any(|c| !is_hidden(c) && !is_blank(c)));
        }
    }
}
