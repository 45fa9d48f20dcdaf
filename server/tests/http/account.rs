//! The person who is signed in: a new name, a new password.

use serde_json::json;

use crate::answer::{Answer, send};
use crate::person::{Held, PASSWORD, bearer, me, refresh, register, sign_in};
use crate::server::Server;

const NEW_PASSWORD: &str = "staple battery horse";

async fn change(server: &Server, held: &Held, current: &str, new: &str) -> Answer {
    let asked = json!({"current_password": current, "new_password": new});
    send(bearer(server.post("/api/account/password"), &held.access).json(&asked)).await
}

#[tokio::test]
async fn a_password_change_ends_the_other_sessions_and_keeps_this_one() {
    let server = Server::start();
    let kept = register(&server).await;
    let other = sign_in(&server).await;
    let answer = change(&server, &kept, PASSWORD, NEW_PASSWORD).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ended": 1})));

    assert_eq!(me(&server, &kept.access).await.status, 200);
    assert_eq!(refresh(&server, &kept.cookies()).await.status, 200);
    for over in [me(&server, &other.access).await, refresh(&server, &other.cookies()).await] {
        over.assert_error(401, "session_revoked");
        assert_eq!(over.field("reason"), "password_changed");
    }
    let login = |password| {
        server.post("/auth/login").json(&json!({"email": "ada@people.example", "password": password}))
    };
    send(login(PASSWORD)).await.assert_error(401, "invalid_credentials");
    assert_eq!(send(login(NEW_PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let server = Server::start();
    let held = register(&server).await;
    let wrong = change(&server, &held, "wrong horse", NEW_PASSWORD).await;
    // 401 would mean the badge, and a renewal.
    wrong.assert_error(403, "invalid_credentials");
    assert_eq!(wrong.field("message"), "The current password is wrong.");
    change(&server, &held, PASSWORD, "short").await.assert_error(400, "invalid_request");
    change(&server, &held, PASSWORD, &"x".repeat(129)).await.assert_error(400, "invalid_request");
    let asked = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    send(server.post("/api/account/password").json(&asked)).await.assert_error(401, "token_missing");
    // A thief of the badge gets no more guesses than at the sign-in.
    for _ in 0..20 {
        change(&server, &held, "wrong horse", NEW_PASSWORD).await;
    }
    change(&server, &held, PASSWORD, NEW_PASSWORD).await.assert_error(429, "too_many_requests");
    sign_in(&server).await;
}

#[tokio::test]
async fn a_person_changes_her_name() {
    let server = Server::start();
    let held = register(&server).await;
    let rename = async |name: &str| {
        send(bearer(server.post("/api/account/name"), &held.access).json(&json!({"name": name}))).await
    };
    let answer = rename("  Ada, Countess of Lovelace ").await;
    assert_eq!((answer.status, answer.field("name")), (200, "Ada, Countess of Lovelace".to_owned()));
    assert_eq!(me(&server, &held.access).await.field("name"), "Ada, Countess of Lovelace");
    let renewed = refresh(&server, &held.cookies()).await;
    assert_eq!(renewed.json()["user"]["name"], "Ada, Countess of Lovelace");
    for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
        rename(bad).await.assert_error(400, "invalid_request");
    }
}
