//! What administrators do: people, their roles and their sessions.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Answer, send};
use crate::person::{Held, PASSWORD, administrator, bearer, credentials, me, refresh, register, sign_in};
use crate::server::Server;

/// Ada, and Grace, who is an administrator.
async fn two(server: &Server) -> [Held; 2] {
    [register(server).await, administrator(server).await]
}

async fn id(server: &Server, held: &Held) -> String {
    me(server, &held.access).await.field("id")
}

async fn change(server: &Server, admin: &Held, id: &str, change: Value) -> Answer {
    let path = format!("/api/admin/users/{id}");
    send(bearer(server.request("PATCH", &path), &admin.access).json(&change)).await
}

fn create(server: &Server, admin: &Held, fields: &Value) -> RequestBuilder {
    bearer(server.post("/api/admin/users"), &admin.access).json(fields)
}

async fn assert_over(server: &Server, held: &Held, reason: &str) {
    for answer in [me(server, &held.access).await, refresh(server, &held.cookies()).await] {
        answer.assert_error(401, "session_revoked");
        assert_eq!(answer.field("reason"), reason);
    }
}

#[tokio::test]
async fn an_account_is_told_to_the_letter() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let ada = id(&server, &ada).await;
    let answer = send(bearer(server.get(&format!("/api/admin/users/{ada}")), &grace.access)).await;
    let made = answer.json()["created_at"].as_i64().unwrap().to_string();
    let told = answer.text(&[(&ada, "USER"), (&made, "MADE")]);
    assert_eq!(
        told,
        r#"200
cache-control: no-store
content-type: application/json
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
permissions-policy: camera=(), geolocation=(), microphone=()
referrer-policy: same-origin
x-content-type-options: nosniff

{"id":"USER","email":"ada@people.example","name":"Ada","role":"user","created_at":MADE,"disabled_at":null}"#
    );
    for nobody in [Uuid::nil().to_string(), Uuid::max().to_string()] {
        let path = format!("/api/admin/users/{nobody}");
        send(bearer(server.get(&path), &grace.access)).await.assert_error(404, "not_found");
        for wanted in
            [json!({}), json!({"role": "admin"}), json!({"disabled": true}), json!({"disabled": false})]
        {
            change(&server, &grace, &nobody, wanted).await.assert_error(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_account_is_made_by_the_same_rules_as_everybodys() {
    let server = Server::start();
    let [_, grace] = two(&server).await;
    let fields = |email: &str, password: &str| json!({"name": "Alan", "email": email, "password": password});
    let answer = send(create(&server, &grace, &fields(" Alan@People.example", PASSWORD))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.set_cookies().is_empty(), "nobody is signed in by it");
    let made = answer.json();
    assert_eq!((&made["email"], &made["role"]), (&json!("alan@people.example"), &json!("user")));

    let mut admin = fields("kay@people.example", PASSWORD);
    admin["role"] = json!("admin");
    assert_eq!(send(create(&server, &grace, &admin)).await.json()["role"], "admin");

    let refused = async |fields: Value| send(create(&server, &grace, &fields)).await;
    refused(fields("alan@people.example", PASSWORD)).await.assert_error(409, "email_taken");
    refused(fields("x@people.example", "password1")).await.assert_error(400, "weak_password");
    for bad in [
        fields("nowhere", PASSWORD),
        fields("x@people.example", "short"),
        json!({"name": "", "email": "x@people.example", "password": PASSWORD}),
        json!({"name": "X", "email": "x@people.example", "password": PASSWORD, "role": "root"}),
        json!({"name": "X", "email": "x@people.example"}),
        json!([]),
    ] {
        refused(bad).await.assert_error(400, "invalid_request");
    }
    let login = json!({"email": "alan@people.example", "password": PASSWORD});
    assert_eq!(send(server.post("/auth/login").json(&login)).await.status, 200);
}

/// Nobody is signed out: the next call is told to renew, and the new badge says what its owner may do.
#[tokio::test]
async fn a_role_changes_at_the_next_call_and_signs_nobody_out() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let ada_id = id(&server, &ada).await;
    let list = async |access: &str| send(bearer(server.get("/api/admin/users"), access)).await;
    list(&ada.access).await.assert_error(403, "insufficient_scope");

    let told = change(&server, &grace, &ada_id, json!({"role": "admin"})).await;
    assert_eq!((told.status, told.json()["role"].clone()), (200, json!("admin")));
    list(&ada.access).await.assert_error(401, "token_expired");
    me(&server, &ada.access).await.assert_error(401, "token_expired");
    let renewed = refresh(&server, &ada.cookies()).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_eq!(renewed.json()["user"]["role"], "admin");
    let access = renewed.field("access_token");
    assert_eq!(me(&server, &access).await.field("scope"), "user admin");
    assert_eq!(list(&access).await.status, 200);

    assert_eq!(change(&server, &grace, &ada_id, json!({"role": "user"})).await.status, 200);
    list(&access).await.assert_error(401, "token_expired");
    let access = refresh(&server, &ada.cookies()).await.field("access_token");
    list(&access).await.assert_error(403, "insufficient_scope");
    assert_eq!(me(&server, &access).await.field("scope"), "user");
}

/// His badge has the scope still, and nothing else looks anything up here; but this does.
#[tokio::test]
async fn who_is_no_administrator_any_more_is_refused_whatever_his_badge_says() {
    let server = Server::start_with(&["--revocation", "stateless"]);
    let [ada, grace] = two(&server).await;
    let (ada_id, grace_id) = (id(&server, &ada).await, id(&server, &grace).await);
    assert_eq!(change(&server, &grace, &ada_id, json!({"role": "admin"})).await.status, 200);
    assert_eq!(change(&server, &grace, &grace_id, json!({"role": "user"})).await.status, 200);
    assert_eq!(me(&server, &grace.access).await.field("scope"), "user admin");
    change(&server, &grace, &ada_id, json!({"role": "user"})).await.assert_error(401, "token_expired");
    // Nor is a role enough without the scope.
    change(&server, &ada, &grace_id, json!({"role": "admin"})).await.assert_error(401, "token_expired");
    let list = async |access: &str| send(server.get("/api/admin/users").bearer_auth(access)).await;
    for (browser, status) in [(&ada, 200), (&grace, 403)] {
        let renewed = refresh(&server, &browser.cookies()).await.field("access_token");
        assert_eq!(list(&renewed).await.status, status);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let grace_id = id(&server, &grace).await;
    for wanted in [json!({"role": "user"}), json!({"disabled": true})] {
        change(&server, &grace, &grace_id, wanted).await.assert_error(409, "last_admin");
    }
    assert_eq!(me(&server, &grace.access).await.field("scope"), "user admin", "nothing has changed");
    // With another one beside him he may do to himself what he likes.
    let ada = id(&server, &ada).await;
    assert_eq!(change(&server, &grace, &ada, json!({"role": "admin"})).await.status, 200);
    assert_eq!(change(&server, &grace, &grace_id, json!({"disabled": true})).await.status, 200);
    assert_over(&server, &grace, "account_disabled").await;
}

#[tokio::test]
async fn an_account_is_closed_and_opened() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let ada_id = id(&server, &ada).await;
    let closed = change(&server, &grace, &ada_id, json!({"disabled": true})).await;
    assert!(closed.json()["disabled_at"].is_i64(), "{closed:?}");
    assert_over(&server, &ada, "account_disabled").await;
    let login = || send(server.post("/auth/login").json(&credentials()));
    login().await.assert_error(403, "account_disabled");
    let wrong = json!({"email": "ada@people.example", "password": "wrong horse"});
    send(server.post("/auth/login").json(&wrong)).await.assert_error(401, "invalid_credentials");
    // Once more does no harm.
    assert_eq!(change(&server, &grace, &ada_id, json!({"disabled": true})).await.status, 200);

    let opened = change(&server, &grace, &ada_id, json!({"disabled": false})).await;
    assert_eq!((opened.status, opened.json()["disabled_at"].clone()), (200, Value::Null));
    assert_eq!(login().await.status, 200);
    assert_over(&server, &ada, "account_disabled").await;
    for bad in [json!({"closed": true}), json!({"role": "root"}), json!({"disabled": 1}), json!(7)] {
        change(&server, &grace, &ada_id, bad).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn somebody_is_kicked_out_of_one_session_or_of_all() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let ada_id = id(&server, &ada).await;
    let second = sign_in(&server).await;
    let end =
        |path: String| bearer(server.request("DELETE", &format!("/api/admin/sessions{path}")), &grace.access);
    let one = || end(format!("/{}", ada.session));
    assert_eq!(send(one()).await.status, 204);
    assert_over(&server, &ada, "kicked_out").await;
    assert_eq!(send(one()).await.status, 204, "once more does no harm");
    assert_eq!(me(&server, &second.access).await.status, 200);
    send(end(format!("/{}", Uuid::nil()))).await.assert_error(404, "not_found");

    let third = sign_in(&server).await;
    let all = send(end(format!("?user={ada_id}"))).await;
    assert_eq!((all.status, all.json()), (200, json!({"ended": 2})));
    for over in [&second, &third] {
        assert_over(&server, over, "kicked_out").await;
    }
    send(end(format!("?user={}", Uuid::nil()))).await.assert_error(404, "not_found");
    // Whose is never guessed.
    for bad in ["", "?", "?user=", "?user=ada", &format!("?user={ada_id}&user={ada_id}"), "?all=true"] {
        send(end(bad.to_owned())).await.assert_error(400, "invalid_request");
    }
    assert_eq!(me(&server, &grace.access).await.status, 200);
}

/// No administrator did it to them.
#[tokio::test]
async fn administrators_who_end_their_own_sessions_are_told_so() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let (ada_id, grace_id) = (id(&server, &ada).await, id(&server, &grace).await);
    change(&server, &grace, &ada_id, json!({"role": "admin"})).await;
    let [first, second, third] = [sign_in(&server).await, sign_in(&server).await, sign_in(&server).await];
    let end = |held: &Held, what: String| {
        bearer(server.request("DELETE", &format!("/api/admin/sessions{what}")), &held.access)
    };
    assert_eq!(send(end(&first, format!("/{}", second.session))).await.status, 204);
    assert_over(&server, &second, "ended_elsewhere").await;
    assert_eq!(send(end(&first, format!("/{}", first.session))).await.status, 204);
    assert_over(&server, &first, "signed_out").await;
    assert_eq!(send(end(&third, format!("?user={grace_id}"))).await.status, 200);
    assert_over(&server, &grace, "kicked_out").await;
    assert_eq!(send(end(&third, format!("?user={ada_id}"))).await.status, 200);
    assert_over(&server, &third, "ended_elsewhere").await;
}

/// What was done is in the log, with who did it.
#[tokio::test]
async fn what_an_administrator_does_is_told_of_him() {
    let server = Server::start();
    let [ada, grace] = two(&server).await;
    let (ada_id, grace_id) = (id(&server, &ada).await, id(&server, &grace).await);
    change(&server, &grace, &ada_id, json!({"role": "admin"})).await;
    change(&server, &grace, &ada_id, json!({"disabled": true})).await;
    let log = send(bearer(server.get(&format!("/api/admin/audit?user={ada_id}")), &grace.access)).await;
    let told: Vec<_> = log.json()["entries"].as_array().unwrap().clone();
    let by_grace: Vec<_> = told.iter().filter(|entry| entry["actor"] == "admin").collect();
    assert!(by_grace.iter().all(|entry| entry["admin"]["id"] == *grace_id), "{by_grace:?}");
    let events: Vec<_> = by_grace.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"authz_change") && events.contains(&"user_updated"), "{events:?}");
}
