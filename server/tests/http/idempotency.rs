//! What comes again because an answer was lost: an equal repeat gets the answer of the first, and nothing is done twice.

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, COOKIE, ORIGIN, REFERER};
use serde_json::{Value, json};

use crate::answer::{Answer, send};
use crate::person::{
    Held, PASSWORD, administrator, bearer, browser, credentials, me, refresh, register, sign_in,
};
use crate::server::Server;

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const NEW_PASSWORD: &str = "staple battery horse";

fn ada() -> Value {
    json!({"name": "Ada", "email": "ada@people.example", "password": PASSWORD})
}

/// The same with a key in it.
fn keyed(mut fields: Value, key: &str) -> Value {
    fields["idempotency_key"] = json!(key);
    fields
}

fn registration(server: &Server, fields: &Value) -> RequestBuilder {
    server.post("/auth/register").json(fields)
}

/// As a browser posts the page's form.
fn plain_form(server: &Server, fields: &Value) -> RequestBuilder {
    let request = server.post("/auth/register").header(ACCEPT, "text/html").header(ORIGIN, server.origin());
    let request = request.header(COOKIE, "__Host-lanyard-probe=kept");
    request.header(REFERER, format!("{}/register", server.origin())).form(fields)
}

fn change(server: &Server, held: &Held, current: &str, new: &str) -> RequestBuilder {
    let asked = json!({"current_password": current, "new_password": new});
    bearer(server.post("/api/account/password"), &held.access).json(&asked)
}

