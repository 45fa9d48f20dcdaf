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
async fn whoever_comes_from_nowhere_comes_from_one_place() {
    let server = Server::start_with(&["--client-ip", "X-Forwarded-For"]);
    let from = |n: usize| {
        let request = guess(&server, "ada@people.example");
        match n % 5 {
            0 => request,
            1 => request.header("x-forwarded-for", "unknown"),
            2 => request.header("x-forwarded-for", format!("198.51.100.{n}, ")),
            3 => request.header("x-forwarded-for", format!("10.0.0.1, name-{n}")),
            _ => request.header("x-forwarded-for", &b"\xff\xfe"[..]),
        }
    };
    for n in 0..ATTEMPTS {
        send(from(n)).await.assert_error(401, "invalid_credentials");
    }
    for n in 0..5 {
        assert_held_up(&send(from(n)).await, 30);
    }
    let known = guess(&server, "ada@people.example").header("x-forwarded-for", "203.0.113.7:43210");
    send(known).await.assert_error(401, "invalid_credentials");
    let log = server.log();
    assert_eq!(log.matches("a request came without the header").count(), 1);
    assert_eq!(log.matches("the header holds no address").count(), 1);
    // Whoever is nowhere is somebody all the same.
    let fields = json!({ "name": "G", "email": "grace@people.example", "password": PASSWORD });
    assert_eq!(send(server.post("/auth/register").json(&fields)).await.status, 200);
    assert_eq!(send(server.get("/")).await.status, 200);
}

#[tokio::test]
async fn one_address_is_one_network_however_the_proxy_writes_it() {
    let server = Server::start_with(&["--client-ip", "Forwarded"]);
    let ways = [
        "for=203.0.113.7",
        "For=\"203.0.113.7:4711\";proto=https",
        "for=198.51.100.1, for=\"[::ffff:203.0.113.7]:80\"",
        "for=\", for=203.0.113.7",
    ];
    let from = |n: usize| guess(&server, "ada@people.example").header("forwarded", ways[n % ways.len()]);
    for n in 0..ATTEMPTS {
        send(from(n)).await.assert_error(401, "invalid_credentials");
    }
    for n in 0..ways.len() {
        assert_held_up(&send(from(n)).await, 30);
    }
    let other = guess(&server, "ada@people.example").header("forwarded", "for=203.0.113.8");
    send(other).await.assert_error(401, "invalid_credentials");
}
