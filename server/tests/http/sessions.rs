//! A person's own sessions: listed, named and ended from one of them.

use reqwest::RequestBuilder;
use reqwest::header::USER_AGENT;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

use crate::answer::{Answer, send};
use crate::person::{Held, PASSWORD, bearer, browser, credentials, me, refresh, register, sign_in};
use crate::server::Server;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn list(server: &Server, held: &Held) -> Vec<Value> {
    let answer = send(bearer(server.get("/api/sessions"), &held.access)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["sessions"].as_array().unwrap().clone()
}

fn of(sessions: &[Value], session: Uuid) -> &Value {
    sessions.iter().find(|it| it["id"] == session.to_string()).expect("it is listed")
}

fn session(server: &Server, method: &str, id: Uuid, held: &Held) -> RequestBuilder {
    bearer(server.request(method, &format!("/api/sessions/{id}")), &held.access)
}

async fn assert_over(server: &Server, held: &Held, reason: &str) {
    let answer = me(server, &held.access).await;
    answer.assert_error(401, "session_revoked");
    assert_eq!(answer.field("reason"), reason);
    let answer = refresh(server, &held.cookies()).await;
    answer.assert_error(401, "session_revoked");
    assert_eq!(answer.field("reason"), reason);
}

async fn assert_good(server: &Server, held: &Held) {
    assert_eq!(me(server, &held.access).await.status, 200);
    assert_eq!(refresh(server, &held.cookies()).await.status, 200);
}

/// Ada on two devices, and Grace.
async fn three(server: &Server) -> [Held; 3] {
    let first = register(server).await;
    let firefox = server.post("/auth/login").header(USER_AGENT, FIREFOX).json(&credentials());
    let second = Held::from_cookies(&send(firefox).await);
    let grace = json!({"name": "Grace", "email": "grace@people.example", "password": PASSWORD});
    let bystander = Held::from_cookies(&send(server.post("/auth/register").json(&grace)).await);
    [first, second, bystander]
}

#[tokio::test]
async fn one_sees_ones_own_sessions_and_which_this_is() {
    let server = Server::start();
    let [first, second, bystander] = three(&server).await;
    server.age(second.session, Duration::from_secs(90)).await;

    let sessions = list(&server, &first).await;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let (this, other) = (of(&sessions, first.session), of(&sessions, second.session));
    // Nothing tells when this one was rotated.
    assert_eq!((&this["current"], &this["last_seen_at"]), (&json!(true), &Value::Null));
    assert_eq!((&other["current"], &other["browser"]), (&json!(false), &json!("Firefox")));
    assert_eq!((&other["system"], &other["network"]), (&json!("Linux"), &json!("127.0.0.*")));
    let (created, seen) = (other["created_at"].as_i64().unwrap(), other["last_seen_at"].as_i64().unwrap());
    assert!(seen % 60 == 0 && (90..=150).contains(&(created - seen)), "{other}");
    let keys: Vec<_> = this.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["browser", "created_at", "current", "id", "last_seen_at", "name", "network", "system"];
    assert_eq!(keys, expected);
    assert_eq!(list(&server, &bystander).await.len(), 1);
}

/// Whoever holds a session's tokens must not learn when the other who does has renewed.
#[tokio::test]
async fn a_rotation_elsewhere_does_not_show() {
    let server = Server::start();
    let [first, ..] = three(&server).await;
    let look = async || send(bearer(server.get("/api/sessions"), &first.access)).await.body;
    let before = look().await;
    server.age(first.session, Duration::from_secs(120)).await;
    let renewed = send(browser(&server, "/auth/refresh", &first.cookies()).header(USER_AGENT, FIREFOX)).await;
    assert_eq!(renewed.set_cookies().len(), 2, "it was rotated: {renewed:?}");
    assert_eq!(look().await, before);
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let server = Server::start();
    let [first, second, bystander] = three(&server).await;
    let end = |id| session(&server, "DELETE", id, &first);
    assert_eq!(send(end(second.session)).await.status, 204);
    assert_over(&server, &second, "ended_elsewhere").await;
    assert_eq!(send(end(second.session)).await.status, 204, "once more does no harm");
    assert_eq!(list(&server, &first).await.len(), 1);

    for nobodys in [bystander.session, Uuid::nil()] {
        send(end(nobodys)).await.assert_error(404, "not_found");
    }
    assert_good(&server, &bystander).await;
    assert_eq!(send(end(first.session)).await.status, 204);
    assert_over(&server, &first, "signed_out").await;
}

#[tokio::test]
async fn one_ends_all_others_or_all() {
    let server = Server::start();
    let [first, second, bystander] = three(&server).await;
    let answer = send(bearer(server.request("DELETE", "/api/sessions/others"), &first.access)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ended": 1})));
    assert_over(&server, &second, "ended_elsewhere").await;
    assert_good(&server, &first).await;

    let third = sign_in(&server).await;
    let answer = send(bearer(server.request("DELETE", "/api/sessions"), &first.access)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ended": 2})));
    for over in [&first, &third] {
        assert_over(&server, over, "ended_elsewhere").await;
    }
    assert_good(&server, &bystander).await;
    assert_good(&server, &sign_in(&server).await).await;
}

#[tokio::test]
async fn one_names_ones_own_sessions() {
    let server = Server::start();
    let [first, second, bystander] = three(&server).await;
    let name = async |id, name: Value| {
        send(session(&server, "PATCH", id, &first).json(&json!({"name": name}))).await
    };
    let hostile = "<b>Ada's</b> \u{1f4bb}";
    assert_eq!(name(second.session, json!(format!("  {hostile} "))).await.status, 204);
    assert_eq!(of(&list(&server, &first).await, second.session)["name"], hostile);
    assert_eq!(of(&list(&server, &second).await, first.session)["name"], Value::Null);
    assert_eq!(name(second.session, json!("x".repeat(60))).await.status, 204);

    for bad in ["x".repeat(61), "a\nb".to_owned(), "a\0b".to_owned()] {
        name(second.session, json!(bad)).await.assert_error(400, "invalid_request");
    }
    let refused = name(second.session, json!("\u{202e}potpal s'adA")).await;
    refused.assert_error(400, "invalid_request");
    assert!(refused.field("message").contains("invisible character"), "{refused:?}");
    assert_eq!(name(second.session, json!("Zoe\u{308}'s\u{a0}laptop")).await.status, 204);
    assert_eq!(of(&list(&server, &first).await, second.session)["name"], "Zo\u{eb}'s laptop");
    name(second.session, json!(7)).await.assert_error(400, "invalid_request");
    for nobodys in [bystander.session, Uuid::nil()] {
        name(nobodys, json!("mine")).await.assert_error(404, "not_found");
    }
    for none in [Value::Null, json!("  ")] {
        assert_eq!(name(second.session, none).await.status, 204);
        assert_eq!(of(&list(&server, &first).await, second.session)["name"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_no_session_is_told_so() {
    let server = Server::start();
    let held = register(&server).await;
    for path in ["/api/sessions/none", "/api/sessions/others/x", "/api/sessions/"] {
        let answer: Answer = send(bearer(server.request("DELETE", path), &held.access)).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    for (method, path) in [
        ("GET", "/api/sessions"),
        ("DELETE", "/api/sessions"),
        ("DELETE", "/api/sessions/others"),
        ("DELETE", "/api/sessions/00000000-0000-0000-0000-000000000000"),
    ] {
        send(server.request(method, path)).await.assert_error(401, "token_missing");
    }
}

/// A script that signs in and never out leaves hundreds of sessions that go idle; and whoever asks is older than all.
#[tokio::test]
async fn however_many_sessions_there_are_the_one_that_asks_and_every_live_one_is_listed() {
    let server = Server::start();
    let held = register(&server).await;
    let intruder = sign_in(&server).await;
    server.run(
        "INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, kid, rotated_at, confirmed,
                               recoveries, created_at, expires_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 510)
         SELECT randomblob(16), user_id, user_version, 0, current_hash, kid, rotated_at - 7 * 86400000, TRUE, 0,
                created_at + n, expires_at
         FROM numbers, (SELECT * FROM sessions LIMIT 1)",
    )
    .await;
    let listed = list(&server, &held).await;
    assert_eq!(listed.len(), 2, "the idle ones are on no page: {listed:?}");
    assert_eq!((&listed[0]["id"], &listed[0]["current"]), (&json!(held.session), &json!(true)));
    assert_eq!(listed[1]["id"], json!(intruder.session));

    // So many that live, too: page by page, each once, and the one that asks on every page.
    server.run("UPDATE sessions SET rotated_at = rotated_at + 7 * 86400000 WHERE rotated_at < created_at - 86400000").await;
    let (mut others, mut after, mut pages) = (std::collections::BTreeSet::new(), String::new(), 0);
    loop {
        let path = format!("/api/sessions?limit=100{after}");
        let page = send(bearer(server.get(&path), &held.access)).await.json();
        let rows = page["sessions"].as_array().unwrap();
        assert!(rows[0]["current"] == true && rows.len() <= 101, "{page}");
        for row in &rows[1..] {
            assert!(row["current"] == false && others.insert(row["id"].to_string()), "twice: {row}");
        }
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!((others.len(), pages), (511, 6));
    assert_eq!(list(&server, &held).await.len(), 51, "50 by default, and the one that asks");
    for bad in ["limit=0", "limit=201", "limit=x", "after=x", "user=x"] {
        let answer = send(bearer(server.get(&format!("/api/sessions?{bad}")), &held.access)).await;
        answer.assert_error(400, "invalid_request");
    }
    let ended = send(bearer(server.request("DELETE", "/api/sessions/others"), &held.access)).await;
    assert_eq!(ended.json(), json!({"ended": 511}), "all of them, not a page");
    assert_eq!(list(&server, &held).await.len(), 1);
}
