use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fields {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
}

fn read(body: &'static [u8]) -> Option<Fields> {
    FormOrJsonBody::decode(Bytes::from_static(body)).ok()
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
    assert_eq!(format!("{error} {error:?}"), "the body can't be read Unreadable");
}
