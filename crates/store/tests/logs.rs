//! At its most talkative, the log holds no value of either database, nor its URL. A crate of its own, since the
//! drivers' threads log to the process's one subscriber.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::{KeyId, Salt, SecretHash};
use lanyard_auth::scope::Role;
use lanyard_auth::store::{EndReason, Guard, NewSession, NewUser, Rotation, SessionId, UserId};
use lanyard_auth::time::{Clock, Timestamp};
use lanyard_testbed::cluster::Fresh;
use uuid::Uuid;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_value_is_ever_logged() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .init();

    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("lanyard.db").display());
    exercise(&url).await;
    log.assert_silent();

    let fresh = Fresh::make().await;
    exercise(&fresh.url().replace('?', "?password=hunter2&")).await;
    for url in ["postgres://u:1?ada@127.0.0.1/d", "postgres://u:hunter2@127.0.0.1:1/d"] {
        assert!(lanyard_store::open(url, Clock::System).await.is_err());
    }
    log.assert_silent();
}

impl Log {
    /// Nothing of what [`exercise`] wrote is in it; it is emptied.
    fn assert_silent(&self) {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap().to_lowercase();
        assert!(text.contains("insert into sessions"), "the log was talkative");
        for value in ["ada", "hunter2", "abab", "cdcd", "eeee", "efef", "eded", "238, 238", "239, 239"] {
            assert!(!text.contains(value), "{value} is in the log");
        }
    }
}

async fn exercise(url: &str) {
    let store = lanyard_store::open(url, Clock::System).await.unwrap().store;
    let id = UserId(Uuid::from_bytes([0xAB; 16]));
    let sid = SessionId(Uuid::from_bytes([0xCD; 16]));
    let new = NewUser {
        id,
        email: "ada@example.com".into(),
        name: "Ada Lovelace".into(),
        password_hash: PasswordHash::from_stored("$argon2id$hunter2".into()),
        role: Role::User,
        idempotency: None,
    };
    let user = store.create_user(&new, &By::default()).await.unwrap();
    store.create_user(&new, &By::default()).await.unwrap_err();
    store
        .create_user(&NewUser { email: "ada2@example.com".into(), ..new.clone() }, &By::default())
        .await
        .unwrap_err();
    store.credentials(&new.email).await.unwrap().unwrap();
    let session = NewSession {
        sid,
        user_id: id,
        user_version: user.version,
        secret_hash: SecretHash([0xEE; 32]),
        kid: KeyId(1),
        absolute: Duration::from_secs(60),
        device: Device::default(),
    };
    store.create_session(&session, &[]).await.unwrap().unwrap();
    let rotation = Rotation {
        seen: Guard { sid, generation: 0, confirmed: true },
        presented: SecretHash([0xEE; 32]),
        next: SecretHash([0xEF; 32]),
        salt: Salt([0xED; 16]),
        kid: KeyId(1),
        recoveries: 1,
        not_after: Timestamp(i64::MAX),
        moved: None,
        device: Device::default(),
    };
    store.rotate(&rotation).await.unwrap().unwrap();
    store.session(sid).await.unwrap().unwrap();
    store.end_sessions(&[sid], EndReason::SignedOut, &By::default()).await.unwrap();
}
