//! Requests from other sites: every unsafe method, every route.

use reqwest::header::COOKIE;

use crate::answer::send;
use crate::person::{credentials, me, register};
use crate::server::Server;

const METHODS: [&str; 6] = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"];
const PATHS: [&str; 13] = [
    "/auth/register",
    "/api/account/password",
    "/api/sessions/others",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/api/me",
    "/api/stamp",
    "/api/nothing",
    "/",
    "/dashboard",
    "/devices",
    "/account",
];

#[tokio::test]
async fn no_other_site_gets_through_on_any_unsafe_method() {
    let server = Server::start();
    for method in METHODS {
        for path in PATHS {
            for (name, value) in [
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("origin", "http://localhost"),
                ("origin", "http://localhost:1"),
                ("origin", "https://evil.localhost"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("sec-fetch-site", "nonsense"),
            ] {
                let answer = send(server.request(method, path).header(name, value)).await;
                assert_eq!(
                    (answer.status, answer.field("error").as_str()),
                    (403, "cross_site"),
                    "{method} {path}"
                );
            }
            // Nothing says where it comes from, and the cookies alone prove nothing.
            for empty in [None, Some("origin"), Some("sec-fetch-site")] {
                let mut request = server.request(method, path).header(COOKIE, "theme=dark");
                if let Some(name) = empty {
                    request = request.header(name, "");
                }
                let answer = send(request).await;
                assert_eq!(
                    (answer.status, answer.field("error").as_str()),
                    (403, "cross_site"),
                    "{method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_refused_request_changes_nothing() {
    let server = Server::start();
    let held = register(&server).await;
    let hostile = || server.post("/auth/logout").header(COOKIE, held.cookies());
    send(hostile().header("origin", "https://evil.example")).await.assert_error(403, "cross_site");
    send(hostile()).await.assert_error(403, "cross_site");
    let login = server.post("/auth/login").json(&credentials()).header("sec-fetch-site", "cross-site");
    send(login).await.assert_error(403, "cross_site");
    assert_eq!(me(&server, &held.access).await.status, 200);
}

#[tokio::test]
async fn a_program_with_a_cookie_jar_is_told_what_to_send() {
    let server = Server::start();
    let held = register(&server).await;
    let request = || server.post("/auth/refresh").header(COOKIE, held.cookies());
    let refused = send(request()).await;
    refused.assert_error(403, "cross_site");
    let wanted = format!("Origin: {}", server.origin());
    assert!(refused.field("message").contains(&wanted), "{refused:?}");
    assert_eq!(send(request().header("origin", server.origin())).await.status, 200);
}

#[tokio::test]
async fn who_has_the_site_open_at_another_address_is_told_where_it_is() {
    let server = Server::start();
    for origin in ["https://lanyard.example", "null"] {
        let refused = send(server.post("/auth/login").json(&credentials()).header("origin", origin)).await;
        refused.assert_error(403, "cross_site");
        assert!(refused.field("message").contains(&server.origin()), "{refused:?}");
    }
}

#[tokio::test]
async fn our_own_pages_and_programs_get_through() {
    let server = Server::start();
    register(&server).await;
    let origin = server.origin();
    for (name, value) in [
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("user-agent", "a program without cookies"),
    ] {
        let request = server.post("/auth/login").json(&credentials()).header(name, value);
        assert_eq!(send(request).await.status, 200, "{name}: {value}");
    }
    // A proxy has changed Host, and our own origin is still ours.
    let request = server.post("/auth/login").json(&credentials()).header("host", "10.0.0.7:8080");
    assert_eq!(send(request.header("origin", &origin)).await.status, 200);
}

#[tokio::test]
async fn reading_is_allowed_from_anywhere_and_shared_with_nobody() {
    let server = Server::start();
    for path in ["/", "/.well-known/jwks.json", "/health/live"] {
        for method in ["GET", "HEAD"] {
            let request = server.request(method, path).header("origin", "https://evil.example");
            let answer = send(request.header(COOKIE, "theme=dark")).await;
            assert!(answer.status < 300, "{method} {path}: {answer:?}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
        }
    }
    let preflight = server.request("OPTIONS", "/auth/login").header("origin", "https://evil.example");
    let answer = send(preflight.header("access-control-request-method", "POST")).await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{answer:?}");
}
