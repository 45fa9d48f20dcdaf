//! The file itself: who may read it, what it holds, how it is written, and that it does not grow.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard_auth::device::Device;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::{MasterKeys, RefreshToken, Salt};
use lanyard_auth::store::{NewSession, Rotation};
use lanyard_auth::time::{Clock, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::conformance::{Harness as _, new_session, rotation, seen, session, user};
use lanyard_testbed::sqlite::SqliteFile;

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let db = SqliteFile::fresh().await;
    user(&*db.store(), 1).await;
    let files = db.files();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} has mode {mode:o}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_may_bring_it_up_to_date_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lanyard.db");
        let empty = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        empty.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap().close().await.unwrap();
        let url = format!("sqlite:{}", path.display());
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { lanyard_store::open(&url, Clock::System).await.map(drop) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn it_is_in_wal_mode() {
    let db = SqliteFile::fresh().await;
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut db.connect().await).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn no_secret_is_ever_in_it() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let random = Random::seeded(1);
    let keys = MasterKeys::new(&[7; 32], &[]);
    let ada = user(&*store, 1).await;
    let sid = crate::conformance::sid(5);
    let mut tokens = vec![keys.first(sid, &random).unwrap()];
    let new = NewSession { secret_hash: tokens[0].hash(), kid: keys.current(), ..new_session(&ada, 5) };
    store.create_session(&new, &[]).await.unwrap().unwrap();

    for generation in 0..3_u32 {
        let parent = tokens.last().unwrap().clone();
        let salt = Salt(random.bytes().unwrap());
        let next = keys.successor(&parent, keys.current(), generation + 1, &salt).unwrap();
        let rotation = Rotation {
            seen: seen(sid, generation, generation == 0),
            presented: parent.hash(),
            next: next.hash(),
            salt,
            kid: keys.current(),
            recoveries: 0,
            not_after: Timestamp(i64::MAX),
            moved: None,
            device: Device::default(),
        };
        store.rotate(&rotation).await.unwrap().unwrap();
        tokens.push(next);
    }

    for checkpointed in [false, true] {
        if checkpointed {
            db.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
        let stored: Vec<u8> = db.files().into_iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
        let holds = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
        for token in &tokens {
            let (text, secret) = text_and_secret(token);
            assert!(!holds(text.as_bytes()) && !holds(&text.as_bytes()[40..76]) && !holds(&secret));
        }
        assert!(holds(&tokens[3].hash().0), "the search finds what is there");
    }
}

fn text_and_secret(token: &RefreshToken) -> (String, Vec<u8>) {
    let text = token.text().reveal().to_owned();
    let raw = URL_SAFE_NO_PAD.decode(text.strip_prefix("lrt1_").unwrap()).unwrap();
    (text, raw[24..56].to_vec())
}

#[tokio::test]
async fn rotations_do_not_make_it_grow() {
    let db = SqliteFile::fresh().await;
    let store = db.store();
    let sid = session(&*store, &user(&*store, 1).await, 5).await;
    let mut after_10 = 0;
    for generation in 0..2_000_u32 {
        let rotation = rotation(seen(sid, generation, generation == 0), generation.to_le_bytes()[0]);
        store.rotate(&rotation).await.unwrap().unwrap();
        if generation == 9 {
            after_10 = size(&db).await;
        }
    }
    assert!(after_10 > 0);
    assert_eq!(size(&db).await, after_10);
}

/// Bytes of the database's file with everything in it.
async fn size(db: &SqliteFile) -> u64 {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    db.path().metadata().unwrap().len()
}
