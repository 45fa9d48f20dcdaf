//! The account can change under a tab; signing in.

use lanyard_client::*;

use crate::tab::*;

#[test]
fn a_hint_of_another_session_drops_what_waits_and_starts_as_the_new_account() {
    let mut tab = Tab::ada();
    tab.sleep(LIFETIME);
    let (waiting, _) = tab.call();
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.give(Input::Woke(Wake::Visible));
    assert_eq!(rejects(&effects, waiting), Some(Rejection::AccountChanged));
    assert!(effects.contains(&Effect::Clear) && effects.contains(&Effect::AccountChanged));
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendRefresh { attempt: Attempt(2), session: None }));
    tab.grant(Attempt(2), GRACE);
    assert_eq!(tab.shows(), Some(mark(GRACE)));
}

#[test]
fn what_was_meant_for_ada_never_goes_out_as_grace() {
    let mut tab = Tab::ada();
    tab.now.hint = Some(mark(GRACE));
    let (call, effects) = tab.call();
    assert_eq!(rejects(&effects, call), Some(Rejection::AccountChanged));

    let mut tab = Tab::ada();
    tab.now.hint = Some(mark(GRACE));
    tab.give(Input::SignOut);
    assert_eq!(tab.shows(), Some(mark(GRACE)), "nor does Ada's sign-out");
}

#[test]
fn a_call_goes_out_only_as_the_account_whose_page_it_was_made_on() {
    let mut tab = Tab::ada();
    tab.now.hint = Some(mark(GRACE));
    tab.give(Input::Woke(Wake::Visible));
    let attempt = tab.win_lock();
    tab.grant(attempt, GRACE);
    let effects = tab.give(Input::Call { call: CallId(7), made_for: Some(mark(ADA)) });
    assert_eq!(rejects(&effects, CallId(7)), Some(Rejection::AccountChanged));
    let effects = tab.give(Input::Call { call: CallId(8), made_for: Some(mark(GRACE)) });
    assert!(effects.contains(&Effect::Send { call: CallId(8), replay: false }));
    tab.give(Input::SignOut);
    let effects = tab.give(Input::Call { call: CallId(9), made_for: Some(mark(GRACE)) });
    assert_eq!(rejects(&effects, CallId(9)), Some(Rejection::SignedOut));
}

#[test]
fn a_refresh_for_the_old_account_is_aborted() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.refreshed(attempt, RefreshAnswer::Changed);
    assert!(effects.contains(&Effect::AccountChanged) && releases_lock(&effects) && takes_lock(&effects));
}

#[test]
fn session_changed_while_the_hint_lags_is_tried_again_later() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let effects = tab.refreshed(attempt, RefreshAnswer::Changed);
    assert!(!takes_lock(&effects) && tab.engine.retry_in(&tab.now).is_some());
}

#[test]
fn signing_in_takes_the_lock_and_brings_a_badge() {
    let (mut tab, _) = Tab::boot(None);
    assert!(takes_lock(&tab.give(Input::SignIn(FormId(7)))));
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendSignIn { attempt: Attempt(1), form: FormId(7) }));
    tab.now.hint = Some(mark(ADA));
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(ADA)) });
    assert!(effects.contains(&Effect::Adopt { serial: Serial(1), cause: Cause::SignIn }));
    assert!(releases_lock(&effects));
}

#[test]
fn a_refused_sign_in_changes_nothing() {
    let (mut tab, _) = Tab::boot(None);
    tab.give(Input::SignIn(FormId(7)));
    tab.lock(false);
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: None });
    assert!(releases_lock(&effects));
    assert_eq!(tab.shows(), None);
}

#[test]
fn signing_in_over_somebody_drops_his_calls() {
    let mut tab = Tab::ada();
    let (call, _) = tab.call();
    tab.give(Input::SignIn(FormId(7)));
    tab.lock(false);
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(2), grant: Some(grant(GRACE)) });
    assert_eq!(rejects(&effects, call), Some(Rejection::AccountChanged));
    assert!(!effects.contains(&Effect::AccountChanged), "one's own sign-in is no surprise");
    assert_eq!(tab.shows(), Some(mark(GRACE)));
}

