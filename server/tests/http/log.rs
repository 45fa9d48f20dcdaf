//! A log that can't be written: a line of it is lost, and nothing else is.

use std::fs::File;
use std::io::{self, Read as _};
use std::process::Stdio;
use std::time::Duration;

use crate::answer::send;
use crate::person::{Held, me, refresh, register};
use crate::server::{Server, lanyard};

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn without_a_reader() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Somebody stays signed in over several rotations, and what another server ends is noticed.
async fn goes_on(server: Server) {
    let mut held = register(&server).await;
    assert_eq!(send(server.get("/health/live")).await.status, 204);
    for _ in 0..5 {
        server.age(held.session, Duration::from_secs(121)).await;
        held = Held::from_cookies(&refresh(&server, &held.cookies()).await);
        assert_eq!(me(&server, &held.access).await.status, 200);
    }
    assert_eq!(server.row(held.session).await.2, None, "the session lives");
    // Longer than the pauses at which what others end is looked for.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(send(server.get("/health/ready")).await.status, 200);
    server.command(&["sessions", "end", &held.session.to_string()], "");
    let mut looks = 0..100;
    while me(&server, &held.access).await.status == 200 {
        looks.next().expect("the end of a session is noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(send(server.get("/health/ready")).await.status, 200);
}

#[tokio::test]
async fn a_full_disk_signs_nobody_out() {
    goes_on(Server::start_logging_to(full, &[])).await;
}

#[tokio::test]
async fn a_pipe_without_a_reader_signs_nobody_out() {
    goes_on(Server::start_logging_to(without_a_reader, &[])).await;
}

/// A pipe takes 64 kB; what comes after is lost until its reader goes on, and then says so.
#[tokio::test]
async fn a_reader_that_stands_still_holds_up_nobody() {
    let (mut reader, writer) = io::pipe().unwrap();
    let server = Server::start_logging_to(move || writer.try_clone().unwrap().into(), &[]);
    for _ in 0..300 {
        assert_eq!(send(server.get("/health/live")).await.status, 204);
    }
    let read = tokio::task::spawn_blocking(move || {
        let (mut text, mut part) = (String::new(), [0; 4096]);
        while !text.contains("lines of the log could not be written") {
            let length = reader.read(&mut part).unwrap();
            assert!(length > 0, "nothing is said of what was lost");
            text.push_str(&String::from_utf8_lossy(&part[..length]));
        }
    });
    while !read.is_finished() {
        send(server.get("/health/live")).await;
    }
    read.await.unwrap();
    goes_on(server).await;
}

/// Not even a server whose standard output is gone says so by ending.
#[tokio::test]
async fn what_can_not_be_shown_at_start_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = lanyard();
    command.args(["--demo", "--addr", &address.to_string(), "--data-dir"]).arg(folder.path().join("data"));
    let mut child = command.stdout(without_a_reader()).stderr(full()).spawn().unwrap();
    let mut tries = 0..400;
    loop {
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        if reqwest::get(format!("http://{address}/health/live")).await.is_ok_and(|it| it.status() == 204) {
            break;
        }
        tries.next().expect("it listens before long");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// 101 is what a panic ends with.
#[tokio::test]
async fn a_command_that_can_not_say_what_it_has_to_ends_quietly() {
    let server = Server::start();
    register(&server).await;
    let data = server.data();
    let code = |arguments: &[&str], stdout: Stdio, stderr: Stdio| {
        let mut command = lanyard();
        command.args(arguments).arg("--data-dir").arg(&data).stdout(stdout).stderr(stderr);
        command.status().unwrap().code()
    };
    for list in [&["user", "list"][..], &["user", "list", "--json"], &["sessions", "list"], &["migrate"]] {
        assert_eq!(code(list, without_a_reader(), Stdio::null()), Some(0), "{list:?}");
        assert_eq!(code(list, full(), full()), Some(1), "{list:?}");
    }
    for (refused, expected) in
        [(&["user", "kick", "nobody"][..], 1), (&["--addr", "nowhere"], 2), (&["--settle", "1s"], 2)]
    {
        assert_eq!(code(refused, without_a_reader(), full()), Some(expected), "{refused:?}");
        assert_eq!(code(refused, full(), without_a_reader()), Some(expected), "{refused:?}");
    }
    for help in [&["--help"][..], &["--version"]] {
        assert_ne!(code(help, without_a_reader(), full()), Some(101), "{help:?}");
    }
}

/// What `RUST_LOG` says when it says nothing, or nothing that can be used.
#[tokio::test]
async fn an_empty_or_unusable_rust_log_counts_as_none() {
    for (text, told) in [("", false), (" ", false), ("lanyard=loud", true)] {
        let server = Server::start_after(&format!("export RUST_LOG='{text}'"), &[]);
        send(server.get("/health/live")).await;
        let log = server.log();
        assert!(log.contains("answered"), "{text:?} silences the log: {log}");
        assert_eq!(log.contains("note: RUST_LOG"), told, "{text:?}: {log}");
    }
}
