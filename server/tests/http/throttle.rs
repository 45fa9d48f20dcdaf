//! Too many attempts: who is held up, who is not, and for how long.

use reqwest::RequestBuilder;
use serde_json::json;

use crate::answer::{Answer, send};
use crate::person::{PASSWORD, credentials, refresh, register};
use crate::server::Server;

/// As many attempts as one account has at once from one network.
const ATTEMPTS: usize = 20;

fn guess(server: &Server, email: &str) -> RequestBuilder {
    server.post("/auth/login").json(&json!({ "email": email, "password": "wrong, wrong" }))
}

#[track_caller]
fn assert_held_up(answer: &Answer, at_most: u32) {
    answer.assert_error(429, "too_many_requests");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=at_most).contains(&seconds), "{answer:?}");
    assert_eq!(answer.json()["retry_after"], seconds);
}

#[tokio::test]
async fn a_guesser_is_held_up_and_nobody_else() {
    let server = Server::start_with(&["--client-ip", "RightmostXForwardedFor"]);
    let from = |request: RequestBuilder, address: &str| request.header("x-forwarded-for", address);
    let people = server.post("/auth/register").json(
        &json!({ "name": "Ada", "email": "ada@people.example", "password": PASSWORD, "token_delivery": "body" }),
    );
    assert_eq!(send(from(people, "192.0.2.1")).await.status, 200);

    for _ in 0..ATTEMPTS {
        let answer = send(from(guess(&server, "ada@people.example"), "192.0.2.66")).await;
        answer.assert_error(401, "invalid_credentials");
    }
    // However the address is written; and the right password no more than a wrong one.
    assert_held_up(&send(from(guess(&server, " ADA@people.example"), "192.0.2.66")).await, 30);
    let right = || server.post("/auth/login").json(&credentials());
    assert_held_up(&send(from(right(), "192.0.2.66")).await, 30);
    // What a client writes himself before the proxy does is not where he is.
    assert_held_up(&send(from(right(), "192.0.2.1, 192.0.2.66")).await, 30);

    assert_eq!(send(from(right(), "192.0.2.1")).await.status, 200);
    let other = send(from(guess(&server, "grace@people.example"), "192.0.2.66")).await;
    other.assert_error(401, "invalid_credentials");
}

#[tokio::test]
async fn whoever_is_signed_in_stays_so_while_his_network_is_held_up() {
    let server = Server::start();
    let ada = register(&server).await;
    for _ in 0..ATTEMPTS {
        send(guess(&server, "ada@people.example")).await;
    }
    assert_held_up(&send(guess(&server, "ada@people.example")).await, 30);
    assert_eq!(refresh(&server, &ada.cookies()).await.status, 200);
}

#[tokio::test]
async fn a_plain_form_is_told_so_at_once() {
    let server = Server::start();
    for _ in 0..ATTEMPTS {
        send(guess(&server, "ada@people.example")).await;
    }
    let form = server
        .post("/auth/login")
        .header("accept", "text/html")
        .header("origin", server.origin())
        .header("cookie", "__Host-lanyard-probe=kept")
        .form(&[("email", "ada@people.example"), ("password", PASSWORD)]);
    let answer = send(form).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?error=too_many_requests"));
    assert_eq!(answer.header("retry-after"), "", "{answer:?}");
}

#[tokio::test]
async fn registering_is_held_up_too() {
    let server = Server::start();
    let register = |n: usize| {
        let email = format!("user{n}@people.example");
        server.post("/auth/register").json(&json!({ "name": "U", "email": email, "password": PASSWORD }))
    };
    for n in 0..ATTEMPTS {
        assert_eq!(send(register(n)).await.status, 200);
    }
    assert_held_up(&send(register(ATTEMPTS)).await, 60);
    // What could not be registered anyway is told so, and counts for nothing.
    let short = server
        .post("/auth/register")
        .json(&json!({ "name": "U", "email": "a@b.example", "password": "short" }));
    send(short).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_proxy_that_does_not_tell_the_address_is_our_fault() {
    let server = Server::start_with(&["--client-ip", "XRealIp"]);
    send(guess(&server, "ada@people.example")).await.assert_error(500, "internal");
    assert!(server.log().contains("--client-ip does not fit the proxy in front"));
}
