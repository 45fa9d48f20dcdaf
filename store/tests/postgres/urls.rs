//! Database URLs, good and bad.

use lanyard_auth::store::StoreError;
use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, PostgresStore, open};

use lanyard_testbed::cluster::Fresh;

async fn refused(url: &str) -> OpenError {
    let error = open(url, Clock::System).await.err().expect(url);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    error
}

#[tokio::test]
async fn the_scheme_picks_the_database() {
    let fresh = Fresh::make().await;
    let url = fresh.url();
    let rest = url.split_once("://").unwrap().1;
    for scheme in ["postgres", "postgresql"] {
        open(&format!("{scheme}://{rest}"), Clock::System).await.unwrap().store.now().await.unwrap();
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_refused_without_a_word_of_it() {
    for url in [
        "postgres:",
        "postgres:hunter2",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@h:99999/d",
        "postgres://u:hunter2@h/d?sslmode=hunter2",
        "postgres://u:hunter2@h/d?port=hunter2",
        // A password that was not escaped: the driver would log what it takes for a parameter.
        "postgres://u:1?hunter2@h/d",
        "postgres://u:1#hunter2@h/d",
        "postgres://u:1?sslmode=require&hunter2@h/d",
    ] {
        assert!(matches!(refused(url).await, OpenError::NotPostgres), "{url}");
    }
    assert!(matches!(PostgresStore::open("sqlite:x").await, Err(OpenError::NotPostgres)));
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "postgres://u:hunter2@127.0.0.1:1/d".to_owned(),
        format!("postgres://u:hunter2@localhost/d?host={}", folder.path().display()),
    ] {
        let error = refused(&url).await;
        let OpenError::Store(StoreError::Unavailable(text)) = &error else { panic!("{error}") };
        assert!(text.contains("refused") || text.contains("No such file"), "{text}");
    }
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let fresh = Fresh::make().await;
    let url = fresh.url().replace(fresh.name(), "not_here");
    let error = refused(&url).await;
    assert!(error.to_string().contains("\"not_here\" does not exist"), "{error}");
}
