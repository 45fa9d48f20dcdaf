//! The access token at the door: what is refused and how that is said.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::answer::send;
use crate::person::{bearer, me, register};
use crate::server::Server;

fn part(token: &str, index: usize) -> Value {
    let text = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn the_token_says_what_it_should_and_nothing_else() {
    let server = Server::start();
    let held = register(&server).await;
    let (header, claims) = (part(&held.access, 0), part(&held.access, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "azv", "exp", "gen", "iat", "iss", "jti", "scope", "sid", "sub", "ver"]);
    assert_eq!(claims["iss"], json!(server.origin()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);

    let answer = me(&server, &held.access).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        answer.json(),
        json!({
            "id": claims["sub"], "email": "ada@people.example", "name": "Ada", "role": "user",
            "session_id": held.session, "scope": "user", "expires_at": claims["exp"],
        })
    );
}

#[tokio::test]
async fn nothing_presented_carries_no_error_code() {
    let server = Server::start();
    for path in ["/api/me", "/api/stamp"] {
        let request = || match path {
            "/api/me" => server.get(path),
            _ => server.post(path).json(&json!({"message": "hello"})),
        };
        send(request()).await.assert_error(401, "token_missing");
        let basic = request().header("authorization", "Basic YWRhOmxvdmVsYWNl");
        send(basic).await.assert_error(401, "token_missing");
        // A bad token is never treated as no token.
        for bad in [&b"Bearer"[..], b"Bearer ", b"Bearer x", b"Bearer \xff", b"bearer a.b.c"] {
            send(request().header("authorization", bad)).await.assert_error(401, "token_invalid");
        }
    }
}

#[tokio::test]
async fn no_forgery_passes() {
    let server = Server::start();
    let held = register(&server).await;
    let [header, claims, signature] = held.access.split('.').collect::<Vec<_>>().try_into().unwrap();
    let with_header = |field: &str, value: Value| {
        let mut header = part(&held.access, 0);
        header[field] = value;
        encoded(&header)
    };
    let mut other_claims = part(&held.access, 1);
    other_claims["sub"] = json!("00000000-0000-0000-0000-000000000000");
    // Another server with the same issuer: its tokens are well made, by another key.
    let other = Server::start_with(&["--public-url", &server.origin()]);
    let foreign = register(&other).await.access;
    assert_eq!(part(&foreign, 1)["iss"], part(&held.access, 1)["iss"]);
    let mut flipped = signature.to_owned();
    flipped.replace_range(3..4, if &flipped[3..4] == "A" { "B" } else { "A" });

    for token in [
        format!("{}.{claims}.", with_header("alg", json!("none"))),
        format!("{}.{claims}.{signature}", with_header("alg", json!("none"))),
        format!("{}.{claims}.{signature}", with_header("alg", json!("HS256"))),
        format!("{}.{claims}.{signature}", with_header("typ", json!("JWT"))),
        format!("{}.{claims}.{signature}", with_header("kid", json!("another"))),
        format!("{header}.{}.{signature}", encoded(&other_claims)),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{flipped}"),
        format!("{}.{signature}", held.access),
        format!("{}.{claims}.{signature}", "A".repeat(10_000)),
        foreign,
        held.refresh.clone(),
    ] {
        me(&server, &token).await.assert_error(401, "token_invalid");
    }
    assert_eq!(me(&server, &held.access).await.status, 200);
}

#[tokio::test]
async fn an_expired_token_says_so() {
    let server = Server::start_with(&["--access-ttl", "1s"]);
    let held = register(&server).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    me(&server, &held.access).await.assert_error(401, "token_expired");
    let stamp = bearer(server.post("/api/stamp"), &held.access).json(&json!({"message": "hello"}));
    send(stamp).await.assert_error(401, "token_expired");
}

#[tokio::test]
async fn a_note_comes_back_stamped() {
    let server = Server::start();
    let held = register(&server).await;
    let stamp =
        |message: &str| bearer(server.post("/api/stamp"), &held.access).json(&json!({"message": message}));
    let answer = send(stamp("naïve & plain = 100 %")).await;
    let expected = json!({"message": "naïve & plain = 100 %", "number": 0, "session_id": held.session});
    assert_eq!((answer.status, answer.json()), (200, expected));
    send(stamp(&"x".repeat(1001))).await.assert_error(400, "invalid_request");
    // Not a plain form's business: it answers with JSON, whatever the caller accepts.
    let html = stamp("hello").header("accept", "text/html").header("referer", "https://evil.example/");
    let answer = send(html).await;
    assert_eq!((answer.status, answer.header("location")), (200, ""));
}
