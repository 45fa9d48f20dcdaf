//! Definitive ends, and signing out.

use lanyard_client::*;

use crate::tab::*;

fn settles(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Settle(_)))
}

#[test]
fn a_definitive_end_says_why_tells_the_others_and_clears_the_cookies_under_the_same_lock() {
    for reason in [EndReason::Expired, EndReason::TokenReused, EndReason::KickedOut, EndReason::Unknown] {
        let mut tab = Tab::ada();
        tab.after(LIFETIME);
        let attempt = tab.win_lock();
        let effects = tab.refreshed(attempt, RefreshAnswer::Ended(reason));
        assert!(effects.contains(&Effect::Ended(reason)) && effects.contains(&Effect::Clear));
        let news = Announcement::Ended { mark: mark(ADA), reason };
        assert!(effects.contains(&Effect::Announce(news)));
        assert!(logout(&effects).is_some() && !releases_lock(&effects));
        assert_eq!(tab.ended(), Some(reason));
    }
}

#[test]
fn signing_out_deletes_the_hint_first_and_notes_what_is_owed() {
    let mut tab = Tab::ada();
    let effects = tab.give(Input::SignOut);
    let owed = Who { mark: mark(ADA), id: Some(ADA) };
    assert_eq!(effects[..2], [Effect::DropHint, Effect::Owe(owed)]);
    tab.now.hint = None;
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendLogout { attempt: Attempt(2), session: Some(ADA) }));
    let effects = tab.give(Input::LogoutAnswered { attempt: Attempt(2), answer: LogoutAnswer::Done });
    assert!(settles(&effects) && releases_lock(&effects));
}

#[test]
fn signing_out_wins_over_a_renewal_in_flight() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let effects = tab.give(Input::SignOut);
    assert!(effects.contains(&Effect::Abort { attempt }));
    assert!(logout(&effects).is_some(), "under the lock that is held already");
    let effects = tab.grant(attempt, ADA);
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Adopt { .. })).count(), 0);
    assert_eq!(tab.ended(), Some(EndReason::SignedOut));
}

#[test]
fn a_hint_that_a_late_answer_restores_brings_nobody_back() {
    let mut tab = Tab::ada();
    tab.give(Input::SignOut);
    tab.now.hint = Some(mark(ADA));
    tab.give(Input::Woke(Wake::Visible));
    assert_eq!(tab.shows(), None);
}

#[test]
fn offline_the_sign_out_is_sent_when_the_network_is_back() {
    let mut tab = Tab::ada();
    tab.give(Input::SignOut);
    tab.now.hint = None;
    let attempt = logout(&tab.lock(false)).unwrap();
    tab.now.random = 999;
    let failed = LogoutAnswer::Failed { retry_after: None };
    let effects = tab.give(Input::LogoutAnswered { attempt, answer: failed });
    assert!(!settles(&effects) && !takes_lock(&effects));
    assert!(takes_lock(&tab.give(Input::Woke(Wake::Online))));
    assert!(logout(&tab.lock(false)).is_some());
}

#[test]
fn what_is_owed_is_sent_after_a_reload_and_restores_nobody() {
    let owed = Some(Who { mark: mark(ADA), id: Some(ADA) });
    // A browser that was killed may have the hint back.
    for jar in [None, Some(ADA)] {
        let (mut tab, effects) = Tab::boot_with(jar, Patterns::default(), owed);
        assert_eq!(tab.shows(), None);
        assert_eq!(effects.contains(&Effect::DropHint), jar.is_some());
        assert!(logout(&tab.lock(false)).is_some());
    }
}

#[test]
fn a_sign_out_of_a_session_without_a_known_id_hits_no_other() {
    let owed = Some(Who { mark: mark(ADA), id: None });
    let (mut tab, effects) = Tab::boot_with(Some(GRACE), Patterns::default(), owed);
    assert!(settles(&effects));
    assert_eq!(logout(&tab.lock(false)), None);
}

#[test]
fn a_hint_that_vanishes_ends_the_session_here_without_a_request() {
    let mut tab = Tab::ada();
    tab.now.hint = None;
    let (call, effects) = tab.call();
    assert_eq!(rejects(&effects, call), Some(Rejection::SignedOut));
    assert!(effects.contains(&Effect::Ended(EndReason::SignedOut)));
    assert!(!takes_lock(&effects));
}

#[test]
fn signing_out_during_a_sign_in_signs_the_newcomer_out_again() {
    let mut tab = Tab::ada();
    tab.give(Input::SignIn(FormId(1)));
    tab.lock(false);
    tab.give(Input::SignOut);
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(2), grant: Some(grant(GRACE)) });
    assert!(effects.contains(&Effect::SendLogout { attempt: Attempt(3), session: Some(GRACE) }));
    assert_eq!(tab.shows(), None);
}

