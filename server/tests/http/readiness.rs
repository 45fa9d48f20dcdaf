//! `/health/ready` says that a write would succeed.

use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::answer::send;
use crate::person::{me, refresh, register};
use crate::server::Server;

/// It is asked now and then only, so a change takes a moment.
async fn becomes(server: &Server, status: u16) {
    for _ in 0..200 {
        if send(server.get("/health/ready")).await.status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never {status}: {}", server.log());
}

/// As a full disk does it, to the log as well: no file may grow any more.
#[tokio::test]
async fn a_server_that_can_not_write_is_not_ready_until_it_can() {
    let mut server = Server::start();
    let held = register(&server).await;
    becomes(&server, 200).await;
    let pid = Pid::from_child(server.child());
    let limit = |most: Option<u64>| {
        let old = prlimit(Some(pid), Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: most, ..old }).unwrap();
    };
    limit(Some(0));
    becomes(&server, 503).await;
    send(server.get("/health/ready")).await.assert_error(503, "unavailable");
    assert_eq!(send(server.get("/health/live")).await.status, 204);
    assert_eq!(me(&server, &held.access).await.status, 200);
    server.age(held.session, Duration::from_secs(121)).await;
    refresh(&server, &held.cookies()).await.assert_error(503, "unavailable");
    limit(None);
    becomes(&server, 200).await;
    assert_eq!(refresh(&server, &held.cookies()).await.status, 200);
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_not_ready() {
    use sqlx::ConnectOptions as _;

    let server = Server::start();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.data().join("lanyard.db"));
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    becomes(&server, 503).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    becomes(&server, 200).await;
}
