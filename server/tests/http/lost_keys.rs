//! A server whose master key is another one than that of the cookies in a browser: lost, replaced, or another server's.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::store::SessionId;
use reqwest::header::{ACCEPT, COOKIE, ORIGIN};
use serde_json::json;

use crate::answer::{Answer, send};
use crate::person::{
    HINT, Held, PASSWORD, REFRESH, bearer, browser, credentials, me, refresh, refresh_bearer, register,
    register_without_jar, sign_in,
};
use crate::server::Server;

const SETTLED: Duration = Duration::from_secs(121);
const KEYS: &str = "master.keys";

/// An address that nobody has.
fn anybody() -> String {
    format!("{}@people.example", Random::System.uuid().unwrap())
}

fn new_account(email: &str) -> serde_json::Value {
    json!({"name": "New", "email": email, "password": PASSWORD})
}

async fn logout(server: &Server, cookies: &str) -> Answer {
    send(browser(server, "/auth/logout", cookies)).await
}

/// Signing in, registering and signing out work with these cookies, which this server can't read.
async fn assert_in_nobodys_way(server: &Server, cookies: &str) {
    let fields = new_account(&anybody());
    let registered = send(browser(server, "/auth/register", cookies).json(&fields)).await;
    assert_eq!(refresh(server, &Held::from_cookies(&registered).cookies()).await.status, 200);
    let fields = json!({"email": fields["email"], "password": PASSWORD});
    let signed_in = send(browser(server, "/auth/login", cookies).json(&fields)).await;
    assert_eq!(refresh(server, &Held::from_cookies(&signed_in).cookies()).await.status, 200);
    let out = logout(server, cookies).await;
    assert_eq!((out.status, out.set_cookies().len()), (204, 2), "{out:?}");
    for cookie in [REFRESH, HINT] {
        assert_eq!(out.cookie(cookie), "", "{out:?}");
    }
    // The same without WASM.
    for (path, fields, to) in [
        ("/auth/login", &fields, "/dashboard"),
        ("/auth/register", &new_account(&anybody()), "/dashboard"),
        ("/auth/logout", &json!({}), "/"),
    ] {
        let form = server.post(path).header(ACCEPT, "text/html").header(ORIGIN, server.origin());
        let answer = send(form.header(COOKIE, cookies).form(fields)).await;
        assert_eq!((answer.status, answer.header("location")), (303, to), "{path}: {answer:?}");
        assert_eq!(answer.set_cookies().len(), 2, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_lost_key_locks_nobody_out() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut server = Server::start_with(&["--metrics-addr", &format!("127.0.0.1:{port}")]);
    let held = register(&server).await;
    let program = Held::from_body(
        &send(server.post("/auth/login").json(&json!({
            "email": "ada@people.example", "password": PASSWORD, "token_delivery": "body",
        })))
        .await,
    );
    server.restart_without(KEYS);

    // The sessions are there: another server may have the key.
    for _ in 0..3 {
        let answer = refresh(&server, &held.cookies()).await;
        answer.assert_error(503, "unavailable");
        assert!(answer.field("message").contains("sign in again"), "{answer:?}");
        refresh_bearer(&server, &program.refresh).await.assert_error(503, "unavailable");
    }
    assert_in_nobodys_way(&server, &held.cookies()).await;
    let out = send(bearer(server.post("/auth/logout"), &program.refresh)).await;
    assert_eq!((out.status, out.set_cookies().len()), (204, 0));

    // The log and the figures tell of it, and no more than once of one key.
    let log = server.log();
    assert_eq!(log.matches("a refresh token was made with a master key that is not here").count(), 1);
    assert!(
        log.contains("2 of the newest 2 live sessions were made with a master key that is not here"),
        "{log}"
    );
    let figures = send(reqwest::Client::new().get(format!("http://127.0.0.1:{port}/metrics"))).await.body;
    let counted = figures.lines().find_map(|line| line.strip_prefix("lanyard_unknown_key_tokens_total "));
    assert!(counted.unwrap().parse::<u32>().unwrap() >= 10, "{figures}");
}

#[tokio::test]
async fn who_shows_the_sessions_own_secret_still_ends_it() {
    let mut server = Server::start();
    let [ada, other, older] = [register(&server).await, sign_in(&server).await, sign_in(&server).await];
    let program = register_bearer(&server).await;
    let mut newest = older.clone();
    for _ in 0..2 {
        server.age(older.session, SETTLED).await;
        newest = Held::from_cookies(&refresh(&server, &newest.cookies()).await);
    }
    server.restart_without(KEYS);

    assert_eq!(logout(&server, &ada.cookies()).await.status, 204);
    assert_eq!(server.row(ada.session).await.2.as_deref(), Some("signed_out"));
    // Now nobody can honour it any more.
    refresh(&server, &ada.cookies()).await.assert_error(401, "token_unknown");
    let signed_in = send(browser(&server, "/auth/login", &other.cookies()).json(&credentials())).await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(server.row(other.session).await.2.as_deref(), Some("replaced"));
    assert_eq!(send(bearer(server.post("/auth/logout"), &program.refresh)).await.status, 204);
    assert_eq!(server.row(program.session).await.2.as_deref(), Some("signed_out"));
    // Signed out offline: the hint has gone already.
    assert_eq!(logout(&server, &format!("{REFRESH}={}", older.refresh)).await.status, 204);
    assert_eq!(server.row(older.session).await, (2, false, None), "its tag alone could tell of it");
    assert_eq!(logout(&server, &format!("{REFRESH}={}", newest.refresh)).await.status, 204);
    assert_eq!(server.row(older.session).await.2.as_deref(), Some("signed_out"));
}

/// Signs in without a jar.
async fn register_bearer(server: &Server) -> Held {
    let fields = json!({"email": "ada@people.example", "password": PASSWORD, "token_delivery": "body"});
    Held::from_body(&send(server.post("/auth/login").json(&fields)).await)
}

#[tokio::test]
async fn without_the_session_it_is_over_for_good() {
    let mut server = Server::start();
    let [ended, expired, idle] = [register(&server).await, sign_in(&server).await, sign_in(&server).await];
    assert_eq!(logout(&server, &ended.cookies()).await.status, 204);
    server.restart_without(KEYS);
    server.shorten(expired.session, Duration::from_secs(31 * 86_400)).await;
    server.age(idle.session, Duration::from_secs(8 * 86_400)).await;
    for held in [&ended, &expired, &idle] {
        refresh(&server, &held.cookies()).await.assert_error(401, "token_unknown");
    }
    let live = sign_in(&server).await;
    server.restart_without(KEYS);
    refresh(&server, &live.cookies()).await.assert_error(503, "unavailable");
    server.run("UPDATE users SET disabled_at = 1").await;
    refresh(&server, &live.cookies()).await.assert_error(401, "token_unknown");
    server.run("DELETE FROM sessions").await;
    refresh(&server, &live.cookies()).await.assert_error(401, "token_unknown");
    assert_in_nobodys_way(&server, &live.cookies()).await;
}

#[tokio::test]
async fn a_data_folder_that_was_deleted_is_a_fresh_start() {
    let mut server = Server::start();
    let (held, program) = (register(&server).await, register_without_jar(&Server::start()).await);
    server.restart_without("");
    refresh(&server, &held.cookies()).await.assert_error(401, "token_unknown");
    // Another server of this host, whose cookies come along.
    refresh_bearer(&server, &program.refresh).await.assert_error(401, "token_unknown");
    assert_in_nobodys_way(&server, &held.cookies()).await;
    assert!(!server.log().contains("live sessions were made with a master key"));
}

#[tokio::test]
async fn every_cookie_that_the_hint_admits_is_looked_at() {
    let mut server = Server::start();
    let before = register(&server).await;
    server.restart_without(KEYS);
    let now = sign_in(&server).await;
    // Of two sessions' cookies, the hint says which; its own may stand anywhere.
    for cookies in [
        format!("{REFRESH}={}; {REFRESH}={}; {HINT}={}", before.refresh, now.refresh, now.hint),
        format!("{REFRESH}={}; {HINT}={}; {REFRESH}={}", now.refresh, now.hint, before.refresh),
    ] {
        assert_eq!(refresh(&server, &cookies).await.status, 200, "{cookies}");
    }
    let other_hint =
        format!("{REFRESH}={}; {REFRESH}={}; {HINT}={}", before.refresh, now.refresh, before.hint);
    refresh(&server, &other_hint).await.assert_error(503, "unavailable");
    let no_hint = format!("{REFRESH}={}", before.refresh);
    refresh(&server, &no_hint).await.assert_error(401, "token_unknown");
    let hint_alone = format!("{HINT}={}", before.hint);
    refresh(&server, &hint_alone).await.assert_error(401, "token_unknown");
    for version in ["lrt2_", "lrt0_", "v4.local."] {
        let later = before.refresh.replace("lrt1_", version);
        let cookies = format!("{REFRESH}={later}; {HINT}={}", before.hint);
        refresh(&server, &cookies).await.assert_error(401, "token_unknown");
        assert_in_nobodys_way(&server, &cookies).await;
    }
    // All of them at once end together.
    let out = logout(&server, &other_hint).await;
    assert_eq!(out.status, 204);
    for held in [&before, &now] {
        assert_eq!(server.row(held.session).await.2.as_deref(), Some("signed_out"));
    }
}

#[tokio::test]
async fn any_number_of_made_up_keys_is_told_of_a_few_times() {
    let server = Server::start();
    let held = register(&server).await;
    for n in 0..40_u8 {
        let keys = MasterKeys::new(&[n; 32], &[]);
        let sid = SessionId(held.session);
        let token = keys.first(sid, &Random::System).unwrap();
        let cookies = format!("{REFRESH}={}; {HINT}={}", token.text().reveal(), held.hint);
        refresh(&server, &cookies).await.assert_error(503, "unavailable");
    }
    let log = server.log();
    assert_eq!(log.matches("a refresh token was made with a master key that is not here").count(), 16);
    assert_eq!(log.matches("so many unknown keys were shown").count(), 1);
    assert_eq!(refresh(&server, &held.cookies()).await.status, 200);
}

#[tokio::test]
async fn a_signing_key_that_was_replaced_costs_a_renewal_and_is_told_once() {
    let mut server = Server::start();
    let [ada, other] = [register(&server).await, sign_in(&server).await];
    server.restart_without("signing-eddsa.pem");
    for held in [&ada, &other, &ada] {
        me(&server, &held.access).await.assert_error(401, "token_invalid");
        let renewed = refresh(&server, &held.cookies()).await;
        assert_eq!(me(&server, &renewed.field("access_token")).await.status, 200);
    }
    assert_eq!(server.log().matches("an access token names a signing key that is not here").count(), 1);
}
