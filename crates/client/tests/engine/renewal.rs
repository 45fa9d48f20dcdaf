//! Pattern B, failures and waiting.

use lanyard_client::*;

use crate::tab::*;

#[test]
fn without_a_hint_nothing_is_renewed_at_start() {
    let (tab, effects) = Tab::boot(None);
    assert_eq!(effects, []);
    assert_eq!(tab.shows(), None);
}

#[test]
fn a_hint_restores_the_session_without_naming_it() {
    let (mut tab, effects) = Tab::boot(Some(ADA));
    assert!(takes_lock(&effects));
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendRefresh { attempt: Attempt(1), session: None }));
    let effects = tab.grant(Attempt(1), ADA);
    assert!(effects.contains(&Effect::Adopt { serial: Serial(1), cause: Cause::Restored }));
    assert!(releases_lock(&effects));
}

#[test]
fn the_timer_renews_at_a_random_point_of_the_lifetime() {
    let mut points = Vec::new();
    for random in (0..200).map(|n| n * 7_919) {
        let (mut tab, _) = Tab::boot(Some(ADA));
        let attempt = tab.win_lock();
        tab.now.random = random;
        points.extend(timer(&tab.grant(attempt, ADA)));
    }
    assert!(points.iter().all(|point| (LIFETIME * 6 / 10..=LIFETIME * 9 / 10).contains(point)));
    assert!(points.iter().min() < Some(&(LIFETIME * 65 / 100)));
    assert!(points.iter().max() > Some(&(LIFETIME * 85 / 100)));
}

#[test]
fn the_timer_sends_the_session_it_believes_in_and_renews_once() {
    let mut tab = Tab::ada();
    assert!(!takes_lock(&tab.after(LIFETIME * 6 / 10 - 1)));
    assert!(takes_lock(&tab.after(1)));
    assert!(!takes_lock(&tab.after(1)), "one at a time");
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendRefresh { attempt: Attempt(2), session: Some(ADA) }));
    let effects = tab.grant(Attempt(2), ADA);
    assert!(effects.contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Timer }));
}

#[test]
fn with_the_timer_off_nothing_is_renewed_by_itself() {
    let mut tab = Tab::ada_with(Patterns { timer: false, interceptor: true });
    assert_eq!(tab.after(LIFETIME * 3), []);
    assert_eq!(tab.give(Input::Woke(Wake::Visible)), []);
}

#[test]
fn a_failure_signs_nobody_out_and_is_tried_again_ever_later() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let mut attempt = tab.win_lock();
    tab.now.random = u64::MAX / 2;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let effects = tab.fails(attempt, None);
        assert!(releases_lock(&effects), "the lock is not held while resting");
        assert!(effects.contains(&Effect::RenewalFailed { status: Some(503) }));
        assert_eq!(tab.shows(), Some(mark(ADA)));
        let pause = tab.engine.retry_in(&tab.now).unwrap();
        pauses.push(pause);
        assert_eq!(tab.engine.failed_renewals() as usize, pauses.len());
        assert!(!takes_lock(&tab.after(pause - 1)));
        assert!(takes_lock(&tab.after(1)));
        attempt = tab.win_lock();
    }
    assert!(pauses.iter().all(|pause| (500..=30_000).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause > 5_000), "{pauses:?}");
}

#[test]
fn retry_after_is_honoured_and_waking_does_not_cut_it_short() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    tab.fails(attempt, Some(20_000));
    assert!(!takes_lock(&tab.give(Input::Woke(Wake::Online))));
    assert!(!takes_lock(&tab.after(19_999)));
    assert!(takes_lock(&tab.after(1_001)));
}

#[test]
fn waking_tries_at_once() {
    for wake in [Wake::Online, Wake::Visible] {
        let mut tab = Tab::ada();
        tab.after(LIFETIME);
        let attempt = tab.win_lock();
        tab.now.random = 999;
        tab.fails(attempt, None);
        assert!(!takes_lock(&tab.after(1)));
        assert!(takes_lock(&tab.give(Input::Woke(wake))));
    }
}

#[test]
fn expiry_is_noticed_on_waking_up() {
    let mut tab = Tab::ada();
    tab.sleep(LIFETIME * 10);
    assert!(takes_lock(&tab.give(Input::Woke(Wake::Visible))));
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Woke }));
}

#[test]
fn a_refresh_that_hangs_is_aborted_after_t_and_its_late_answer_dropped() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    assert!(!tab.after(TIMEOUT - 1).contains(&Effect::Abort { attempt }));
    let effects = tab.after(1);
    assert!(effects.contains(&Effect::Abort { attempt }) && releases_lock(&effects));
    assert!(!tab.grant(attempt, ADA).iter().any(|effect| matches!(effect, Effect::Adopt { .. })));
}

#[test]
fn on_waking_an_overdue_refresh_is_aborted_first_and_sent_anew() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    tab.sleep(3_600_000);
    let effects = tab.give(Input::Woke(Wake::Visible));
    assert_eq!(effects.first(), Some(&Effect::Abort { attempt }));
    assert!(takes_lock(&effects));
}

#[test]
fn a_400_of_ours_stops_and_is_shown() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let (call, _) = tab.call();
    let attempt = tab.win_lock();
    let effects = tab.refreshed(attempt, RefreshAnswer::Refused);
    assert!(effects.contains(&Effect::RenewalRefused));
    assert_eq!(rejects(&effects, call), Some(Rejection::Refused));
    assert_eq!(timer(&effects), None, "nothing is tried again");
    assert!(tab.engine.is_refused());
    let (call, effects) = tab.call();
    assert_eq!(rejects(&effects, call), Some(Rejection::Refused));
    assert!(takes_lock(&tab.give(Input::Renew)), "a person may try");
}

#[test]
fn a_person_may_renew_at_any_time() {
    let mut tab = Tab::ada();
    assert!(takes_lock(&tab.give(Input::Renew)));
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Asked }));
}

#[test]
fn a_page_from_the_back_forward_cache_is_blank_until_checked() {
    let mut tab = Tab::ada();
    tab.give(Input::Renew);
    let attempt = tab.win_lock();
    let effects = tab.give(Input::Hidden);
    assert!(effects.contains(&Effect::Abort { attempt }) && releases_lock(&effects));
    assert_eq!(tab.after(LIFETIME), [], "nothing is begun in there");
    let effects = tab.give(Input::Woke(Wake::Shown));
    assert!(takes_lock(&effects) && !effects.contains(&Effect::Unveil));
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Unveil));
}

#[test]
fn a_page_that_left_with_a_fresh_badge_is_checked_too() {
    let mut tab = Tab::ada();
    tab.give(Input::Hidden);
    let effects = tab.give(Input::Woke(Wake::Shown));
    assert!(!effects.contains(&Effect::Unveil));
    assert!(takes_lock(&tab.after(timer(&effects).unwrap())));
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Unveil));
}

#[test]
fn a_page_from_the_back_forward_cache_whose_session_is_gone_shows_so_at_once() {
    let mut tab = Tab::ada();
    tab.give(Input::Hidden);
    tab.now.hint = None;
    let effects = tab.give(Input::Woke(Wake::Shown));
    assert!(effects.contains(&Effect::Ended(EndReason::SignedOut)) && effects.contains(&Effect::Unveil));
}

#[test]
fn a_page_that_can_not_be_checked_takes_the_hints_word() {
    let mut tab = Tab::ada();
    tab.give(Input::Hidden);
    tab.sleep(1_000);
    tab.give(Input::Woke(Wake::Shown));
    let attempt = tab.win_lock();
    assert!(tab.fails(attempt, None).contains(&Effect::Unveil));
}
