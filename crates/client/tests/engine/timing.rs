//! Clocks that jump, lifetimes that are too long or too short.

use lanyard_client::*;

use crate::tab::*;

fn granted(lifetime: u64) -> (Tab, Effects) {
    let (mut tab, _) = Tab::boot(Some(ADA));
    let attempt = tab.win_lock();
    let effects = tab.refreshed(attempt, RefreshAnswer::Granted(Grant { lifetime, ..grant(ADA) }));
    (tab, effects)
}

#[test]
fn a_monotonic_clock_that_stops_in_sleep_does_not_keep_a_badge_young() {
    let mut tab = Tab::ada();
    tab.now.wall += LIFETIME;
    assert!(takes_lock(&tab.give(Input::Woke(Wake::Visible))));
}

#[test]
fn a_wall_clock_that_is_set_back_does_not_keep_a_badge_young() {
    let mut tab = Tab::ada();
    tab.now.wall = 0;
    tab.now.monotonic += LIFETIME;
    assert!(takes_lock(&tab.give(Input::Deadline)));
}

#[test]
fn clocks_that_jump_back_age_nothing() {
    let mut tab = Tab::ada();
    tab.now.wall = 0;
    tab.now.monotonic = 0;
    let effects = tab.give(Input::Deadline);
    assert!(!takes_lock(&effects));
    assert!(timer(&effects).is_some_and(|wait| wait <= LIFETIME));
}

#[test]
fn long_lifetimes_do_not_overflow_a_timer() {
    for lifetime in [i32::MAX as u64, u32::MAX as u64, u32::MAX as u64 * 1_000, u64::MAX] {
        let (mut tab, effects) = granted(lifetime);
        let wait = timer(&effects).unwrap();
        assert!(wait <= i32::MAX as u64);
        let effects = tab.after(wait);
        assert!(timer(&effects).is_some(), "it sleeps on, or renews");
    }
}

#[test]
fn tiny_lifetimes_do_not_spin() {
    for lifetime in [0, 1, 100] {
        let (mut tab, mut effects) = granted(lifetime);
        let mut refreshes = 0;
        let start = tab.now.monotonic;
        while tab.now.monotonic < start + 300_000 {
            // A renewal may be wanted in the very step that brought a badge.
            if takes_lock(&effects) {
                refreshes += 1;
                assert!(refreshes <= 20, "{refreshes} in {} ms", tab.now.monotonic - start);
                let attempt = tab.win_lock();
                effects = tab.refreshed(attempt, RefreshAnswer::Granted(Grant { lifetime, ..grant(ADA) }));
            } else {
                effects = tab.after(timer(&effects).unwrap());
            }
        }
        assert!(refreshes >= 5, "{refreshes} in five minutes");
    }
}

#[test]
fn even_a_badge_without_life_is_tried() {
    let (mut tab, _) = Tab::boot(Some(ADA));
    let (call, _) = tab.call();
    let attempt = tab.win_lock();
    let effects = tab.refreshed(attempt, RefreshAnswer::Granted(Grant { lifetime: 0, ..grant(ADA) }));
    assert!(effects.contains(&Effect::Send { call, replay: false }));
}

#[test]
fn lifetimes_of_seconds_leave_room_for_rounding() {
    for lifetime in 1_000..8_000 {
        let (_, effects) = granted(lifetime);
        let wait = timer(&effects).unwrap();
        assert!(wait <= (lifetime - 1_000).max(lifetime / 2), "{lifetime}: {wait}");
    }
}
