//! A server that takes no writes: an old primary, a standby, or one that was made read-only.

use std::os::unix::fs::symlink;
use std::path::Path;

use lanyard_auth::audit::By;
use lanyard_auth::store::{Store as _, StoreError};
use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, PostgresStore, open, open_up_to_date};
use lanyard_testbed::cluster::Cluster;

use crate::conformance::new_user;

/// As a name that moves from one server to another.
fn points_to(name: &Path, cluster: &Cluster) {
    let next = name.with_extension("next");
    symlink(cluster.folder(), &next).unwrap();
    std::fs::rename(next, name).unwrap();
}

fn url(folder: &Path) -> String {
    format!("postgres://lanyard@localhost/lanyard?target_session_attrs=read-write&host={}", folder.display())
}

#[tokio::test]
async fn connections_to_an_old_primary_are_given_up_for_the_new_one() {
    let (old, new) = (Cluster::throw_away().unwrap(), Cluster::throw_away().unwrap());
    for server in [&old, &new] {
        server.database("lanyard").await;
        PostgresStore::open(&url(server.folder())).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("primary");
    points_to(&name, &old);
    let store = PostgresStore::open(&url(&name)).await.unwrap();
    // Several connections, all of them to the old one.
    let made = (0..8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.create_user(&new_user(n), &By::default()).await })
    });
    for made in made.collect::<Vec<_>>() {
        made.await.unwrap().unwrap();
    }
    old.read_only(true).await;
    points_to(&name, &new);
    for n in 8..24 {
        store.create_user(&new_user(n), &By::default()).await.unwrap();
    }
    store.writable().await.unwrap();
    let there = PostgresStore::open(&url(new.folder())).await.unwrap();
    assert!(there.credentials(&new_user(8).email).await.unwrap().is_some());
    assert!(store.credentials(&new_user(1).email).await.unwrap().is_none(), "nothing of the old one is read");
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_away_until_it_does() {
    let server = Cluster::throw_away().unwrap();
    server.database("lanyard").await;
    let store = PostgresStore::open(&url(server.folder())).await.unwrap();
    store.writable().await.unwrap();
    server.read_only(true).await;
    let error = store.writable().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(store.create_user(&new_user(1), &By::default()).await.is_err());
    let refused = open(&url(server.folder()), Clock::System).await.err().unwrap();
    assert!(matches!(refused, OpenError::ReadOnly), "{refused}");
    open_up_to_date(&url(server.folder()), Clock::System).await.unwrap();
    server.read_only(false).await;
    store.writable().await.unwrap();
    store.create_user(&new_user(1), &By::default()).await.unwrap();
}
