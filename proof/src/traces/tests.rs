//! A disagreement is found.

use lanyard_auth::rotation::Limits;
use lanyard_testbed::Harness;
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use super::*;

/// Walks until one shows that the servers' durations are not the model's.
async fn finds(wrong: impl Fn(Durations) -> Durations) -> bool {
    let site = Site::<SqliteFile>::open().await.unwrap();
    for seed in 0..50 {
        let config = roam::config(seed).unwrap();
        let steps = search::walk(&config, seed, STEPS).unwrap();
        let durations = wrong(Durations::of(&config));
        match replay(&site, &config, durations, &steps, &mut Tally::default()).await {
            Ok(()) => {}
            Err(error) if error.is::<Differs>() => return true,
            Err(error) => panic!("{error:#}"),
        }
    }
    false
}

#[tokio::test]
async fn servers_with_other_durations_than_the_model_are_found() {
    let tick = crate::model::config::TICK;
    let with = |durations: Durations, limits: Limits| Durations { limits, ..durations };
    assert!(finds(|it| with(it, Limits { settle: it.limits.settle - tick, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { retry_window: it.limits.retry_window + tick, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { idle: it.limits.idle + tick, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { absolute: it.limits.absolute + tick, ..it.limits })).await);
    assert!(finds(|it| Durations { access: it.access + tick, ..it }).await);
    assert!(!finds(|it| it).await);
}

async fn bug_by_bug<D: Harness>() {
    let site = Site::<D>::open().await.unwrap();
    for exhibit in exhibits::all() {
        assert!(!exhibit.buggy.is_empty(), "{:?} breaks no law", exhibit.planted.bug);
        replay_exhibit(&site, &exhibit, &mut Tally::default()).await.unwrap();
    }
}

#[tokio::test]
async fn every_planted_bug_is_told_apart_on_sqlite() {
    bug_by_bug::<SqliteFile>().await;
}

#[tokio::test]
async fn every_planted_bug_is_told_apart_on_postgres() {
    bug_by_bug::<PostgresDatabase>().await;
}
