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
        // A password that was not escaped: the driver would log what it takes for a parameter.
        "postgres://u:1?hunter2@h/d",
        "postgres://u:1#hunter2@h/d",
        "postgres://u:1?sslmode=require&hunter2@h/d",
        "postgres://u:1?hunter2=3@h/d",
        "postgres://u:pass?hunter2",
        "postgres://u:1@h/d?hunter2%20or",
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

#[tokio::test]
async fn a_parameter_that_is_not_known_is_named_and_one_of_no_use_too() {
    for (url, name) in [
        ("postgres://u:hunter2@h/d?connect_timeout=hunter2", "connect_timeout"),
        ("postgres://u:hunter2@h/d?sslmode=require&pgbouncer=true", "pgbouncer"),
        ("postgres://h:5432/d?channel_binding=require", "channel_binding"),
        ("postgres:///d?host=/run/postgresql&schema=hunter2", "schema"),
    ] {
        let error = refused(url).await;
        assert!(
            matches!(&error, OpenError::UnknownParameter { name: it, .. } if it == name),
            "{url}: {error}"
        );
        assert!(
            error.to_string().contains(&format!("`{name}`")) && error.to_string().contains("sslmode"),
            "{error}"
        );
    }
    for (url, name) in [
        ("postgres://u:hunter2@h/d?sslmode=hunter2", "sslmode"),
        ("postgres://u:hunter2@h/d?application_name=x&port=hunter2", "port"),
        ("postgres://u:hunter2@h/d?hostaddr=hunter2", "hostaddr"),
        ("postgres://u:hunter2@h/d?target_session_attrs=hunter2", "target_session_attrs"),
        ("postgres://u:hunter2@h/d?target_session_attrs", "target_session_attrs"),
    ] {
        let error = refused(url).await;
        assert!(matches!(&error, OpenError::BadParameter(it) if it == name), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_can_be_written_is_looked_for_in_any_case() {
    let fresh = Fresh::make().await;
    for value in ["read-write", "primary", "any"] {
        let url = format!("{}&target_session_attrs={value}", fresh.url());
        open(&url, Clock::System).await.unwrap().store.writable().await.unwrap();
    }
    for value in ["standby", "read-only", "prefer-standby"] {
        let error = refused(&format!("{}&target_session_attrs={value}", fresh.url())).await;
        assert!(matches!(error, OpenError::Standby), "{value}: {error}");
    }
    for url in ["postgres://u:hunter2@h1,h2/d", "postgres://h1:1,h2:2/d", "postgres:///d?host=/a,/b"] {
        assert!(matches!(refused(url).await, OpenError::SeveralServers), "{url}");
    }
}
