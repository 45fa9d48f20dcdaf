//! Pattern A, the interceptor.

use lanyard_client::*;

use crate::tab::*;

const TIMER_OFF: Patterns = Patterns { timer: false, interceptor: true };
const BOTH_OFF: Patterns = Patterns { timer: false, interceptor: false };

#[test]
fn a_good_badge_goes_out_at_once() {
    let mut tab = Tab::ada();
    let (call, effects) = tab.call();
    assert!(effects.contains(&Effect::Send { call, replay: false }));
    assert!(tab.answer(call, CallAnswer::Other).contains(&Effect::Deliver(call)));
}

#[test]
fn a_401_renews_and_sends_the_call_again_once() {
    let mut tab = Tab::ada_with(TIMER_OFF);
    tab.sleep(LIFETIME * 2);
    let (call, effects) = tab.call();
    assert!(effects.contains(&Effect::Send { call, replay: false }), "the old badge goes out");
    assert!(takes_lock(&tab.answer(call, CallAnswer::Stale)));
    let attempt = tab.win_lock();
    let effects = tab.grant(attempt, ADA);
    assert!(effects.contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Unauthorized }));
    assert!(effects.contains(&Effect::Send { call, replay: true }));
    assert!(tab.answer(call, CallAnswer::Stale).contains(&Effect::Deliver(call)), "not twice");
}

#[test]
fn many_401s_cost_one_renewal() {
    let mut tab = Tab::ada_with(TIMER_OFF);
    tab.sleep(LIFETIME * 2);
    let calls: Vec<_> = (0..20).map(|_| tab.call().0).collect();
    let locks = calls.iter().filter(|call| takes_lock(&tab.answer(**call, CallAnswer::Stale))).count();
    assert_eq!(locks, 1);
    let attempt = tab.win_lock();
    let effects = tab.grant(attempt, ADA);
    assert!(calls.iter().all(|&call| effects.contains(&Effect::Send { call, replay: true })));
}

#[test]
fn a_401_for_an_older_serial_needs_no_renewal() {
    let mut tab = Tab::ada();
    let (call, _) = tab.call();
    tab.give(Input::Renew);
    let attempt = tab.win_lock();
    tab.grant(attempt, ADA);
    tab.sleep(1_000);
    let effects = tab.answer(call, CallAnswer::Stale);
    assert!(effects.contains(&Effect::Send { call, replay: true }));
    assert!(!takes_lock(&effects));
}

#[test]
fn with_both_patterns_off_a_401_is_the_answer() {
    let mut tab = Tab::ada_with(BOTH_OFF);
    tab.sleep(LIFETIME * 2);
    let (call, effects) = tab.call();
    assert!(effects.contains(&Effect::Send { call, replay: false }));
    let effects = tab.answer(call, CallAnswer::Stale);
    assert!(effects.contains(&Effect::Deliver(call)) && !takes_lock(&effects));
}

#[test]
fn with_the_timer_on_expiry_is_checked_before_a_call() {
    let mut tab = Tab::ada();
    tab.sleep(LIFETIME);
    let (call, effects) = tab.call();
    assert!(takes_lock(&effects) && !effects.contains(&Effect::Send { call, replay: false }));
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Send { call, replay: false }));
}

#[test]
fn a_call_waits_for_a_session_that_is_being_restored() {
    let (mut tab, _) = Tab::boot(Some(ADA));
    let (call, _) = tab.call();
    let attempt = tab.win_lock();
    assert!(tab.grant(attempt, ADA).contains(&Effect::Send { call, replay: false }));
}

#[test]
fn without_a_session_a_call_is_rejected() {
    let (mut tab, _) = Tab::boot(None);
    let (call, effects) = tab.call();
    assert_eq!(rejects(&effects, call), Some(Rejection::SignedOut));
}

#[test]
fn no_call_waits_for_ever() {
    let mut tab = Tab::ada();
    tab.sleep(LIFETIME);
    let (call, _) = tab.call();
    let attempt = tab.win_lock();
    tab.fails(attempt, Some(3_000_000));
    assert_eq!(rejects(&tab.after(2 * TIMEOUT + 4_999), call), None);
    assert_eq!(rejects(&tab.after(1), call), Some(Rejection::Unavailable));
}

#[test]
fn a_good_badge_goes_out_while_a_renewal_fails() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME * 6 / 10);
    let attempt = tab.win_lock();
    tab.fails(attempt, Some(60_000));
    let (call, effects) = tab.call();
    assert!(effects.contains(&Effect::Send { call, replay: false }));
}

#[test]
fn session_revoked_on_a_call_ends_the_session_and_clears_the_cookies() {
    let mut tab = Tab::ada();
    let (call, _) = tab.call();
    let (other, _) = tab.call();
    let effects = tab.answer(call, CallAnswer::Revoked(EndReason::KickedOut));
    assert!(effects.contains(&Effect::Deliver(call)));
    assert_eq!(rejects(&effects, other), Some(Rejection::SignedOut));
    assert_eq!(tab.ended(), Some(EndReason::KickedOut));
    assert!(logout(&tab.lock(false)).is_some());
}

#[test]
fn an_answer_to_a_call_that_was_given_up_is_dropped() {
    let mut tab = Tab::ada();
    let (call, _) = tab.call();
    tab.give(Input::SignOut);
    assert!(!tab.answer(call, CallAnswer::Other).contains(&Effect::Deliver(call)));
}
