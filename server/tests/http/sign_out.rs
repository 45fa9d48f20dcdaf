//! Logout: whole answers, what it ends, and when it changes nothing.

use std::time::Duration;

use uuid::Uuid;

use crate::answer::{Answer, send};
use crate::person::{Held, REFRESH, bearer, browser, me, refresh, register, register_without_jar, sign_in};
use crate::server::Server;

const SIGNED_OUT: &str = "204
cache-control: no-store
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
permissions-policy: camera=(), geolocation=(), microphone=()
referrer-policy: same-origin
set-cookie: __Secure-lanyard-refresh=; HttpOnly; SameSite=Strict; Secure; Path=/auth; Max-Age=0
set-cookie: __Host-lanyard-hint=; SameSite=Lax; Secure; Path=/; Max-Age=0
x-content-type-options: nosniff

";

async fn logout(server: &Server, cookies: &str) -> Answer {
    send(browser(server, "/auth/logout", cookies)).await
}

async fn assert_ended(server: &Server, held: &Held) {
    me(server, &held.access).await.assert_error(401, "session_revoked");
    let answer = refresh(server, &held.cookies()).await;
    answer.assert_error(401, "session_revoked");
    assert_eq!(answer.field("reason"), "signed_out");
}

#[tokio::test]
async fn nothing_to_end_is_no_error() {
    let server = Server::start();
    assert_eq!(send(server.post("/auth/logout")).await.text(&[]), SIGNED_OUT);
    assert_eq!(logout(&server, "theme=dark").await.text(&[]), SIGNED_OUT);
    assert_eq!(logout(&server, &format!("{REFRESH}=broken")).await.text(&[]), SIGNED_OUT);
    let expected = browser(&server, "/auth/logout", "a=b").form(&[("session_id", Uuid::from_u128(1))]);
    assert_eq!(send(expected).await.text(&[]), SIGNED_OUT);
}

#[tokio::test]
async fn access_tokens_are_refused_at_once_and_after_a_restart() {
    let mut server = Server::start();
    let held = register(&server).await;
    assert_eq!(me(&server, &held.access).await.status, 200);
    let answer = logout(&server, &held.cookies()).await;
    assert_eq!(answer.text(&[]), SIGNED_OUT);
    assert_ended(&server, &held).await;
    assert_eq!(logout(&server, &held.cookies()).await.text(&[]), SIGNED_OUT, "again");
    server.restart();
    assert_ended(&server, &held).await;
}

#[tokio::test]
async fn a_genuine_token_of_any_generation_ends_its_session_without_the_hint() {
    let server = Server::start();
    let first = register(&server).await;
    let mut held = first.clone();
    for _ in 0..2 {
        server.age(first.session, Duration::from_secs(121)).await;
        held = Held::from_cookies(&refresh(&server, &held.cookies()).await);
    }
    let other = sign_in(&server).await;
    let cookies = format!("{REFRESH}={}; {REFRESH}={}", first.refresh, other.refresh);
    assert_eq!(logout(&server, &cookies).await.text(&[]), SIGNED_OUT);
    assert_ended(&server, &held).await;
    assert_ended(&server, &other).await;
    let told = ["authn_login_success", "authn_token_revoked signed_out"];
    assert_eq!(server.events(first.session).await, told, "no theft");
}

#[tokio::test]
async fn without_a_jar_no_cookie_is_cleared() {
    let server = Server::start();
    let held = register_without_jar(&server).await;
    let answer = send(bearer(server.post("/auth/logout"), &held.refresh)).await;
    assert_eq!((answer.status, answer.set_cookies().len(), answer.body.as_str()), (204, 0, ""));
    me(&server, &held.access).await.assert_error(401, "session_revoked");
}

#[tokio::test]
async fn another_session_than_expected_is_left_alone() {
    let server = Server::start();
    let ada = register(&server).await;
    let other = sign_in(&server).await;
    let as_session = |cookies: &str, session: Uuid| {
        browser(&server, "/auth/logout", cookies).form(&[("session_id", session.to_string())])
    };
    send(as_session(&other.cookies(), ada.session)).await.assert_error(409, "session_changed");
    assert_eq!(me(&server, &other.access).await.status, 200);
    assert_eq!(me(&server, &ada.access).await.status, 200);
    let stranger = bearer(server.post("/auth/logout"), &other.refresh).form(&[("session_id", ada.session)]);
    send(stranger).await.assert_error(409, "session_changed");
    // One of several is enough, and then all that were shown end.
    let both = format!("{}; {REFRESH}={}", other.cookies(), ada.refresh);
    assert_eq!(send(as_session(&both, ada.session)).await.text(&[]), SIGNED_OUT);
    assert_ended(&server, &ada).await;
    assert_ended(&server, &other).await;
}
