//! Several tabs: the lock and the news.

use lanyard_client::*;

use crate::tab::*;

#[test]
fn a_peers_badge_is_adopted_and_sends_what_waits() {
    let mut tab = Tab::ada();
    tab.sleep(LIFETIME);
    let (call, effects) = tab.call();
    assert!(takes_lock(&effects));
    let effects = tab.give(news(ADA, tab.now.wall - 5));
    assert!(effects.contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Peer }));
    assert!(effects.contains(&Effect::Send { call, replay: false }));
    assert!(releases_lock(&effects), "it stops asking for the lock");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Announce(_))), "no echo");
}

#[test]
fn an_older_or_dead_badge_of_a_peer_is_dropped() {
    let mut tab = Tab::ada();
    let adopts = |effects: &Effects| effects.iter().any(|effect| matches!(effect, Effect::Adopt { .. }));
    assert!(!adopts(&tab.give(news(ADA, tab.now.wall - 1_000))));
    tab.sleep(LIFETIME * 2);
    assert!(!adopts(&tab.give(news(ADA, tab.now.wall - LIFETIME - 1))));
}

#[test]
fn a_shorter_badge_near_the_absolute_limit_is_adopted_all_the_same() {
    let mut tab = Tab::ada();
    tab.sleep(1_000);
    let grant = Grant { lifetime: LIFETIME / 2, ..grant(ADA) };
    let effects = tab.give(Input::Peer(Announcement::Issued { grant, since: tab.now.wall }));
    assert!(effects.contains(&Effect::Adopt { serial: Serial(2), cause: Cause::Peer }));
}

#[test]
fn an_answer_that_a_peers_badge_has_overtaken_is_dropped() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    tab.sleep(100);
    tab.give(news(ADA, tab.now.wall));
    tab.sleep(100);
    let effects = tab.grant(attempt, ADA);
    let adopted = |effect: &Effect| matches!(effect, Effect::Adopt { .. } | Effect::Announce(_));
    assert!(!effects.iter().any(adopted) && releases_lock(&effects));
    assert_eq!(tab.engine.badge().map(|badge| badge.serial), Some(Serial(2)));
}

#[test]
fn news_of_another_session_are_ignored() {
    let mut tab = Tab::ada();
    tab.sleep(1_000);
    let effects = tab.give(news(GRACE, tab.now.wall));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Adopt { .. })));
    let gone = Announcement::Ended { mark: mark(GRACE), reason: EndReason::SignedOut };
    tab.give(Input::Peer(gone));
    assert_eq!(tab.shows(), Some(mark(ADA)));
}

#[test]
fn after_the_lock_was_contended_a_peers_news_is_waited_for() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let effects = tab.lock(true);
    assert_eq!(refresh(&effects), None);
    let effects = tab.give(news(ADA, tab.now.wall));
    assert!(releases_lock(&effects));
    assert_eq!(refresh(&tab.after(1_000)), None, "the peer's renewal is enough");
}

#[test]
fn without_news_the_winner_of_a_contended_lock_renews() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let effects = tab.lock(true);
    let wait = timer(&effects).unwrap();
    assert!(refresh(&tab.after(wait)).is_some());
}

#[test]
fn a_waiter_goes_on_without_the_lock_after_t_and_a_second() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    assert_eq!(refresh(&tab.after(TIMEOUT + 999)), None);
    let effects = tab.after(1);
    assert!(releases_lock(&effects) && refresh(&effects).is_some());
    let late = tab.give(Input::LockWon { turn: Turn(2), waited: true });
    assert!(late.contains(&Effect::ReleaseLock { turn: Turn(2) }), "a late grant is given back");
}

#[test]
fn a_renewal_is_announced_before_the_lock_is_given_back() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let effects = tab.grant(attempt, ADA);
    let position = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted);
    let announced = position(|effect| matches!(effect, Effect::Announce(_)));
    let released = position(|effect| matches!(effect, Effect::ReleaseLock { .. }));
    assert!(announced.is_some() && announced < released);
}

#[test]
fn a_peers_sign_out_stops_a_renewal_in_flight() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    let attempt = tab.win_lock();
    let gone = Announcement::Ended { mark: mark(ADA), reason: EndReason::SignedOut };
    let effects = tab.give(Input::Peer(gone));
    assert!(effects.contains(&Effect::Abort { attempt }) && releases_lock(&effects));
    assert_eq!(logout(&effects), None, "the other tab sends it");
    tab.grant(attempt, ADA);
    assert_eq!(tab.ended(), Some(EndReason::SignedOut));
}

#[test]
fn what_is_needed_is_looked_at_again_when_the_lock_is_won() {
    let mut tab = Tab::ada();
    tab.after(LIFETIME);
    tab.now.hint = None;
    let effects = tab.give(Input::LockWon { turn: Turn(2), waited: false });
    assert!(refresh(&effects).is_none() && releases_lock(&effects), "it has been signed out meanwhile");
}
