//! Database URLs, good and bad.

use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, SqliteStore, open};

async fn refused(url: &str) -> OpenError {
    match open(url, Clock::System).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_scheme_picks_the_database() {
    let folder = tempfile::tempdir().unwrap();
    for (form, name) in [("sqlite:", "a.db"), ("sqlite://", "b.db"), ("sqlite:", "100% # a file:b.db")] {
        let path = folder.path().join(name);
        let database = open(&format!("{form}{}", path.display()), Clock::System).await.unwrap();
        database.store.now().await.unwrap();
        assert!(path.is_file(), "{}", path.display());
    }
    for url in ["mysql://u:hunter2@h/d", "lanyard.db", "", "SQLITE", ":"] {
        assert!(matches!(refused(url).await, OpenError::UnknownScheme), "{url}");
    }
    let other = SqliteStore::open("postgres://u:hunter2@h/d", Clock::System).await;
    assert!(matches!(other, Err(OpenError::UnknownScheme)));
}

#[tokio::test]
async fn a_refusal_names_no_password() {
    for url in ["mysql://u:hunter2@h/d", "sqlite://u:hunter2@h/d?x"] {
        let error = refused(url).await;
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_url_names_a_file_and_nothing_else() {
    for url in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite://:memory:", "sqlite:a.db?mode=ro"] {
        assert!(matches!(refused(url).await, OpenError::NotAFile), "{url}");
    }
}