#[test]
fn signing_out_during_a_sign_in_whose_answer_is_lost_turns_the_newcomer_away() {
    let lost: [fn(&mut Tab) -> Effects; 2] =
        [|tab| tab.give(Input::SignInAnswered { attempt: Attempt(2), grant: None }), |tab| tab.after(30_000)];
    for lost in lost {
        let mut tab = Tab::ada();
        tab.give(Input::SignIn(FormId(1)));
        tab.lock(false);
        tab.give(Input::SignOut);
        tab.now.hint = Some(mark(GRACE));
        let effects = lost(&mut tab);
        assert!(effects.contains(&Effect::DropHint));
        assert!(effects.contains(&Effect::Owe(Who { mark: mark(GRACE), id: None })));
        assert!(logout(&effects).is_some());
        assert_eq!(tab.shows(), None);
    }
}

#[test]
fn a_sign_out_whose_tab_is_closed_is_sent_by_another() {
    let owed = Who { mark: mark(ADA), id: Some(ADA) };
    let mut tab = Tab::ada();
    (tab.now.hint, tab.now.owed) = (None, Some(owed));
    let gone = Announcement::Ended { mark: mark(ADA), reason: EndReason::SignedOut };
    assert!(takes_lock(&tab.give(Input::Peer(gone))));
    let effects = tab.lock(false);
    assert!(effects.contains(&Effect::SendLogout { attempt: Attempt(2), session: Some(ADA) }));
}

#[test]
fn a_newcomer_whom_another_tab_has_signed_out_already_is_signed_out_here() {
    let (mut tab, _) = Tab::boot(None);
    tab.give(Input::SignIn(FormId(1)));
    tab.lock(false);
    tab.now.owed = Some(Who { mark: mark(ADA), id: None });
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(ADA)) });
    assert!(effects.contains(&Effect::SendLogout { attempt: Attempt(2), session: Some(ADA) }));
    assert_eq!(tab.shows(), None);
}

#[test]
fn a_sign_out_that_its_own_tab_has_sent_is_not_sent_again() {
    let mut tab = Tab::ada();
    (tab.now.hint, tab.now.owed) = (None, Some(Who { mark: mark(ADA), id: Some(ADA) }));
    assert!(takes_lock(&tab.give(Input::Woke(Wake::Online))));
    tab.now.owed = None;
    let effects = tab.give(Input::LockWon { turn: Turn(2), waited: true });
    assert!(logout(&effects).is_none() && releases_lock(&effects));
}

#[test]
fn a_hint_of_a_session_that_was_signed_out_brings_nobody_back_in_any_tab() {
    let (mut tab, _) = Tab::boot(None);
    (tab.now.hint, tab.now.owed) = (Some(mark(ADA)), Some(Who { mark: mark(ADA), id: Some(ADA) }));
    tab.give(Input::Deadline);
    assert_eq!(tab.shows(), None);
}

#[test]
fn a_failing_sign_out_holds_up_no_other_accounts_renewals() {
    let owed = Some(Who { mark: mark(ADA), id: Some(ADA) });
    let (mut tab, _) = Tab::boot_with(Some(GRACE), Patterns::default(), owed);
    let attempt = tab.win_lock();
    let attempt = logout(&tab.grant(attempt, GRACE)).expect("Ada's, once Grace has her badge");
    let failed = LogoutAnswer::Failed { retry_after: Some(3_000_000) };
    tab.give(Input::LogoutAnswered { attempt, answer: failed });
    assert_eq!(tab.engine.retry_in(&tab.now), None, "it is no trouble of Grace's");
    assert!(takes_lock(&tab.after(LIFETIME)));
    tab.win_lock();
}

#[test]
fn an_answered_sign_out_settles_only_its_own_debt() {
    let mut tab = Tab::ada();
    tab.give(Input::SignOut);
    let first = logout(&tab.lock(false)).unwrap();
    tab.now.hint = Some(mark(GRACE));
    tab.give(Input::Deadline);
    tab.give(Input::SignOut);
    let effects = tab.give(Input::LogoutAnswered { attempt: first, answer: LogoutAnswer::Done });
    assert!(!effects.contains(&Effect::Settle(Who { mark: mark(GRACE), id: None })));
    assert!(logout(&effects).is_some(), "Grace's is sent next");
}

#[test]
fn a_sign_out_deletes_no_other_accounts_hint() {
    let (mut tab, _) = Tab::boot(None);
    tab.give(Input::SignIn(FormId(1)));
    tab.lock(false);
    tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(ADA)) });
    // A sign-in elsewhere overtook this one; its hint is here before this tab has looked again.
    tab.now.hint = Some(mark(GRACE));
    assert!(!tab.give(Input::SignOut).contains(&Effect::DropHint));
}

#[test]
fn a_sign_in_settles_what_was_owed_for_the_session_before() {
    let owed = Some(Who { mark: mark(ADA), id: Some(ADA) });
    let (mut tab, _) = Tab::boot_with(None, Patterns::default(), owed);
    tab.give(Input::SignIn(FormId(1)));
    tab.lock(false);
    tab.now.hint = Some(mark(GRACE));
    let effects = tab.give(Input::SignInAnswered { attempt: Attempt(1), grant: Some(grant(GRACE)) });
    assert!(settles(&effects));
    assert_eq!(logout(&effects), None, "its cookie came along and ended it");
}
