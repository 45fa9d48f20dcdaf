//! Being told to stop: while starting, while somebody is served, and twice.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::person::{Held, refresh_bearer, register_without_jar};
use crate::server::{Server, lanyard};

fn tell(child: &std::process::Child) {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
}

/// Waits until it has ended.
async fn ended(child: &mut std::process::Child) -> ExitStatus {
    for _ in 0..1_200 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let _ = child.kill();
    panic!("it goes on and on");
}

async fn lock(file: &std::path::Path) -> SqliteConnection {
    let mut other = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

/// A signal that finds nobody listening would end it as a signal does (or, of a container's first process, be lost).
#[tokio::test]
async fn a_server_that_is_starting_ends_when_it_is_told_to() {
    let server = Server::start();
    let mut held_up = lock(&server.data().join("lanyard.db")).await;
    let mut command = lanyard();
    command.args(["--addr", "127.0.0.1:0", "--data-dir"]).arg(server.data());
    let mut child = command.spawn().unwrap();
    // It waits for the other one's migration by now, or is about to.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(child.try_wait().unwrap(), None);
    tell(&child);
    assert_eq!(ended(&mut child).await.code(), Some(0));
    sqlx::raw_sql("ROLLBACK").execute(&mut held_up).await.unwrap();
}

/// A request that nobody finishes, and a confirmation that can't be written before the end of the grace period.
#[tokio::test]
async fn what_was_noted_is_written_at_the_end_whoever_is_still_there() {
    let flags = ["--retry-window", "600ms", "--settle", "1s"];
    let mut server = Server::start_with(&flags);
    let first = register_without_jar(&server).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let held = Held::from_body(&refresh_bearer(&server, &first.refresh).await);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let begin = |head: String| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let unfinished = begin("POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n".to_owned());
    let mut calling = begin(format!(
        "GET /api/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1\r\n\r\n",
        held.access
    ));
    tokio::time::sleep(Duration::from_millis(200)).await;
    tell(server.child());
    tokio::time::sleep(Duration::from_millis(4_200)).await;
    let file = server.data().join("lanyard.db");
    let mut other = lock(&file).await;
    calling.write_all(b" ").unwrap();
    let mut answer = [0; 15];
    calling.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    // Until after the 5 s of grace, and for less than a write waits.
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert!(!server.row(held.session).await.1, "not yet");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(ended(server.child()).await.code(), Some(0));
    assert!(server.row(held.session).await.1, "confirmed");
    drop(unfinished);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start();
    let mut unfinished = TcpStream::connect(server.address()).unwrap();
    unfinished.write_all(b"POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    tell(server.child());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.child().try_wait().unwrap(), None, "somebody is still being served");
    tell(server.child());
    assert_eq!(ended(server.child()).await.code(), Some(143));
}