async fn audit(server: &Server, admin: &Held, event: &str) -> usize {
    let path = format!("/api/admin/audit?event={event}");
    let answer = send(bearer(server.get(&path), &admin.access)).await;
    answer.json()["entries"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_registration_sent_again_is_the_same_account_and_session() {
    let server = Server::start();
    let grace = administrator(&server).await;
    let first = Held::from_cookies(&send(registration(&server, &keyed(ada(), KEY))).await);
    let answers = [
        send(registration(&server, &keyed(ada(), KEY))).await,
        send(registration(&server, &ada()).header("idempotency-key", KEY)).await,
        send(registration(&server, &ada()).header("idempotency-key", format!("\"{KEY}\""))).await,
        send(server.post("/auth/register").form(&keyed(ada(), KEY))).await,
        // The browser did keep the first answer's cookies.
        send(browser(&server, "/auth/register", &first.cookies()).json(&keyed(ada(), KEY))).await,
    ];
    for answer in &answers {
        let again = Held::from_cookies(answer);
        assert_eq!(
            (again.session, &again.refresh, &again.hint),
            (first.session, &first.refresh, &first.hint)
        );
        assert_eq!(me(&server, &again.access).await.status, 200);
    }
    assert_eq!(me(&server, &first.access).await.status, 200);
    assert_eq!(refresh(&server, &first.cookies()).await.status, 200);
    assert_eq!(server.events(first.session).await, ["authn_login_success"]);
    assert_eq!(audit(&server, &grace, "user_created").await, 2, "hers, and his from the command line");
}

#[tokio::test]
async fn two_at_once_are_one() {
    let server = Server::start();
    let node = server.beside(&[]);
    let tasks: Vec<_> = (0..6)
        .map(|n| registration(if n % 2 == 0 { &server } else { &node }, &keyed(ada(), KEY)))
        .map(|request| tokio::spawn(send(request)))
        .collect();
    let mut sessions = Vec::new();
    for task in tasks {
        let held = Held::from_cookies(&task.await.unwrap());
        sessions.push((held.session, held.refresh));
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let server = Server::start();
    let taken = json!({"name": "Ada", "email": "ada@people.example", "password": NEW_PASSWORD});
    let first = send(registration(&server, &keyed(ada(), KEY))).await;
    for (field, value) in [
        ("name", "Eve"),
        ("email", "eve@example.com"),
        ("password", NEW_PASSWORD),
        ("token_delivery", "body"),
    ] {
        let mut other = keyed(ada(), KEY);
        other[field] = json!(value);
        send(registration(&server, &other)).await.assert_error(422, "idempotency_key_reused");
    }
    send(registration(&server, &keyed(taken, "another"))).await.assert_error(409, "email_taken");
    send(registration(&server, &ada())).await.assert_error(409, "email_taken");
    assert_eq!(refresh(&server, &Held::from_cookies(&first).cookies()).await.status, 200);
    // What was refused is not remembered: whoever corrects a mistake needs no new key.
    let eve = |password: &str| json!({"name": "Eve", "email": "eve@example.com", "password": password});
    send(registration(&server, &keyed(eve("short"), "e"))).await.assert_error(400, "invalid_request");
    send(registration(&server, &keyed(eve("password1"), "e"))).await.assert_error(400, "weak_password");
    assert_eq!(send(registration(&server, &keyed(eve(PASSWORD), "e"))).await.status, 200);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let server = Server::start();
    let held = register(&server).await;
    let grace = administrator(&server).await;
    let long = "x".repeat(256);
    for bad in ["", " ", "a b", "é", "a\u{7f}", "\0", &long] {
        let requests = [
            registration(&server, &keyed(ada(), bad)),
            bearer(server.post("/api/admin/users"), &grace.access).json(&keyed(ada(), bad)),
            bearer(server.post("/api/account/password"), &held.access).json(&json!({
                "current_password": PASSWORD, "new_password": NEW_PASSWORD, "idempotency_key": bad,
            })),
        ];
        for request in requests {
            let answer = send(request).await;
            answer.assert_error(400, "invalid_request");
            assert_eq!(answer.field("field"), "idempotency_key");
        }
    }
    for headers in [&[&b"\xff"[..]][..], &[b"\"open"], &[b"\"a\";q=1"], &[b""], &[b"a", b"b"]] {
        let request = registration(&server, &ada());
        let request =
            headers.iter().fold(request, |request, value| request.header("idempotency-key", *value));
        send(request).await.assert_error(400, "invalid_request");
    }
    let differ = registration(&server, &keyed(ada(), "a")).header("idempotency-key", "b");
    send(differ).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_plain_form_pressed_twice_signs_in_once() {
    let server = Server::start();
    let fields = keyed(ada(), KEY);
    let [first, second] =
        [send(plain_form(&server, &fields)).await, send(plain_form(&server, &fields)).await];
    let held: Vec<_> = [&first, &second]
        .map(|answer: &Answer| {
            assert_eq!((answer.status, answer.header("location")), (303, "/dashboard"), "{answer:?}");
            answer
                .set_cookies()
                .iter()
                .map(|cookie| cookie.split(';').next().unwrap())
                .collect::<Vec<_>>()
                .join("; ")
        })
        .into();
    assert_eq!(held[0], held[1]);
    let renewed = refresh(&server, &held[1]).await;
    let sessions = send(bearer(server.get("/api/sessions"), &renewed.field("access_token"))).await;
    assert_eq!(sessions.json()["sessions"].as_array().unwrap().len(), 1, "nobody holds another one");
    let other = json!({"name": "Eve", "email": "ada@people.example", "password": PASSWORD});
    let refused = send(plain_form(&server, &keyed(other, KEY))).await;
    assert_eq!(refused.header("location"), "/register?error=idempotency_key_reused");
}

#[tokio::test]
async fn a_password_change_sent_again_gets_the_first_answer() {
    let server = Server::start();
    let (held, grace) = (register(&server).await, administrator(&server).await);
    let other = sign_in(&server).await;
    let asked = || change(&server, &held, PASSWORD, NEW_PASSWORD).header("idempotency-key", KEY);
    let first = send(asked()).await;
    assert_eq!((first.status, first.json()), (200, json!({"ended": 1})));
    let again = send(asked()).await;
    assert_eq!((again.status, again.body.as_str()), (200, first.body.as_str()));
    assert_eq!(audit(&server, &grace, "authn_password_change").await, 1);
    assert_eq!(audit(&server, &grace, "authn_password_change_fail").await, 0);
    for (current, new) in [("wrong horse", NEW_PASSWORD), (PASSWORD, "lamp chair window")] {
        let other = change(&server, &held, current, new).header("idempotency-key", KEY);
        send(other).await.assert_error(422, "idempotency_key_reused");
    }
    // The session still counts.
    let of_other = change(&server, &other, PASSWORD, NEW_PASSWORD).header("idempotency-key", KEY);
    send(of_other).await.assert_error(401, "session_revoked");
    // Somebody else's key is somebody else's.
    let of_grace = change(&server, &grace, PASSWORD, NEW_PASSWORD).header("idempotency-key", KEY);
    assert_eq!(send(of_grace).await.json(), json!({"ended": 0}));
}

#[tokio::test]
async fn an_administrators_new_account_sent_again_is_the_same_one() {
    let server = Server::start();
    let grace = administrator(&server).await;
    let create = |fields: &Value| bearer(server.post("/api/admin/users"), &grace.access).json(fields);
    let first = send(create(&keyed(ada(), KEY))).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = send(create(&ada()).header("idempotency-key", KEY)).await;
    assert_eq!((again.status, again.body.as_str()), (200, first.body.as_str()));
    let mut admin = keyed(ada(), KEY);
    admin["role"] = json!("admin");
    send(create(&admin)).await.assert_error(422, "idempotency_key_reused");
    send(create(&ada())).await.assert_error(409, "email_taken");
    // For another endpoint the key says nothing.
    send(registration(&server, &keyed(ada(), KEY))).await.assert_error(409, "email_taken");
    assert_eq!(audit(&server, &grace, "user_created").await, 2);
}

/// What has no key is idempotent by nature.
#[tokio::test]
async fn everything_else_gets_the_same_answer_twice() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let second = sign_in(&server).await;
    let ada_id = me(&server, &ada.access).await.field("id");
    let person = format!("/api/admin/users/{ada_id}");
    let session = |prefix: &str| format!("{prefix}/{}", second.session);
    let requests = [
        ("POST", "/api/account/name".to_owned(), json!({"name": "Ada L"}), &ada),
        ("PATCH", session("/api/sessions"), json!({"name": "Old laptop"}), &ada),
        ("POST", "/api/notices/seen".to_owned(), json!({"up_to": 9}), &ada),
        ("DELETE", session("/api/sessions"), Value::Null, &ada),
        ("DELETE", session("/api/admin/sessions"), Value::Null, &grace),
        ("PATCH", person.clone(), json!({"disabled": true}), &grace),
        ("PATCH", person.clone(), json!({"disabled": false}), &grace),
        ("PATCH", person, json!({"role": "admin"}), &grace),
    ];
    for (method, path, body, held) in requests {
        let request = || bearer(server.request(method, &path), &held.access);
        let entries = async || {
            let log = send(bearer(server.get("/api/admin/audit?limit=200"), &grace.access)).await;
            log.json()["entries"].as_array().unwrap().len()
        };
        let (first, told) = (send(request().json(&body)).await, entries().await);
        let (again, told_again) = (send(request().json(&body)).await, entries().await);
        assert!(matches!(first.status, 200 | 204), "{method} {path}: {first:?}");
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{method} {path}");
        assert_eq!(told, told_again, "{method} {path} is told twice");
    }
    let logout = || browser(&server, "/auth/logout", &grace.cookies());
    for _ in 0..2 {
        let answer = send(logout()).await;
        assert_eq!((answer.status, answer.set_cookies().len()), (204, 2));
    }
}

#[tokio::test]
async fn a_sign_in_sent_again_leaves_no_session_that_nobody_holds() {
    let server = Server::start();
    register(&server).await;
    let login = || server.post("/auth/login").json(&keyed(credentials(), KEY));
    let [first, again] = [send(login()).await, send(login()).await].map(|answer| Held::from_cookies(&answer));
    assert_eq!((first.session, &first.refresh), (again.session, &again.refresh));
    assert_eq!(server.events(first.session).await, ["authn_login_success"]);
    let other = send(login().header("idempotency-key", "another")).await;
    other.assert_error(400, "invalid_request");
    let next = send(server.post("/auth/login").json(&keyed(credentials(), "next"))).await;
    assert_ne!(Held::from_cookies(&next).session, first.session);
}
