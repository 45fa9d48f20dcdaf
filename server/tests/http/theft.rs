//! A token that had been replaced is used again: the session ends, and its owner is told why.

use std::time::Duration;

use reqwest::header::COOKIE;

use crate::answer::send;
use crate::person::{HINT, Held, bearer, me, refresh, refresh_bearer, register, register_without_jar};
use crate::server::Server;

const SETTLED: Duration = Duration::from_secs(121);

/// A thief was noticed, and the victim is sent away with the reason, with every kind of token.
async fn assert_ended_for_reuse(server: &Server, thief: &Held, victim: &Held) {
    refresh(server, &thief.cookies()).await.assert_error(401, "token_reused");
    let told = refresh(server, &victim.cookies()).await;
    told.assert_error(401, "session_revoked");
    assert_eq!(told.field("reason"), "token_reused");
    me(server, &victim.access).await.assert_error(401, "session_revoked");
    me(server, &thief.access).await.assert_error(401, "session_revoked");
    assert_eq!(server.events(victim.session).await, ["authn_login_success", "authn_token_reuse"]);
}

#[tokio::test]
async fn an_older_generation_is_theft_at_any_time() {
    let server = Server::start();
    let stolen = register(&server).await;
    server.age(stolen.session, SETTLED).await;
    let second = Held::from_cookies(&refresh(&server, &stolen.cookies()).await);
    server.age(stolen.session, SETTLED).await;
    let third = Held::from_cookies(&refresh(&server, &second.cookies()).await);
    assert_ended_for_reuse(&server, &stolen, &third).await;
}

#[tokio::test]
async fn an_older_generation_without_a_jar_is_theft_too() {
    let server = Server::start();
    let stolen = register_without_jar(&server).await;
    let mut held = stolen.clone();
    for _ in 0..2 {
        server.age(stolen.session, SETTLED).await;
        held = Held::from_body(&refresh_bearer(&server, &held.refresh).await);
    }
    refresh_bearer(&server, &stolen.refresh).await.assert_error(401, "token_reused");
    let told = refresh_bearer(&server, &held.refresh).await;
    told.assert_error(401, "session_revoked");
    assert_eq!(told.field("reason"), "token_reused");
}

/// The one test here that waits: confirmation looks at the time in the access token.
#[tokio::test]
async fn the_previous_one_is_theft_once_its_successor_was_confirmed_by_a_jar_that_shows_it() {
    let settle = Duration::from_millis(500);
    let server = Server::start_with(&["--retry-window", "300ms", "--settle", "500ms"]);
    let stolen = register(&server).await;
    tokio::time::sleep(settle).await;
    let second = Held::from_cookies(&refresh(&server, &stolen.cookies()).await);

    tokio::time::sleep(settle + Duration::from_millis(50)).await;
    for (hint, confirms) in [("", false), (stolen.hint.as_str(), false), (second.hint.as_str(), true)] {
        let call = bearer(server.get("/api/me"), &second.access).header(COOKIE, format!("{HINT}={hint}"));
        assert_eq!(send(call).await.status, 200);
        // It is written beside the request's path, so a moment later.
        let mut confirmed = false;
        for _ in 0..if confirms { 100 } else { 4 } {
            confirmed = server.row(stolen.session).await.1;
            if confirmed {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(confirmed, confirms, "with the hint {hint:?}");
    }
    assert_ended_for_reuse(&server, &stolen, &second).await;
}

#[tokio::test]
async fn the_previous_one_inside_the_settling_time_is_no_theft_though_confirmed() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, SETTLED).await;
    let second = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    server.confirm(first.session).await;
    assert_eq!(refresh(&server, &first.cookies()).await.status, 200);
    server.age(first.session, Duration::from_secs(60)).await;
    assert_eq!(refresh(&server, &first.cookies()).await.status, 200);
    server.age(first.session, Duration::from_secs(61)).await;
    assert_ended_for_reuse(&server, &first, &second).await;
}

#[tokio::test]
async fn a_forged_token_with_a_known_session_id_revokes_nothing() {
    let server = Server::start();
    let held = register(&server).await;
    // The last character of the tag, changed.
    let mut forged = held.clone();
    let last = forged.refresh.pop().unwrap();
    forged.refresh.push(if last == 'A' { 'B' } else { 'A' });
    refresh(&server, &forged.cookies()).await.assert_error(401, "token_unknown");
    refresh_bearer(&server, &forged.refresh).await.assert_error(401, "token_unknown");
    let logout = send(bearer(server.post("/auth/logout"), &forged.refresh)).await;
    assert_eq!(logout.status, 204);
    assert_eq!(me(&server, &held.access).await.status, 200);
    assert_eq!(refresh(&server, &held.cookies()).await.status, 200);
}
