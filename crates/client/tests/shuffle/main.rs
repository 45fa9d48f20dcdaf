//! Shuffled histories of several tabs with one browser and one server. `world` holds the invariants.
// Clippy's exemption for tests does not reach their helpers.
#![allow(clippy::cast_possible_truncation, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod server;
mod world;

use proptest::prelude::*;
use world::{LIFETIME, World};

/// One thing that happens. The numbers choose a tab or a request, modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Action {
    Advance(u64),
    GrantLock,
    Serve(usize),
    SetCookies(usize),
    Deliver(usize),
    Fail(usize, bool),
    Hear(usize),
    MissNews(usize),
    Call(usize),
    SignIn(usize),
    SignOut(usize),
    Renew(usize),
    Wake(usize, bool),
    HideOrShow(usize),
    Reload(usize),
    Close(usize),
    KillBrowser,
    KickOut(usize),
    JumpClock(i64),
}

fn action() -> impl Strategy<Value = Action> {
    let which = 0..6_usize;
    prop_oneof![
        6 => prop_oneof![0..300_u64, 300..5_000_u64, 5_000..90_000_u64].prop_map(Action::Advance),
        8 => Just(Action::GrantLock),
        8 => which.clone().prop_map(Action::Serve),
        2 => which.clone().prop_map(Action::SetCookies),
        8 => which.clone().prop_map(Action::Deliver),
        2 => (which.clone(), any::<bool>()).prop_map(|(w, b)| Action::Fail(w, b)),
        5 => which.clone().prop_map(Action::Hear),
        1 => which.clone().prop_map(Action::MissNews),
        6 => which.clone().prop_map(Action::Call),
        3 => which.clone().prop_map(Action::SignIn),
        2 => which.clone().prop_map(Action::SignOut),
        2 => which.clone().prop_map(Action::Renew),
        2 => (which.clone(), any::<bool>()).prop_map(|(w, b)| Action::Wake(w, b)),
        2 => which.clone().prop_map(Action::HideOrShow),
        1 => which.clone().prop_map(Action::Reload),
        1 => which.clone().prop_map(Action::Close),
        1 => Just(Action::KillBrowser),
        1 => which.prop_map(Action::KickOut),
        1 => (-260_000_000..260_000_000_i64).prop_map(Action::JumpClock),
    ]
}

fn act(world: &mut World, action: Action) {
    let tabs = world.tabs.len();
    match action {
        Action::Advance(by) => world.advance(by),
        Action::GrantLock => world.grant_lock(),
        Action::Serve(which) => world.serve(which),
        Action::SetCookies(which) => world.set_cookies(which),
        Action::Deliver(which) => world.deliver(which),
        Action::Fail(which, busy) => world.fail(which, busy),
        Action::Hear(tab) => world.deliver_announcement(tab % tabs),
        Action::MissNews(tab) => world.lose_announcement(tab % tabs),
        Action::Call(tab) => world.call(tab % tabs),
        Action::SignIn(tab) => world.sign_in(tab % tabs),
        Action::SignOut(tab) => world.sign_out(tab % tabs),
        Action::Renew(tab) => world.renew(tab % tabs),
        Action::Wake(tab, online) => world.wake(tab % tabs, online),
        Action::HideOrShow(tab) => world.hide_or_show(tab % tabs),
        Action::Reload(tab) => world.reload(tab % tabs),
        Action::Close(tab) => world.close(tab % tabs),
        Action::KillBrowser => world.kill_browser(),
        Action::KickOut(which) => world.kick_out(which),
        Action::JumpClock(by) => world.jump_wall_clock(by),
    }
}

proptest! {
    #[test]
    fn any_history_keeps_the_invariants_and_comes_to_rest(
        tabs in 1..4_usize,
        locks in any::<bool>(),
        lifetime in prop_oneof![4 => Just(LIFETIME), 1 => Just(0), 1 => Just(900), 1 => 1_000..5_000_u64],
        actions in prop::collection::vec(action(), 1..120),
    ) {
        let mut world = World::new(tabs, locks, lifetime);
        for action in actions {
            act(&mut world, action);
        }
        world.settle();
    }
}
