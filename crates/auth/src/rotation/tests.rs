use proptest::prelude::*;

use super::*;

fn limits() -> impl Strategy<Value = Limits> {
    // From demos that live for a second to months, and always as `check` wants them.
    (30_u64..600_000, 0_u64..1_000_000, 1_u64..10_000_000, 0_u64..100_000_000).prop_map(
        |(window, margin, idle, absolute)| {
            let retry_window = Duration::from_millis(window);
            let settle = retry_window + 2 * (retry_window / 3) + Duration::from_millis(margin);
            let idle = settle + Duration::from_millis(idle);
            Limits { retry_window, settle, idle, absolute: idle + Duration::from_millis(absolute) }
        },
    )
}

fn relations() -> impl Strategy<Value = Relation> {
    prop_oneof![
        Just(Relation::Current),
        Just(Relation::Previous),
        Just(Relation::Older),
        Just(Relation::Ahead),
    ]
}

/// Ages at, and just beside, everything that matters, and anywhere else.
fn ages(limits: Limits) -> impl Strategy<Value = i64> {
    let edges = [0, millis(limits.retry_window), millis(limits.settle), -millis(limits.settle)];
    prop_oneof![
        (0..edges.len(), -1_i64..=1).prop_map(move |(at, beside)| edges[at] + beside),
        -2_000_000_i64..2_000_000,
        any::<i64>(),
    ]
}

fn cases() -> impl Strategy<Value = (Limits, Relation, i64, bool, u8)> {
    limits().prop_flat_map(|limits| (Just(limits), relations(), ages(limits), any::<bool>(), 0_u8..6))
}

proptest! {
    #[test]
    fn the_limits_of_these_tests_are_good(limits in limits()) {
        prop_assert_eq!(limits.check(), Ok(()));
    }

    #[test]
    fn the_newest_token_is_never_punished((limits, _, age, confirmed, recoveries) in cases()) {
        let decision = decide(Relation::Current, age, confirmed, recoveries, &limits);
        let settled = age >= millis(limits.settle) || age < -millis(limits.settle);
        prop_assert_eq!(decision, if settled { Decision::Rotate } else { Decision::Keep });
    }

    #[test]
    fn the_previous_token_is_judged_only_after_settling((limits, _, age, confirmed, recoveries) in cases()) {
        let decision = decide(Relation::Previous, age, confirmed, recoveries, &limits);
        let (window, settle) = (millis(limits.retry_window), millis(limits.settle));
        let expected = match age {
            _ if age < -settle && (confirmed || recoveries >= MAX_RECOVERIES) => Decision::Unknown,
            _ if age >= settle && confirmed => Decision::EndReused,
            _ if (-settle..window).contains(&age) => Decision::Repeat,
            _ if (window..settle).contains(&age) => Decision::Bridge,
            _ if recoveries < MAX_RECOVERIES => Decision::Recover,
            _ => Decision::EndUnconfirmed,
        };
        prop_assert_eq!(decision, expected);
    }

    #[test]
    fn older_and_unknown_tokens_get_nothing_at_any_time((limits, _, age, confirmed, recoveries) in cases()) {
        let older = decide(Relation::Older, age, confirmed, recoveries, &limits);
        let jumped = age < -millis(limits.settle);
        prop_assert_eq!(older, if jumped { Decision::Unknown } else { Decision::EndReused });
        let ahead = decide(Relation::Ahead, age, confirmed, recoveries, &limits);
        prop_assert_eq!(ahead, Decision::Unknown);
    }

    #[test]
    fn a_clock_that_jumped_back_ends_nothing((limits, relation, age, confirmed, recoveries) in cases()) {
        let age = age.min(-millis(limits.settle) - 1);
        let decision = decide(relation, age, confirmed, recoveries, &limits);
        prop_assert!(!matches!(decision, Decision::EndReused | Decision::EndUnconfirmed));
    }
}

#[test]
fn tokens_relate_by_hash_and_number() {
    let [a, b, c] = [1, 2, 3].map(|n| SecretHash([n; 32]));
    let row = Row { generation: 5, current: &a, previous: Some(&b) };
    assert_eq!(relate(row, 5, &a), Relation::Current);
    assert_eq!(relate(row, 4, &b), Relation::Previous);
    // After a recovery the previous token is two back, and the displaced one is one back.
    assert_eq!(relate(row, 3, &b), Relation::Previous);
    assert_eq!(relate(row, 4, &c), Relation::Older);
    assert_eq!(relate(row, 0, &c), Relation::Older);
    assert_eq!(relate(row, 5, &c), Relation::Ahead);
    assert_eq!(relate(row, 5, &b), Relation::Ahead);
    assert_eq!(relate(row, 6, &a), Relation::Ahead);
    assert_eq!(relate(Row { previous: None, generation: 0, ..row }, 0, &b), Relation::Ahead);
}

#[test]
fn limits_that_can_not_hold_are_refused() {
    let seconds = Duration::from_secs;
    let good = Limits {
        retry_window: seconds(30),
        settle: seconds(120),
        idle: seconds(600),
        absolute: seconds(900),
    };
    assert_eq!(good.check(), Ok(()));
    assert_eq!(good.client_timeout(), seconds(10));
    assert!(good.survives_killed_browsers());
    let check = |change: fn(&mut Limits)| {
        let mut limits = good;
        change(&mut limits);
        limits.check()
    };
    assert_eq!(check(|it| it.retry_window = Duration::ZERO), Err(BadLimits::Zero));
    assert_eq!(check(|it| it.retry_window = Duration::from_millis(2)), Err(BadLimits::WindowTooShort));
    assert_eq!(check(|it| it.settle = Duration::MAX), Err(BadLimits::TooLong));
    assert_eq!(check(|it| it.absolute = LONGEST + Duration::from_millis(1)), Err(BadLimits::TooLong));
    assert_eq!(check(|it| it.settle = Duration::from_millis(49_999)), Err(BadLimits::SettleTooShort));
    assert_eq!(check(|it| it.settle = Duration::from_secs(50)), Ok(()));
    assert_eq!(check(|it| it.idle = it.settle), Err(BadLimits::IdleWithinSettle));
    assert_eq!(check(|it| it.idle = Duration::from_secs(901)), Err(BadLimits::IdleAboveAbsolute));
    let short = Limits { settle: seconds(79), ..good };
    assert!(short.check().is_ok() && !short.survives_killed_browsers());
}
