//! Behind PgBouncer, where that is installed.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, open, open_up_to_date};
use lanyard_testbed::cluster::Cluster;

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join("pgbouncer")).filter(|file| file.is_file()))
}

/// In front of `server`; returns once it listens, with its port.
async fn start(program: &Path, server: &Cluster, settings: &str) -> (Child, u16) {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let folder = server.folder();
    let file = folder.join("pgbouncer.ini");
    let text = format!(
        "[databases]\nlanyard = host={} user=lanyard\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = any\n{settings}\n",
        folder.display()
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(program);
    let owner = folder.metadata().unwrap();
    // It refuses to be root, as Postgres does.
    if owner.uid() != file.metadata().unwrap().uid() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let child = command.arg("-q").arg(&file).spawn().unwrap();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (child, port)
}

#[tokio::test]
async fn a_pooler_that_drops_what_belongs_to_a_connection_is_told_of() {
    let Some(program) = program() else {
        eprintln!("skipped: a_pooler_that_drops_what_belongs_to_a_connection_is_told_of (no pgbouncer here)");
        return;
    };
    let server = Cluster::throw_away().unwrap();
    server.database("lanyard").await;
    for mode in ["transaction", "session"] {
        for ignored in ["extra_float_digits", "extra_float_digits, options"] {
            let settings = format!("pool_mode = {mode}\nignore_startup_parameters = {ignored}");
            let (mut pooler, port) = start(&program, &server, &settings).await;
            let url = format!("postgres://lanyard@127.0.0.1:{port}/lanyard");
            let refused =
                [open(&url, Clock::System).await.err(), open_up_to_date(&url, Clock::System).await.err()];
            pooler.kill().unwrap();
            pooler.wait().unwrap();
            for error in refused {
                assert!(matches!(error, Some(OpenError::Pooler)), "{settings}: {error:?}");
            }
        }
    }
}
