//! Every route that there is, found in the table that the router is made of: who is let in, and who is not.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::json;
use uuid::Uuid;

use crate::answer::send;
use crate::person::{administrator, bearer, register};
use crate::server::Server;

macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        /// Each with its method.
        const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];
    };
}
include!("../../src/routes.rs");

/// What is open to whoever comes. Everything else is not.
const OPEN: [&str; 7] = [
    "/auth/register",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/.well-known/jwks.json",
    "/health/live",
    "/health/ready",
];

/// A request to a route, with a body that some of them understand.
fn request(server: &Server, (method, path): (&str, &str)) -> RequestBuilder {
    let path = path.replace("{id}", &Uuid::from_u128(7).to_string());
    let request = server.request(&method.to_uppercase(), &path);
    if method == "get" { request } else { request.json(&json!({ "message": "hello" })) }
}

fn guarded() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().copied().filter(|(_, path)| !OPEN.contains(path))
}

#[tokio::test]
async fn nobody_passes_without_a_badge_or_with_an_expired_one() {
    let server = Server::start_with(&["--access-ttl", "1s"]);
    let held = administrator(&server).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for route in guarded() {
        assert!(route.1.starts_with("/api/"), "{route:?} is neither open nor an API's");
        send(request(&server, route)).await.assert_error(401, "token_missing");
        let expired = bearer(request(&server, route), &held.access);
        send(expired).await.assert_error(401, "token_expired");
        let bad = bearer(request(&server, route), "x");
        send(bad).await.assert_error(401, "token_invalid");
    }
    assert!(guarded().count() >= 20 && OPEN.iter().all(|open| ROUTES.iter().any(|(_, path)| path == open)));
}

#[tokio::test]
async fn what_is_for_administrators_is_for_nobody_else() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let (admins, others): (Vec<_>, Vec<_>) = guarded().partition(|(_, path)| path.starts_with("/api/admin/"));
    assert!(admins.len() >= 9 && others.len() >= 9, "{admins:?} {others:?}");
    for route in &admins {
        send(bearer(request(&server, *route), &ada.access)).await.assert_error(403, "insufficient_scope");
    }
    // The door is not shut for good: an administrator is told what his request lacks, or gets an answer. Those routes
    // that end the caller's own session come last.
    let ends_own = |(method, path): &(&str, &str)| *method == "delete" && *path == "/api/sessions";
    let (last, first): (Vec<_>, Vec<_>) = admins.into_iter().chain(others).partition(ends_own);
    for route in first.into_iter().chain(last) {
        let answer = send(bearer(request(&server, route), &grace.access)).await;
        assert!(matches!(answer.status, 200 | 204 | 400 | 404), "{route:?}: {answer:?}");
        assert_ne!(answer.body, "", "{route:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_noted_once_a_minute() {
    let server = Server::start();
    let ada = register(&server).await;
    for _ in 0..10 {
        let asked = bearer(server.get("/api/admin/users"), &ada.access);
        send(asked).await.assert_error(403, "insufficient_scope");
    }
    assert_eq!(server.events(ada.session).await, ["authn_login_success", "authz_fail"]);
}
