//! How often the database is asked, and what else counts.

use lanyard_auth::Settings;
use lanyard_auth::access::{AccessTokens, SigningAlgorithm, SigningKey};
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::rotation::Limits;
use lanyard_testbed::Harness as _;
use lanyard_testbed::lost::LostAnswers;
use lanyard_testbed::sqlite::SqliteFile;

use super::*;

struct World {
    db: SqliteFile,
    store: Arc<LostAnswers>,
    tasks: Tasks,
    readiness: Readiness,
}

async fn world() -> World {
    let db = SqliteFile::fresh().await;
    let store = Arc::new(LostAnswers::new(db.store()));
    let algorithm = SigningAlgorithm::EdDsa;
    let key = SigningKey::from_pem(algorithm, &SigningKey::generate_pem(algorithm).unwrap()).unwrap();
    let seconds = Duration::from_secs;
    let settings = Settings {
        limits: Limits {
            retry_window: seconds(30),
            settle: seconds(120),
            idle: seconds(3600),
            absolute: seconds(3600),
        },
        access: AccessTokens::new(key, "https://lanyard.example", seconds(900)),
        keys: MasterKeys::new(&[7; 32], &[]),
        passwords: Passwords::new(Random::System, 1).unwrap(),
        clock: db.clock(),
        random: Random::System,
        immediate: None,
    };
    let service = Arc::new(Service::start(store.clone(), settings).await.unwrap());
    let tasks = Tasks::default();
    let readiness = Readiness::new(service, tasks.clone(), db.clock());
    World { db, store, tasks, readiness }
}

#[tokio::test]
async fn an_answer_holds_for_three_seconds() {
    let World { db, store, readiness, .. } = world().await;
    assert!(readiness.is_ready().await);
    store.away(true);
    assert!(readiness.is_ready().await, "nobody is asked again");
    db.pass(Duration::from_millis(2_999)).await;
    assert!(readiness.is_ready().await);
    db.pass(Duration::from_millis(1)).await;
    assert!(!readiness.is_ready().await);
    store.away(false);
    assert!(!readiness.is_ready().await);
    db.pass(FRESH).await;
    assert!(readiness.is_ready().await);
    // The clock was set back.
    store.away(true);
    db.set_time(Timestamp(0)).await;
    assert!(!readiness.is_ready().await);
}

#[tokio::test]
async fn a_task_that_is_down_is_not_ready() {
    let World { tasks, readiness, .. } = world().await;
    assert!(readiness.is_ready().await);
    let _task = tasks.spawn("fragile", Duration::MAX, |_| async { panic!("always") });
    while tasks.down().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!readiness.is_ready().await);
}
