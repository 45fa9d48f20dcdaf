//! What a person is shown: in each session until it was seen there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::send;
use crate::person::{Held, administrator, bearer, browser, credentials, me, register};
use crate::server::Server;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn notices(server: &Server, held: &Held) -> Vec<Value> {
    let answer = send(bearer(server.get("/api/notices"), &held.access)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["notices"].as_array().unwrap().clone()
}

async fn seen(server: &Server, held: &Held, up_to: &Value) {
    let request = bearer(server.post("/api/notices/seen"), &held.access).json(&json!({ "up_to": up_to }));
    let answer = send(request).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
}

#[tokio::test]
async fn a_sign_in_from_a_new_browser_is_shown_and_can_be_ended() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    assert_eq!(notices(&server, &ada).await, [Value::Null; 0]);
    let login = server.post("/auth/login").header("user-agent", FIREFOX).json(&credentials());
    let stranger = Held::from_cookies(&send(login).await);

    let [notice]: [Value; 1] = notices(&server, &ada).await.try_into().unwrap();
    let (id, at) = (notice["id"].clone(), notice["at"].clone());
    let expected = json!({
        "id": id, "at": at, "event": "authn_login_success", "detail": "new_browser", "actor": "owner",
        "session_id": stranger.session, "browser": "Firefox", "system": "Linux", "network": "127.0.0.*",
    });
    assert_eq!(notice, expected);
    for untold in [&stranger, &grace] {
        assert_eq!(notices(&server, untold).await, [Value::Null; 0], "of itself, or of another person");
    }
    // "Not you? Sign it out."
    let end = server.request("DELETE", &format!("/api/sessions/{}", stranger.session));
    assert_eq!(send(bearer(end, &ada.access)).await.status, 204);
    assert_eq!(notices(&server, &ada).await[0]["session_id"], Value::Null, "it is over");
    seen(&server, &ada, &id).await;
    assert_eq!(notices(&server, &ada).await, [Value::Null; 0]);
}

/// A thief must not put away what the owner is to see.
#[tokio::test]
async fn what_one_session_has_seen_the_other_has_not() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let second = Held::from_cookies(&send(server.post("/auth/login").json(&credentials())).await);
    let ada_id = me(&server, &ada.access).await.field("id");
    for role in ["admin", "user"] {
        let change = server.request("PATCH", &format!("/api/admin/users/{ada_id}"));
        let answer = send(bearer(change, &grace.access).json(&json!({ "role": role }))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let renew = async |held: Held| {
        let renewed = send(browser(&server, "/auth/refresh", &held.cookies())).await;
        Held { access: renewed.field("access_token"), ..held }
    };
    let (ada, second) = (renew(ada).await, renew(second).await);
    let told = notices(&server, &ada).await;
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["event"], &told[0]["detail"]), (&json!("authz_change"), &json!("user")));
    seen(&server, &second, &told[1]["id"]).await;
    assert_eq!(notices(&server, &second).await, told[..1]);
    seen(&server, &second, &told[0]["id"]).await;
    // Back is nowhere to go.
    seen(&server, &second, &json!(0)).await;
    assert_eq!(notices(&server, &second).await, [Value::Null; 0]);
    assert_eq!(notices(&server, &ada).await, told);
    for bad in [json!({}), json!({"up_to": "x"}), json!({"up_to": 1.5}), json!([])] {
        let request = bearer(server.post("/api/notices/seen"), &ada.access).json(&bad);
        send(request).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn renewals_far_too_often_are_served_and_told_once() {
    let server = Server::start();
    let ada = register(&server).await;
    let second = Held::from_cookies(&send(server.post("/auth/login").json(&credentials())).await);
    for _ in 0..70 {
        assert_eq!(send(browser(&server, "/auth/refresh", &ada.cookies())).await.status, 200);
    }
    assert_eq!(server.events(ada.session).await, ["authn_login_success", "excess_rate_limit_exceeded"]);
    let [notice]: [Value; 1] = notices(&server, &second).await.try_into().unwrap();
    assert_eq!(
        (&notice["event"], &notice["actor"]),
        (&json!("excess_rate_limit_exceeded"), &json!("server"))
    );
    assert_eq!(notice["session_id"], json!(ada.session));
}

#[tokio::test]
async fn a_theft_is_shown_to_its_victim() {
    let server = Server::start();
    let ada = register(&server).await;
    let other = Held::from_cookies(&send(server.post("/auth/login").json(&credentials())).await);
    for _ in 0..2 {
        server.age(other.session, Duration::from_secs(121)).await;
        server.confirm(other.session).await;
        send(browser(&server, "/auth/refresh", &other.cookies())).await;
    }
    let told = notices(&server, &ada).await;
    assert_eq!(told[0]["event"], "authn_token_reuse", "{told:?}");
    assert_eq!(told[0]["session_id"], Value::Null, "it was ended");
}
