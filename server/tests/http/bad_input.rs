//! What can't be understood: clear 4xx in one shape, never a 5xx, never a panic.

use serde_json::json;

use crate::answer::send;
use crate::person::{PASSWORD, bearer, me, register};
use crate::server::Server;

#[tokio::test]
async fn unreadable_bodies_are_refused() {
    let server = Server::start();
    let login = [
        "{",
        "{}",
        "[]",
        "null",
        "",
        "{\"email\":\"ada@people.example\"}",
        "{\"email\":\"ada@people.example\",\"password\":7}",
        "{\"email\":\"ada@people.example\",\"password\":\"a\",\"password\":\"b\"}",
        "{\"email\":\"ada@people.example\",\"password\":\"a\"} trailing",
        "email=ada@people.example",
        "email=ada@people.example&password=a&password=b",
        "email=ada@people.example&email=eve@example.com&password=a",
        "email=%ff&password=a",
    ];
    for body in login {
        for content_type in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
            let request = server.post("/auth/login").header("content-type", content_type).body(body);
            let answer = send(request).await;
            answer.assert_error(400, "invalid_request");
        }
    }
    for body in
        ["{", "{\"session_id\":7}", "session_id=a", "session_id=", "session_id[]=a&session_id=b", "[]x"]
    {
        for path in ["/auth/refresh", "/auth/logout"] {
            let request = server.post(path).header("content-type", "application/json").body(body);
            send(request).await.assert_error(400, "invalid_request");
        }
    }
    let twice =
        "session_id=00000000-0000-0000-0000-000000000000&session_id=00000000-0000-0000-0000-000000000001";
    send(server.post("/auth/logout").body(twice)).await.assert_error(400, "invalid_request");
    let raw_bytes = server.post("/auth/login").body(&b"email=\xff\xfe&password=\x00"[..]);
    send(raw_bytes).await.assert_error(400, "invalid_request");
    assert_no_panic(&server);
}

#[tokio::test]
async fn long_bodies_are_refused_with_and_without_a_length() {
    let server = Server::start();
    let held = register(&server).await;
    let password = "x".repeat(1_000_000);
    for path in ["/auth/login", "/auth/register", "/auth/refresh", "/auth/logout", "/api/stamp"] {
        let fields = json!({"name": "Ada", "email": "ada@people.example", "password": password});
        let answer = send(bearer(server.post(path).json(&fields), &held.access)).await;
        answer.assert_error(413, "payload_too_large");

        let body = fields.to_string();
        let chunked = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        let answer = server.raw(chunked.into_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer:.300}");
        assert!(answer.contains("{\"error\":\"payload_too_large\""), "{path}: {answer}");
    }
    let long = json!({"email": "ada@people.example", "password": "x".repeat(10_000)});
    send(server.post("/auth/login").json(&long)).await.assert_error(401, "invalid_credentials");
    assert_eq!(me(&server, &held.access).await.status, 200);
    assert_no_panic(&server);
}

#[tokio::test]
async fn broken_headers_do_no_harm() {
    let server = Server::start();
    let fields = json!({"name": "Ada", "email": "ada@people.example", "password": PASSWORD});
    send(server.post("/auth/register").json(&fields)).await;
    let origin = server.origin();
    for cookie in
        [&b"\xff\xfe"[..], b"__Secure-lanyard-refresh=\xff", b"__Host-lanyard-hint=\xff.0", b"=;=;="]
    {
        let request =
            |path: &str| server.post(path).header("cookie", cookie).header("origin", &origin).json(&fields);
        assert_eq!(send(request("/auth/login")).await.status, 200);
        assert_eq!(send(request("/auth/logout")).await.status, 204);
        send(request("/auth/refresh")).await.assert_error(401, "token_unknown");
        assert_eq!(send(server.get("/").header("cookie", cookie)).await.status, 200);
    }
    for (name, value) in [("origin", &b"\xff"[..]), ("sec-fetch-site", b"\xff")] {
        send(server.post("/auth/login").header(name, value).json(&fields))
            .await
            .assert_error(403, "cross_site");
    }
    for (name, value) in [("accept", &b"\xff"[..]), ("referer", b"\xff"), ("content-type", b"\xff")] {
        assert_eq!(send(server.post("/auth/login").header(name, value).json(&fields)).await.status, 200);
    }
    assert_no_panic(&server);
}

#[tokio::test]
async fn what_is_not_here_and_what_is_not_allowed_have_our_shape() {
    let server = Server::start();
    for path in ["/auth/nothing", "/auth/login/", "/api/nothing", "/health/x", "/.well-known/x", "/api/me/x"]
    {
        for method in ["GET", "POST", "DELETE"] {
            let answer = send(server.request(method, path)).await;
            assert_eq!(
                (answer.status, answer.field("error").as_str()),
                (404, "not_found"),
                "{method} {path}"
            );
        }
    }
    for (method, path, allow) in [
        ("GET", "/auth/login", "POST"),
        ("PUT", "/auth/refresh", "POST"),
        ("DELETE", "/auth/logout", "POST"),
        ("GET", "/api/stamp", "POST"),
        ("POST", "/api/me", "GET,HEAD"),
        ("POST", "/.well-known/jwks.json", "GET,HEAD"),
        ("POST", "/health/live", "GET,HEAD"),
        ("POST", "/", "GET,HEAD"),
        ("POST", "/dashboard", "GET,HEAD"),
    ] {
        let answer = send(server.request(method, path)).await;
        assert_eq!(
            (answer.status, answer.field("error").as_str()),
            (405, "method_not_allowed"),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[track_caller]
fn assert_no_panic(server: &Server) {
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
