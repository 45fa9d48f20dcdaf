//! The model's own tests: what it is to catch it catches, and what it found is kept.
// Clippy's exemption for tests does not reach their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod kept;

use std::collections::BTreeSet;

use lanyard_proof::model::action::Outcome;
use lanyard_proof::model::bug::Bug;
use lanyard_proof::model::combinations::{COMBINATIONS, missing_pairs};
use lanyard_proof::model::config::Config;
use lanyard_proof::model::engine::{ENGINES, EngineSearch};
use lanyard_proof::model::law::Law;
use lanyard_proof::model::limits::{Expected, LIMITS};
use lanyard_proof::model::planted::PLANTED;
use lanyard_proof::model::search::{Search, replay, walk};
use lanyard_proof::model::world::Answer;

#[test]
fn every_planted_bug_is_found_where_nothing_is_found_without_it() {
    for bug in Bug::ALL {
        assert!(PLANTED.iter().any(|planted| planted.bug == bug), "{bug:?} is planted nowhere");
    }
    for planted in PLANTED {
        let found = planted.search(true);
        assert!(found.broken.contains(&planted.law), "{planted:?}: {found:?}");
        let config = Config { bug: Some(planted.bug), ..planted.config };
        let (_, last) = replay(&config, &found.trace).expect("a trace can be done again");
        // The last law is judged by what comes after.
        let breaks = last.broken.contains(planted.law) || planted.law == Law::Converges;
        assert!(breaks, "{planted:?} breaks nothing when it is done again");
        let without = Search { converge: 8, ..Search::of(planted.config) }.run();
        assert!(without.exhausted && without.broken.is_empty(), "{planted:?}: {without:?}");
    }
}

#[test]
fn every_law_has_a_bug_that_breaks_it() {
    for law in Law::ALL {
        assert!(PLANTED.iter().any(|planted| planted.law == law), "{} can't fail", law.name());
    }
}

#[test]
fn something_is_found_just_outside_each_limit_and_nothing_just_inside() {
    for limit in LIMITS {
        let found = limit.search(limit.config);
        match limit.expected {
            Expected::Broken(law) => assert!(found.broken.contains(&law), "{}: {found:?}", limit.name),
            Expected::Reached(_) => {
                assert!(found.broken.is_empty() && !found.trace.is_empty(), "{}: {found:?}", limit.name);
            }
        }
        if let Some(inside) = limit.inside {
            let found = limit.search(inside);
            assert!(found.exhausted && found.trace.is_empty(), "inside {}: {found:?}", limit.name);
        }
    }
}

#[test]
fn every_two_parts_meet_in_a_combination() {
    assert_eq!(missing_pairs(COMBINATIONS), []);
    assert!(!missing_pairs(&COMBINATIONS[1..]).is_empty(), "the first combination is needed by nobody");
}

/// What the combinations hold is worth something only if everything that a server can do happens in them. Walks hardly
/// ever see an unconfirmed session end; that searches do is asked for by the chapter itself.
#[test]
fn walks_see_everything_that_a_server_does() {
    let mut seen = BTreeSet::new();
    for combination in COMBINATIONS {
        for seed in 0..60 {
            for step in walk(&combination.config, seed, 120).unwrap() {
                assert!(step.after.broken.is_empty(), "{}: {:?}", combination.name, step.after.broken);
                seen.insert(kind(step.outcome));
            }
        }
    }
    let all = [
        "answered 200",
        "answered 204",
        "answered 401 ended",
        "answered 401 expired",
        "answered 401 reused",
        "answered 401 unknown",
        "answered 409",
        "answered 503",
        "begun",
        "confirmed",
        "decided EndReused",
        "decided Recover",
        "decided Rotate",
        "not confirmed",
        "raced",
        "silent",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

fn kind(outcome: Outcome) -> String {
    match outcome {
        Outcome::Silent => "silent".to_owned(),
        Outcome::Begun => "begun".to_owned(),
        Outcome::Raced => "raced".to_owned(),
        Outcome::Confirmed(true) => "confirmed".to_owned(),
        Outcome::Confirmed(false) => "not confirmed".to_owned(),
        Outcome::Decided(decision) => format!("decided {decision:?}"),
        Outcome::Answered(answer) => {
            let status = match answer {
                Answer::Granted { .. } => "200",
                Answer::SignedOut => "204",
                Answer::Ended(_) => "401 ended",
                Answer::Expired => "401 expired",
                Answer::Reused => "401 reused",
                Answer::Unknown => "401 unknown",
                Answer::Changed => "409",
                Answer::Unavailable => "503",
            };
            format!("answered {status}")
        }
    }
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let config = COMBINATIONS[0].config;
    let actions = |seed| walk(&config, seed, 50).unwrap().iter().map(|step| step.action).collect::<Vec<_>>();
    assert_eq!(actions(7), actions(7));
    assert_ne!(actions(7), actions(8));
    let (_, last) = replay(&config, &actions(7)).expect("a walk can be done again");
    assert_eq!(last, walk(&config, 7, 50).unwrap().pop().unwrap().after);
}

/// The real engine's tabs meet the same bugs; so its worlds are not idle ones.
#[test]
fn the_real_engine_meets_the_planted_bugs() {
    let (_, unlocked) = ENGINES[2];
    for bug in [Bug::NoCompare, Bug::ConfirmAtFirstUse, Bug::ConfirmWithoutHint, Bug::CookieInRule4] {
        let mut setting = unlocked;
        setting.config.bug = Some(bug);
        let found = EngineSearch { setting, rest: 0, steps: 2_000_000 }.run();
        assert!(found.broken.is_some(), "{bug:?}: {found:?}");
    }
}
