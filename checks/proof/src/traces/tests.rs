//! A disagreement is found. That there is none is the chapter itself.

use lanyard_auth::rotation::Limits;

use super::*;
use crate::model::config::TICK;

/// Whether one of some walks shows that the servers' durations are not the model's.
async fn finds(wrong: impl Fn(Durations) -> Durations) -> bool {
    let site = Site::<SqliteFile>::open().await.unwrap();
    for number in 0..180 {
        let seen = roam::walk(number).unwrap();
        let durations = wrong(Durations::of(&seen.config));
        match replay(&site, &seen, durations, &mut Tally::default()).await {
            Ok(()) => {}
            Err(error) if error.is::<Differs>() => return true,
            Err(error) => panic!("{error:#}"),
        }
    }
    false
}

#[tokio::test]
async fn servers_with_other_durations_than_the_model_are_found() {
    let with = |durations: Durations, limits: Limits| Durations { limits, ..durations };
    assert!(finds(|it| with(it, Limits { settle: it.limits.settle - TICK, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { retry_window: it.limits.retry_window + TICK, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { idle: it.limits.idle + TICK, ..it.limits })).await);
    assert!(finds(|it| with(it, Limits { absolute: it.limits.absolute + TICK, ..it.limits })).await);
    assert!(finds(|it| Durations { access: it.access + TICK, ..it }).await);
    assert!(!finds(|it| it).await);
}