#[test]
fn a_browser_that_keeps_no_cookie_is_told_once_the_hint_had_time_to_show() {
    let (mut tab, _) = Tab::boot(None);
    tab.give(Input::SignIn(FormId(7)));
    tab.lock(false);
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(ADA)) });
    assert!(!effects.contains(&Effect::CookieRefused));
    let effects = tab.after(timer(&effects).unwrap());
    assert!(effects.contains(&Effect::CookieRefused));
    assert!(!tab.after(1_000).contains(&Effect::CookieRefused), "once");
    assert_eq!(tab.shows(), Some(mark(ADA)), "the badge is good while it lasts");
}

#[test]
fn without_cookies_nothing_is_renewed_and_the_end_says_why() {
    for patterns in [Patterns::default(), Patterns { timer: false, interceptor: true }] {
        let (mut tab, _) = Tab::boot_with(None, patterns, None);
        tab.give(Input::SignIn(FormId(7)));
        tab.lock(false);
        tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(ADA)) });
        tab.after(1_000);
        assert!(!takes_lock(&tab.after(LIFETIME - 3_000)), "past the timer's point");
        let (call, _) = tab.call();
        let effects = tab.answer(call, CallAnswer::Stale);
        assert!(effects.contains(&Effect::Deliver(call)) && !takes_lock(&effects), "a 401 is the answer");
        let effects = tab.give(Input::Renew);
        assert!(!takes_lock(&effects), "not even when asked for");
        assert_eq!(timer(&effects), Some(1_000));
        let effects = tab.after(1_000);
        assert!(effects.contains(&Effect::Ended(EndReason::CookieRefused)) && !takes_lock(&effects));
        assert_eq!(tab.ended(), Some(EndReason::CookieRefused));
    }
}

#[test]
fn a_session_that_a_sign_in_replaced_waits_for_the_newcomers_cookies() {
    let replaced = RefreshAnswer::Ended(EndReason::Replaced);
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let effects = tab.refreshed(attempt, replaced);
    assert!(releases_lock(&effects) && logout(&effects).is_none(), "those are not Ada's to clear");
    assert_eq!(tab.ended(), None, "nor is the page left");
    assert!(!takes_lock(&tab.give(Input::Renew)));
    tab.now.hint = Some(mark(GRACE));
    assert!(tab.give(Input::Deadline).contains(&Effect::AccountChanged));

    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let wait = timer(&tab.refreshed(attempt, replaced)).unwrap();
    let effects = tab.after(wait);
    assert!(effects.contains(&Effect::Ended(EndReason::Replaced)), "nobody came");
    assert!(logout(&tab.lock(false)).is_some());
}

#[test]
fn cookies_that_nobody_asked_to_have_cleared_are_cleared_only_under_the_lock() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = refresh(&tab.after(TIMEOUT + 1_000)).expect("another tab signs in, and takes its time");
    let effects = tab.refreshed(attempt, RefreshAnswer::Ended(EndReason::KickedOut));
    assert!(takes_lock(&effects) && logout(&effects).is_none());
    assert_eq!(tab.after(60_000), [], "it waits for as long as it takes");
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.lock(true);
    assert_eq!((logout(&effects), tab.shows()), (None, Some(mark(GRACE))));
    let attempt = refresh(&tab.after(timer(&effects).unwrap())).expect("Grace's");
    let effects = tab.grant(attempt, GRACE);
    assert!(logout(&effects).is_none() && releases_lock(&effects), "there is nothing of Ada's to clear");
}

#[test]
fn somebody_who_signs_in_in_another_tab_appears_here_too() {
    let (mut tab, _) = Tab::boot(None);
    tab.now.hint = Some(mark(ADA));
    let effects = tab.give(news(ADA, tab.now.wall));
    assert!(effects.contains(&Effect::Adopt { serial: Serial(1), cause: Cause::Peer }));
    assert_eq!(timer(&effects).is_some(), !takes_lock(&effects), "no refresh of its own");
}
