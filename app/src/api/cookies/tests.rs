use super::*;

fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

#[test]
fn every_value_is_found_among_whatever_else_there_is() {
    let seen = headers(&[
        ("cookie", b"a=1;x=\xff; k=one; =; ;k = two;kk=no; caf\xc3\xa9=x"),
        ("cookie", b"k=three=3"),
        ("cookie", b"\xe2\x80\x80k=no; \xc2\xa0k=no; K=no; k"),
    ]);
    assert_eq!(values(&seen, "k"), ["one", "three=3"]);
    assert_eq!(values(&HeaderMap::new(), "k"), [""; 0]);
}

#[test]
fn a_bearer_that_cannot_be_read_is_bad_and_not_absent() {
    for good in [&b"Bearer a.b"[..], b"bEARER   a.b "] {
        assert_eq!(credential(&headers(&[("authorization", good)])), Credential::Bearer("a.b"));
    }
    for bad in [&b"Bearer"[..], b"Bearer ", b"Bearer \xff"] {
        assert_eq!(credential(&headers(&[("authorization", bad)])), Credential::Bad);
    }
    for other in [&b"Basic a"[..], b"", b"Bearers a", b"a.b"] {
        assert_eq!(credential(&headers(&[("authorization", other)])), Credential::None);
    }
    let both = headers(&[("authorization", b"Basic a"), ("authorization", b"Bearer a.b")]);
    assert_eq!(credential(&both), Credential::Bearer("a.b"));
    let twice = headers(&[("authorization", b"Bearer a.b"), ("authorization", b"Bearer c.d")]);
    assert_eq!(credential(&twice), Credential::Bad);
}

#[test]
fn both_are_cleared_with_the_attributes_that_they_were_set_with() {
    let lines = clear().map(|line| {
        assert!(line.is_sensitive());
        line.to_str().unwrap().to_owned()
    });
    assert_eq!(
        lines,
        [
            "__Secure-lanyard-refresh=; HttpOnly; SameSite=Strict; Secure; Path=/auth; Max-Age=0",
            "__Host-lanyard-hint=; SameSite=Lax; Secure; Path=/; Max-Age=0",
        ]
    );
}

#[test]
fn a_body_may_carry_a_token_only_without_cookies_and_origin() {
    let allowed =
        |pairs: &[(&'static str, &[u8])]| Shown::read(&headers(pairs)).map(|shown| shown.body_allowed);
    assert_eq!(allowed(&[]), Ok(true));
    assert_eq!(allowed(&[("authorization", b"Bearer x")]), Ok(true));
    for extra in [("cookie", &b""[..]), ("cookie", b"a=b"), ("origin", b"null"), ("origin", b"\xff")] {
        assert_eq!(allowed(&[extra]), Ok(false));
        let both = allowed(&[extra, ("authorization", b"Bearer x")]);
        assert_eq!(both.unwrap_err().error, ErrorCode::InvalidRequest);
    }
}
