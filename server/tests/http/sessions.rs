//! A person's own sessions: listed, named and ended from one of them.

use reqwest::RequestBuilder;
use reqwest::header::USER_AGENT;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

use crate::answer::{Answer, send};
use crate::person::{Held, PASSWORD, bearer, credentials, me, refresh, register, sign_in};
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
    let hostile = "<b>\u{202e}Ada's</b> \u{1f4bb}";
    assert_eq!(name(second.session, json!(format!("  {hostile} "))).await.status, 204);
    assert_eq!(of(&list(&server, &first).await, second.session)["name"], hostile);
    assert_eq!(of(&list(&server, &second).await, first.session)["name"], Value::Null);
    assert_eq!(name(second.session, json!("x".repeat(60))).await.status, 204);

    for bad in ["x".repeat(61), "a\nb".to_owned(), "a\0b".to_owned()] {
        name(second.session, json!(bad)).await.assert_error(400, "invalid_request");
    }
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
