//! `/auth/refresh` in its order of judgement, and which of several cookies counts.

use std::time::Duration;

use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::store::SessionId;
use reqwest::header::{COOKIE, ORIGIN};
use uuid::Uuid;

use crate::answer::send;
use crate::person::{HINT, Held, REFRESH, bearer, browser, refresh, register, sign_in};
use crate::server::{Server, generation};

const SETTLED: Duration = Duration::from_secs(121);

/// With the session that the caller believes in.
async fn refresh_as(server: &Server, cookies: &str, session: &str) -> crate::answer::Answer {
    send(browser(server, "/auth/refresh", cookies).form(&[("session_id", session)])).await
}

#[tokio::test]
async fn what_is_wrong_first_is_said_first() {
    let server = Server::start();
    let held = register(&server).await;
    let stranger = Uuid::from_u128(7).to_string();
    let mut forged = held.clone();
    forged.refresh.replace_range(100..101, if held.refresh.ends_with('A') { "B" } else { "A" });

    // 400 before the tag.
    refresh_as(&server, &forged.cookies(), "no uuid").await.assert_error(400, "invalid_request");
    let both = bearer(browser(&server, "/auth/refresh", "theme=dark"), &forged.refresh);
    send(both).await.assert_error(400, "invalid_request");
    // The tag before 409.
    refresh_as(&server, &forged.cookies(), &stranger).await.assert_error(401, "token_unknown");
    // 409 before the row: this session never existed.
    let unknown = SessionId(Uuid::from_u128(9));
    let token = server.master_keys().first(unknown, &Random::System).unwrap();
    let hint = lanyard_auth::hint::Hint::new(unknown, 0);
    let cookies = format!("{REFRESH}={}; {HINT}={hint}", token.text().reveal());
    refresh_as(&server, &cookies, &stranger).await.assert_error(409, "session_changed");
    refresh(&server, &cookies).await.assert_error(401, "token_unknown");
    // 409 before revoked, and revoked before expired.
    server.shorten(held.session, Duration::from_secs(31 * 86_400)).await;
    refresh(&server, &held.cookies()).await.assert_error(403, "session_expired");
    assert_eq!(send(browser(&server, "/auth/logout", &held.cookies())).await.status, 204);
    refresh_as(&server, &held.cookies(), &stranger).await.assert_error(409, "session_changed");
    let ended = refresh_as(&server, &held.cookies(), &held.session.to_string()).await;
    ended.assert_error(401, "session_revoked");
    assert_eq!(ended.field("reason"), "signed_out");
}

#[tokio::test]
async fn expiry_comes_before_the_rule() {
    let server = Server::start();
    let stolen = register(&server).await;
    let mut held = stolen.clone();
    for _ in 0..2 {
        server.age(stolen.session, SETTLED).await;
        held = Held::from_cookies(&refresh(&server, &held.cookies()).await);
    }
    // Idle for a week: even a stolen token is only told that.
    server.age(stolen.session, Duration::from_secs(7 * 86_400)).await;
    refresh(&server, &stolen.cookies()).await.assert_error(403, "session_expired");
    refresh(&server, &held.cookies()).await.assert_error(403, "session_expired");
    assert_eq!(server.row(stolen.session).await, (2, false, None));
}

#[tokio::test]
async fn another_session_than_expected_changes_nothing() {
    let server = Server::start();
    let ada = register(&server).await;
    let other = sign_in(&server).await;
    server.age(other.session, SETTLED).await;
    let answer = refresh_as(&server, &other.cookies(), &ada.session.to_string()).await;
    answer.assert_error(409, "session_changed");
    assert_eq!(server.row(other.session).await, (0, true, None));
    let json = serde_json::json!({"session_id": other.session});
    assert_eq!(send(browser(&server, "/auth/refresh", &other.cookies()).json(&json)).await.status, 200);
}

#[tokio::test]
async fn bearer_with_a_cookie_or_an_origin_is_never_judged_as_theft() {
    let server = Server::start();
    let stolen = register(&server).await;
    let mut held = stolen.clone();
    for _ in 0..2 {
        server.age(stolen.session, SETTLED).await;
        held = Held::from_cookies(&refresh(&server, &held.cookies()).await);
    }
    for path in ["/auth/refresh", "/auth/logout"] {
        let request = || bearer(server.post(path), &stolen.refresh);
        let origin = request().header(ORIGIN, server.origin());
        send(origin).await.assert_error(400, "invalid_request");
        let any_cookie = request().header(COOKIE, "a=b").header("sec-fetch-site", "same-origin");
        send(any_cookie).await.assert_error(400, "invalid_request");
        let own_cookie = request().header(COOKIE, held.cookies()).header("sec-fetch-site", "same-origin");
        send(own_cookie).await.assert_error(400, "invalid_request");
    }
    assert_eq!(server.row(stolen.session).await, (2, false, None));
}

