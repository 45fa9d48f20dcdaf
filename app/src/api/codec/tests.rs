use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fields {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
}

fn read(body: &[u8]) -> Option<Fields> {
    FormOrJsonBody::decode(Bytes::copy_from_slice(body)).ok()
}

#[test]
fn forms_and_json_say_the_same() {
    let expected = Some(Fields { name: "a b{é".to_owned(), number: Some(7) });
    assert_eq!(read(b"name=a+b%7B%C3%A9&number=7"), expected);
    assert_eq!(read("{\"name\":\"a b{é\",\"number\":7}".as_bytes()), expected);
    assert_eq!(read(" \n{\"number\":7,\"name\":\"a b{é\"} ".as_bytes()), expected);
}

#[test]
fn what_is_written_is_read_again() {
    for name in ["", "{", "[", "\"", "a&b=c", "é\u{0}\n"] {
        let fields = Fields { name: name.to_owned(), number: None };
        let body: Bytes = FormOrJsonBody::encode(&fields).unwrap();
        assert_eq!(FormOrJsonBody::decode(body).ok(), Some(fields));
    }
}

#[test]
fn doubled_missing_and_mangled_fields_are_refused() {
    for body in [
        &b"name=a&name=a"[..],
        b"name=a&number=1&number=2",
        b"{\"name\":\"a\",\"name\":\"b\"}",
        b"{\"name\":\"a\",\"number\":1,\"number\":null}",
        b"{\"name\":\"a\"} x",
        b"{\"name\":1}",
        b"[\"a\",7]",
        b"\"name=a\"",
        b"{",
        b"",
        b"number=1",
        b"name=a&number=x",
        b"\xff",
    ] {
        assert_eq!(read(body), None, "{:?}", body.escape_ascii().to_string());
    }
}

#[test]
fn the_refusal_quotes_nothing() {
    let body = Bytes::from_static(b"{\"name\":\"a\",\"number\":\"hunter2\"}");
    let error: Unreadable = <FormOrJsonBody as Decodes<Fields>>::decode(body).unwrap_err();
    let told = r#"{"error":"invalid_request","message":"`number` can't be understood.","field":"number"}"#;
    assert_eq!(format!("{error} {error:?}"), format!("{told} Unreadable(Mistyped(\"number\"))"));
}

fn refused(body: &[u8]) -> BadFields {
    super::read::<Fields>(body).unwrap_err()
}

#[test]
fn the_refusal_names_the_field() {
    for missing in [&b""[..], b"number=1", b"{}", b"{\"number\":null}", b"null"] {
        assert_eq!(refused(missing), BadFields::Missing("name"));
    }
    for doubled in [&b"name=a&name=a"[..], b"{\"name\":\"a\",\"name\":7}", b"name=a&x=1&name=%ff"] {
        assert_eq!(refused(doubled), BadFields::Doubled("name"));
    }
    for mistyped in [
        &b"name=a&number=x"[..],
        b"name=a&number=",
        b"name=a&number=-1",
        b"name=a&number=4294967296",
        b"{\"name\":\"a\",\"number\":\"1\"}",
        b"{\"name\":\"a\",\"number\":1.5}",
        b"{\"name\":\"a\",\"number\":[1]}",
    ] {
        assert_eq!(refused(mistyped), BadFields::Mistyped("number"), "{}", mistyped.escape_ascii());
    }
    assert_eq!(refused(b"{\"name\":7}"), BadFields::Mistyped("name"));
    for nothing in [&b"["[..], b"[]", b"\"\"", b"{", b"{\"name\":\"a\"}x", b"{\"name\":\"\\ud800\"}"] {
        assert_eq!(refused(nothing), BadFields::Unreadable, "{}", nothing.escape_ascii());
    }
}

/// One password must not open what another one locked.
#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    for value in ["%E9", "%e9", "\\u00e9%E9", "a%", "a%4", "a%zz", "%+1", "%4g", "%C3", "%ED%A0%80", "%C0%80"]
    {
        let body = format!("name={value}");
        assert_eq!(refused(body.as_bytes()), BadFields::NotText("name"), "{value}");
        let other = format!("name=a&number=1&other={value}");
        assert_eq!(refused(other.as_bytes()), BadFields::Unreadable, "{value}");
        assert_eq!(refused(format!("name=a&number={value}").as_bytes()), BadFields::NotText("number"));
        assert_eq!(refused(format!("name=a&{value}=1").as_bytes()), BadFields::Unreadable);
    }
    assert_eq!(refused(b"name=a\xe9"), BadFields::NotText("name"));
    assert_eq!(refused(b"{\"name\":\"a\xe9\"}"), BadFields::Unreadable);
    assert_eq!(
        read(b"name=%C3%A9+%2B%25%00&&number=7&other"),
        read("{\"name\":\"é +%\\u0000\",\"number\":7}".as_bytes())
    );
    assert_eq!(read("name=é".as_bytes()).unwrap().name, "é");
}

#[test]
fn unknown_fields_are_left_alone_or_refused_without_a_word_of_them() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(default)]
        open: Option<bool>,
    }
    assert_eq!(read(b"name=a&hunter2=x&hunter2=y"), read(b"name=a"));
    assert_eq!(super::read::<Strict>(b"open=true").unwrap().open, Some(true));
    for body in [&b"hunter2=1"[..], b"{\"hunter2\":1}"] {
        let error = super::read::<Strict>(body).unwrap_err();
        assert_eq!((error, error.to_string().contains("hunter2")), (BadFields::Unreadable, false));
    }
}

#[test]
fn only_what_is_said_takes_a_name_away() {
    use crate::api::RenameSession;
    for nothing in ["", "{}", "&&&", "null", "label=x", "{\"session_id\":5}", "{\"label\":null}"] {
        let read = super::read::<RenameSession>(nothing.as_bytes());
        assert_eq!(read, Err(BadFields::Missing("name")), "{nothing}");
    }
    let read = |body: &str| super::read::<RenameSession>(body.as_bytes()).unwrap().name;
    assert_eq!(read("{\"name\":null}"), None);
    assert_eq!(read("{\"name\":\"desk\"}").as_deref(), Some("desk"));
    assert_eq!(read("name=desk").as_deref(), Some("desk"));
}
