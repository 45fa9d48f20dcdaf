//! Renewal over the wire: which rule sets cookies, which does not, and what a crowd gets.

use std::time::Duration;

use crate::answer::{Answer, send};
use crate::person::{
    HINT, Held, REFRESH, browser, me, refresh, refresh_bearer, register, register_without_jar,
};
use crate::server::{Server, generation};

/// Longer than the settling time.
const SETTLED: Duration = Duration::from_secs(121);

fn number(hint: &str) -> u32 {
    hint.split_once('.').unwrap().1.parse().unwrap()
}

/// No Set-Cookie, no refresh token in the body.
fn assert_access_token_alone(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.set_cookies().is_empty(), "{answer:?}");
    assert!(answer.json().get("refresh_token").is_none(), "{answer:?}");
}

#[tokio::test]
async fn rule_1_sets_no_cookie_and_rule_2_sets_both_of_one_generation() {
    let server = Server::start();
    let first = register(&server).await;
    let kept = refresh(&server, &first.cookies()).await;
    assert_access_token_alone(&kept);
    assert_eq!(me(&server, &kept.field("access_token")).await.status, 200);

    server.age(first.session, SETTLED).await;
    let rotated = refresh(&server, &first.cookies()).await;
    let second = Held::from_cookies(&rotated);
    assert_eq!((generation(&second.refresh), number(&second.hint)), (1, 1));
    assert_eq!(second.session, first.session);
    assert!(rotated.json().get("refresh_token").is_none(), "a browser never gets it in a body");
    let attributes = |line: &str| {
        let (_, attributes) = line.split_once("; ").unwrap();
        attributes.replace("Max-Age=3196799", "Max-Age=3196800")
    };
    assert_eq!(
        rotated.set_cookies().into_iter().map(attributes).collect::<Vec<_>>(),
        [
            "HttpOnly; SameSite=Strict; Secure; Path=/auth; Max-Age=3196800",
            "SameSite=Lax; Secure; Path=/; Max-Age=3196800"
        ]
    );
    assert_access_token_alone(&refresh(&server, &second.cookies()).await);
}

#[tokio::test]
async fn the_cookies_end_with_the_absolute_limit() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, SETTLED).await;
    server.shorten(first.session, Duration::from_secs(29 * 86_400)).await;
    let rotated = refresh(&server, &first.cookies()).await;
    for line in rotated.set_cookies() {
        let max_age: i64 = line.rsplit_once("Max-Age=").unwrap().1.parse().unwrap();
        // A day until the limit and a week more, less the time that this test has taken.
        assert!((8 * 86_400 - 60..=8 * 86_400).contains(&max_age), "{line}");
    }
}

#[tokio::test]
async fn a_retry_gets_the_same_successor_and_a_late_one_an_access_token_alone() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, SETTLED).await;
    let second = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    let again = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    assert_eq!((&again.refresh, &again.hint), (&second.refresh, &second.hint));
    // Past the retry window, before the settling time: rule 4.
    server.age(first.session, Duration::from_secs(40)).await;
    let late = refresh(&server, &first.cookies()).await;
    assert_access_token_alone(&late);
    let expires_in = late.json()["expires_in"].as_i64().unwrap();
    assert!((1..=90).contains(&expires_in), "it ends at S + T after the rotation: {expires_in}");
    assert_eq!(server.row(first.session).await, (1, false, None));
}

#[tokio::test]
async fn without_a_jar_the_successor_comes_in_the_body() {
    let server = Server::start();
    let first = register_without_jar(&server).await;
    let kept = refresh_bearer(&server, &first.refresh).await;
    assert_access_token_alone(&kept);
    server.age(first.session, SETTLED).await;
    let rotated = refresh_bearer(&server, &first.refresh).await;
    let second = Held::from_body(&rotated);
    assert!(rotated.set_cookies().is_empty());
    assert_eq!(generation(&second.refresh), 1);
    let again = Held::from_body(&refresh_bearer(&server, &first.refresh).await);
    assert_eq!(again.refresh, second.refresh);
}

#[tokio::test]
async fn sixty_four_at_once_make_one_rotation_and_one_successor() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, SETTLED).await;
    let requests: Vec<_> =
        (0..64).map(|_| tokio::spawn(send(browser(&server, "/auth/refresh", &first.cookies())))).collect();
    let mut successors = Vec::new();
    for request in requests {
        let held = Held::from_cookies(&request.await.unwrap());
        successors.push((held.refresh, held.hint));
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "one successor");
    assert_eq!(generation(&successors[0].0), 1);
    assert_eq!(server.row(first.session).await, (1, false, None));
    assert_eq!(server.log().matches("a session was recovered").count(), 0);
}

#[tokio::test]
async fn a_lost_answer_is_recovered_from_three_times_and_then_ends_the_session() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, SETTLED).await;
    let lost = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    for generation in 2..=4 {
        server.age(first.session, SETTLED).await;
        let forward = refresh(&server, &first.cookies()).await;
        assert_eq!(number(&forward.cookie(HINT)), generation);
    }
    server.age(first.session, SETTLED).await;
    let answer = refresh(&server, &first.cookies()).await;
    answer.assert_error(401, "session_revoked");
    assert_eq!(answer.field("reason"), "unconfirmed");
    me(&server, &lost.access).await.assert_error(401, "session_revoked");
    let told = ["session_renewed recovered"; 3];
    let told = [&["authn_login_success"][..], &told, &["authn_token_revoked unconfirmed"]].concat();
    assert_eq!(server.events(first.session).await, told);
}

#[tokio::test]
async fn a_genuine_token_that_the_row_does_not_know_yet_revokes_nothing() {
    let server = Server::start();
    let held = register(&server).await;
    let keys = server.master_keys();
    let parent = lanyard_auth::refresh::RefreshToken::parse(&held.refresh).unwrap();
    let salt = lanyard_auth::refresh::Salt([1; 16]);
    let ahead = keys.successor(&parent, keys.current(), 1, &salt).unwrap();
    let cookies = format!("{REFRESH}={}; {HINT}={}", ahead.text().reveal(), held.hint);
    refresh(&server, &cookies).await.assert_error(401, "token_unknown");
    assert_access_token_alone(&refresh(&server, &held.cookies()).await);
}