#[tokio::test]
async fn nothing_counts_without_the_hint_and_the_hint_decides() {
    let server = Server::start();
    let ada = register(&server).await;
    let other = sign_in(&server).await;
    let (ada_token, other_token) = (&ada.refresh, &other.refresh);
    for cookies in [
        String::new(),
        "a=b".to_owned(),
        format!("{REFRESH}={ada_token}"),
        format!("{HINT}={}", ada.hint),
        format!("{REFRESH}={ada_token}; {HINT}={}", other.hint),
        format!("{REFRESH}={ada_token}; {HINT}=not-a-hint"),
        format!("{REFRESH}=; {HINT}={}", ada.hint),
        format!("{REFRESH}=lrt1_; {HINT}={}", ada.hint),
        format!("{REFRESH}={ada_token}A; {HINT}={}", ada.hint),
    ] {
        refresh(&server, &cookies).await.assert_error(401, "token_unknown");
    }
    // A sibling subdomain plants its own session's cookie, before or after ours, or both.
    for cookies in [
        format!("{REFRESH}={other_token}; {REFRESH}={ada_token}; {HINT}={}", ada.hint),
        format!("{REFRESH}={ada_token}; {REFRESH}={other_token}; {HINT}={}", ada.hint),
        format!("{REFRESH}=junk; {REFRESH}={ada_token}; {HINT}={}; {REFRESH}={other_token}", ada.hint),
    ] {
        let answer = refresh(&server, &cookies).await;
        assert_eq!(answer.field("session_id"), ada.session.to_string(), "{cookies}");
    }
}

#[tokio::test]
async fn of_several_tokens_of_the_session_the_one_of_the_hints_generation_counts() {
    let server = Server::start();
    let older = register(&server).await;
    server.age(older.session, SETTLED).await;
    let newer = Held::from_cookies(&refresh(&server, &older.cookies()).await);
    server.age(older.session, SETTLED).await;
    let newest = Held::from_cookies(&refresh(&server, &newer.cookies()).await);
    // The other one would be theft.
    for (one, two) in [(&older, &newest), (&newest, &older)] {
        let cookies = format!("{REFRESH}={}; {REFRESH}={}; {HINT}={}", one.refresh, two.refresh, newest.hint);
        assert_eq!(refresh(&server, &cookies).await.status, 200);
    }
    assert_eq!(server.row(older.session).await, (2, false, None));
    // A forged one of the right generation does not push the genuine one aside.
    let foreign = MasterKeys::new(&[7; 32], &[]).first(SessionId(older.session), &Random::System).unwrap();
    let cookies = format!("{REFRESH}={}; {}", foreign.text().reveal(), newest.cookies());
    assert_eq!(refresh(&server, &cookies).await.status, 200);
    assert_eq!(generation(&newest.refresh), 2);
}

#[tokio::test]
async fn other_cookies_in_the_jar_do_no_harm_whatever_they_are() {
    let server = Server::start();
    let held = register(&server).await;
    // Browsers store and send any byte in a cookie that some other page of the site has set.
    for other in [&b"caf\xc3\xa9=cr\xc3\xa8me"[..], b"x=\xff\xfe", b"=", b";;", b"a", b"\"=\"", b"a=%00%"] {
        let mut cookies = [other, b"; "].concat();
        cookies.extend_from_slice(held.cookies().as_bytes());
        let request = server.post("/auth/refresh").header(ORIGIN, server.origin()).header(COOKIE, cookies);
        assert_eq!(send(request).await.status, 200, "{other:?}");
    }
    // Names that only look like ours, which a sibling subdomain may set, are not.
    for space in ["\u{2000}", "\u{a0}", "\u{85}"] {
        let planted = format!("{REFRESH}={}; {space}{HINT}={}", held.refresh, held.hint);
        let request = server.post("/auth/refresh").header(ORIGIN, server.origin());
        send(request.header(COOKIE, planted.into_bytes())).await.assert_error(401, "token_unknown");
    }
}

#[tokio::test]
async fn bearer_needs_nothing_else() {
    let server = Server::start();
    let held = register(&server).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request =
            server.post("/auth/refresh").header("authorization", format!("{scheme} {}", held.refresh));
        assert_eq!(send(request).await.status, 200);
    }
    for credential in ["x", "lrt1_", &held.access] {
        let request = bearer(server.post("/auth/refresh"), credential);
        send(request).await.assert_error(401, "token_unknown");
    }
    send(server.post("/auth/refresh")).await.assert_error(401, "token_unknown");
    // A credential that can't be read is a bad one, not none.
    for unreadable in [&b"Bearer"[..], b"Bearer ", b"Bearer \xff"] {
        let request = server.post("/auth/refresh").header("authorization", unreadable);
        send(request).await.assert_error(400, "invalid_request");
    }
}
