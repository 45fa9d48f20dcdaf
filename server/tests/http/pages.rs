//! Pages and files: the policy around them, what may be cached, and what they never hold.

use reqwest::header::COOKIE;

use crate::answer::send;
use crate::person::{HINT, register};
use crate::server::Server;

#[tokio::test]
async fn every_page_has_a_strict_policy_with_a_nonce_of_its_own() {
    let server = Server::start();
    let mut nonces = Vec::new();
    for (path, status) in [("/", 200), ("/sign-in", 200), ("/register", 200), ("/nothing-here", 404)] {
        let answer = send(server.get(path)).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "text/html; charset=utf-8"),
            "{path}"
        );
        let policy = answer.header("content-security-policy");
        let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
        assert_eq!(
            policy.replace(&nonce, "NONCE"),
            "default-src 'none'; script-src 'nonce-NONCE' 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
             object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        for script in answer.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        for inline in [" style=", " onclick=", " onsubmit=", "<style"] {
            assert!(!answer.body.contains(inline), "{path}: {inline}");
        }
        for (name, value) in [
            ("cache-control", "private, no-cache"),
            ("vary", "cookie"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "a nonce is used once");
}

#[tokio::test]
async fn rendering_changes_nothing_and_shows_nothing_secret() {
    let server = Server::start();
    let held = register(&server).await;
    server.age(held.session, std::time::Duration::from_secs(121)).await;
    for cookies in [held.cookies(), format!("{HINT}={}", held.hint), format!("{HINT}=<script>.0")] {
        for path in ["/", "/sign-in", "/register", "/dashboard", "/devices", "/account"] {
            let answer = send(server.get(path).header(COOKIE, &cookies)).await;
            assert!(answer.status < 400, "{path}: {}", answer.status);
            assert!(answer.set_cookies().is_empty());
            for secret in
                ["ada@people.example", "lrt1_", "eyJ", held.hint.as_str(), &held.session.to_string()]
            {
                assert!(!answer.body.contains(secret), "{path} shows {secret}");
            }
        }
    }
    assert_eq!(server.row(held.session).await, (0, true, None), "no page rotates");
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_stay_there() {
    let server = Server::start_with(&["--public-url", "https://lanyard.example"]);
    for path in ["/", "/api/me", "/.well-known/jwks.json", "/nothing"] {
        let answer = send(server.get(path)).await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000; includeSubDomains",
            "{path}"
        );
    }
}

#[tokio::test]
async fn nobody_else_on_this_machine_is_locked_out() {
    for host in ["localhost:8443", "app.localhost", "127.0.0.1", "127.8.8.8:3000", "[::1]:3000"] {
        let server = Server::start_with(&["--public-url", &format!("https://{host}")]);
        for path in ["/", "/api/me", "/nothing"] {
            let answer = send(server.get(path)).await;
            assert_eq!(answer.header("strict-transport-security"), "", "{host}{path}");
        }
    }
}

#[tokio::test]
async fn health_is_told() {
    let server = Server::start();
    for (path, status) in [("/health/live", 204), ("/health/ready", 200)] {
        let answer = send(server.get(path)).await;
        assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{path}");
    }
}
