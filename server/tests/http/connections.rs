//! Connections that never ask, at a server with few file descriptors.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::answer::send;
use crate::person::{me, register};
use crate::server::Server;

/// Everybody gets in, whoever else sits there: heads that are begun, bodies that are, and nothing at all.
#[tokio::test]
async fn whoever_only_opens_connections_keeps_nobody_out() {
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start_after("ulimit -n 64", &["--metrics-addr", &metrics.to_string()]);
    let mut sitting = Vec::new();
    for (n, begun) in (0..100).zip(
        ["", "GET / HTTP/1.1\r\nhost:", "POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n"]
            .into_iter()
            .cycle(),
    ) {
        let to = if n % 4 == 0 { ("127.0.0.1", metrics.port()) } else { server.address() };
        let mut stream = TcpStream::connect(to).unwrap();
        // It may be gone again.
        let _ = stream.write_all(begun.as_bytes());
        sitting.push(stream);
    }
    assert_eq!(send(server.get("/health/live")).await.status, 204);
    assert_eq!(send(server.get("/health/ready")).await.status, 200);
    let held = register(&server).await;
    assert_eq!(me(&server, &held.access).await.status, 200);
    let figures = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    for task in ["revocations", "confirmations", "removal", "metrics"] {
        assert!(figures.contains(&format!("lanyard_task_up{{task=\"{task}\"}} 1")), "{figures}");
    }
    let log = server.log();
    assert!(!log.contains("connections can't be accepted"), "descriptors are left");
    assert!(!log.contains("panicked"));
}

#[tokio::test]
async fn a_request_that_is_refused_unread_gets_our_answer() {
    let server = Server::start();
    let (host, port) = server.address();
    for (status, head) in [(431, "x: y\r\n".repeat(101)), (400, "no header\r\n".to_owned())] {
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect((host, port)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(format!("GET /api/me HTTP/1.1\r\n{head}\r\n").as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("\r\n\r\n{\"error\":\"invalid_request\",\"message\":"), "{answer}");
    }
}

/// The layer's answer, not a connection that just ends.
#[tokio::test]
async fn a_body_that_drips_is_told_so() {
    let server = Server::start();
    let (host, port) = server.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect((host, port)).unwrap();
        let head = "POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut answer = [0; 4096];
        for _ in 0..60 {
            match stream.read(&mut answer) {
                Ok(length) => return String::from_utf8_lossy(&answer[..length]).into_owned(),
                Err(_) => {
                    let _ = stream.write_all(b" ");
                }
            }
        }
        String::new()
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
}
