//! Database URLs, good and bad.

use lanyard_auth::time::Clock;
use lanyard_store::{OpenError, Place, SqliteStore, open, open_up_to_date};

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

#[tokio::test]
async fn a_path_stays_a_path() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a?b",
        "?mode=ro",
        "#c",
        "100%",
        "%2e%2e",
        "a b",
        "sqlite:x",
        "file:y",
        ":memory:",
        "größe 数",
        "-",
        "~",
    ] {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        // Two slashes at its beginning are one; a URL would lose both.
        for path in [folder.join("a.db"), format!("/{}/./b.db", folder.display()).into()] {
            let database = open(path.as_path(), Clock::System).await.unwrap();
            database.store.now().await.unwrap();
            assert!(path.is_file(), "{}", path.display());
            drop(database);
            open_up_to_date(path.as_path(), Clock::System).await.unwrap();
        }
        let found =
            std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
        assert!(
            found.iter().any(|name| name == "a.db") && found.iter().any(|name| name == "b.db"),
            "{found:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_is_no_utf_8_is_refused_by_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&odd).unwrap();
    let path = odd.join("lanyard.db");
    let Err(error) = open(path.as_path(), Clock::System).await else { panic!("it was opened") };
    assert!(matches!(&error, OpenError::NotUtf8(named) if *named == path), "{error}");
    assert_eq!(std::fs::read_dir(&odd).unwrap().count(), 0);
}

#[test]
fn a_place_shows_no_password() {
    assert_eq!(format!("{:?}", Place::from("postgres://u:hunter2@h/d")), "Url(..)");
}
