//! The audit log: every change is in it, once, with who made it and from where.

use std::time::Duration;

use lanyard_auth::audit::{
    Actor, By, DISABLED, ENABLED, Entry, Event, Filter, NEW_BROWSER, NEW_NETWORK, NewEntry, RECOVERED,
    RENAMED,
};
use lanyard_auth::device::Device;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    EndReason, NewSession, Revocation, RoleChange, Rotation, SessionId, Store, StoreError, User, UserId,
};

use super::{
    Harness, MILLISECOND, SETTLE, START, close, new_session, new_user, password_change, rotation, row, seen,
    session, sid, user,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// So old, a notice is shown by every database.
const SHOWN_BY_THEN: Duration = Duration::from_secs(1);

fn device(browser: &str, network: &str) -> Device {
    let said = |text: &str| Some(text.to_owned());
    Device { browser: said(browser), system: said("Linux"), network: said(network) }
}

async fn all(db: &impl Harness) -> Vec<Entry> {
    some(db, Filter::default()).await
}

async fn some(db: &impl Harness, filter: Filter) -> Vec<Entry> {
    db.records().entries(&filter, 100).await.unwrap()
}

/// What each says, the oldest first.
fn told(entries: &[Entry]) -> Vec<(Event, Option<&str>)> {
    entries.iter().rev().map(|entry| (entry.event, entry.detail.as_deref())).collect()
}

async fn sign_in(store: &dyn Store, user: &User, n: u8, device: Device) -> SessionId {
    let new = NewSession { device, ..new_session(user, n) };
    store.create_session(&new, &[]).await.unwrap().unwrap();
    new.sid
}

pub async fn every_change_is_told_with_who_made_it_and_from_where(db: impl Harness) {
    let store = db.store();
    let grace = user(&*store, 2).await;
    store.set_role(grace.id, Role::Admin, &By::command_line()).await.unwrap();
    let by = By::admin(grace.id, device("Firefox", "192.0.2.*"));
    let ada = store.create_user(&new_user(1), &by).await.unwrap();
    let before = all(&db).await.len();

    let sids = [5, 6, 7, 8].map(sid);
    for n in [5, 6, 7, 8] {
        session(&*store, &ada, n).await;
    }
    store.rename_user(ada.id, "Ada L.", &by).await.unwrap();
    store.end_sessions(&[sids[0]], EndReason::KickedOut, &by).await.unwrap();
    store.end_other_sessions(ada.id, sids[1], EndReason::EndedElsewhere, &by).await.unwrap();
    store.set_role(ada.id, Role::Admin, &by).await.unwrap();
    close(&*store, ada.id).await;
    store.enable_user(ada.id, &by).await.unwrap();

    let entries = all(&db).await;
    let new = &entries[..entries.len() - before];
    let (ended, revoked) = (Some("ended_elsewhere"), Event::AuthnTokenRevoked);
    assert_eq!(
        told(&new[..new.len() - 4]),
        [
            (Event::UserUpdated, Some(RENAMED)),
            (revoked, Some("kicked_out")),
            (revoked, ended),
            (revoked, ended),
            (Event::AuthzChange, Some("admin")),
            (Event::UserUpdated, Some(DISABLED)),
            (revoked, Some("account_disabled")),
            (Event::UserUpdated, Some(ENABLED)),
        ]
    );
    let ada = db.records().user(ada.id).await.unwrap();
    let grace = db.records().user(grace.id).await.unwrap();
    for entry in new.iter().filter(|entry| entry.actor != Actor::Owner) {
        assert_eq!((&entry.user, &entry.admin, &entry.device), (&ada, &grace, &by.device), "{entry:?}");
        assert_eq!((entry.place.at, entry.is_live), (START, false), "{entry:?}");
    }
    let kicked_out = new.iter().find(|entry| entry.detail.as_deref() == Some("kicked_out")).unwrap();
    assert_eq!(kicked_out.session, Some(sids[0]));
}

pub async fn what_changes_nothing_is_not_told(db: impl Harness) {
    let store = db.store();
    let (ada, by) = (user(&*store, 1).await, By::default());
    let live = session(&*store, &ada, 5).await;
    store.end_sessions(&[live], EndReason::SignedOut, &by).await.unwrap();
    store.set_role(ada.id, Role::Admin, &by).await.unwrap();
    let before = all(&db).await;
    store.end_sessions(&[live, sid(99)], EndReason::KickedOut, &by).await.unwrap();
    store.end_if_seen(seen(live, 0, true), EndReason::TokenReused, &by.device).await.unwrap();
    store.end_other_sessions(ada.id, sid(98), EndReason::EndedElsewhere, &by).await.unwrap();
    store.set_role(ada.id, Role::Admin, &by).await.unwrap();
    store.set_role(ada.id, Role::User, &by).await.unwrap();
    store.disable_user(ada.id, &by).await.unwrap();
    store.enable_user(ada.id, &by).await.unwrap();
    store.create_user(&new_user(1), &by).await.unwrap_err();
    store.rename_user(UserId(uuid::Uuid::nil()), "Nobody", &by).await.unwrap();
    assert_eq!(all(&db).await, before);
}

pub async fn a_password_change_and_a_theft_are_told_to_their_person(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let (kept, stolen) = (session(&*store, &ada, 5).await, session(&*store, &ada, 6).await);
    store.end_if_seen(seen(stolen, 0, true), EndReason::TokenReused, &device("Chrome", "*")).await.unwrap();
    let change = password_change(&ada, kept, 9);
    store.change_password(&change).await.unwrap().unwrap();
    let other = session(&*store, &db.records().user(ada.id).await.unwrap().unwrap(), 7).await;

    db.pass(SHOWN_BY_THEN).await;
    let notices = db.records().notices(ada.id, other, DAY, 20).await.unwrap();
    // The oldest first.
    let events: Vec<_> = notices.iter().map(|notice| (notice.event, notice.is_live)).collect();
    assert_eq!(events, [(Event::AuthnTokenReuse, false), (Event::AuthnPasswordChange, true)]);
    assert_eq!((notices[0].actor, &notices[0].device), (Actor::Server, &device("Chrome", "*")));
    // The session that did it is not told.
    let notices = db.records().notices(ada.id, kept, DAY, 20).await.unwrap();
    assert_eq!(told(&notices), [(Event::AuthnTokenReuse, None)]);
}

pub async fn a_sign_in_from_where_its_person_never_was_says_so(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    sign_in(&*store, &grace, 1, device("Safari", "198.51.100.*")).await;
    let expected = [
        (device("Firefox", "192.0.2.*"), None),
        (device("Firefox", "192.0.2.*"), None),
        (device("Firefox", "198.51.100.*"), Some(NEW_NETWORK)),
        (device("Safari", "198.51.100.*"), Some(NEW_BROWSER)),
        (device("Safari", "192.0.2.*"), None),
        (Device::default(), Some(NEW_BROWSER)),
        (Device::default(), None),
    ];
    for (n, (device, detail)) in (10..).zip(expected) {
        let sid = sign_in(&*store, &ada, n, device.clone()).await;
        let entry = all(&db).await.remove(0);
        assert_eq!((entry.event, entry.detail.as_deref()), (Event::AuthnLoginSuccess, detail), "{n}");
        assert_eq!((entry.actor, entry.session), (Actor::Owner, Some(sid)), "{n}");
        assert_eq!((&entry.device, &entry.session_device), (&device, &device), "{n}");
        assert!(entry.is_live);
        db.pass(MILLISECOND).await;
    }
}

pub async fn where_only_disowned_sessions_came_from_stays_strange(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let (home, abroad) = (device("Firefox", "192.0.2.*"), device("Chrome", "198.51.100.*"));
    sign_in(&*store, &ada, 5, home).await;
    for (n, reason, again) in [
        (6, EndReason::EndedElsewhere, Some(NEW_BROWSER)),
        (7, EndReason::KickedOut, Some(NEW_BROWSER)),
        (8, EndReason::SignedOut, None),
        (9, EndReason::EndedElsewhere, None),
    ] {
        db.pass(MILLISECOND).await;
        let sid = sign_in(&*store, &ada, n, abroad.clone()).await;
        store.end_sessions(&[sid], reason, &By::owner(Device::default())).await.unwrap();
        db.pass(MILLISECOND).await;
        let sid = sign_in(&*store, &ada, n + 10, abroad.clone()).await;
        assert_eq!(told(&all(&db).await[..1]), [(Event::AuthnLoginSuccess, again)], "{reason:?}");
        store.end_sessions(&[sid], EndReason::KickedOut, &By::owner(Device::default())).await.unwrap();
    }
}

pub async fn the_first_sign_in_to_an_old_account_is_news(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    db.pass(DAY).await;
    sign_in(&*store, &ada, 5, device("Firefox", "192.0.2.*")).await;
    db.pass(MILLISECOND).await;
    sign_in(&*store, &grace, 6, device("Firefox", "192.0.2.*")).await;
    let signed_in = |detail| (Event::AuthnLoginSuccess, detail);
    assert_eq!(told(&all(&db).await[..2]), [signed_in(None), signed_in(Some(NEW_BROWSER))]);
}

/// Whoever it was is told of, whatever the stranger did before.
pub async fn a_network_from_which_somebody_failed_is_not_known_by_that(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = sign_in(&*store, &ada, 5, device("Firefox", "192.0.2.*")).await;
    let elsewhere = device("Firefox", "198.51.100.*");
    let (event, by) = (Event::AuthnLoginFail, By::server(elsewhere.clone()));
    store.record(&NewEntry { event, detail: None, user: Some(ada.id), session: None, by }).await.unwrap();
    let plain = rotation(seen(sid, 0, true), 6);
    store.rotate(&Rotation { device: elsewhere, moved: Some(NEW_NETWORK), ..plain }).await.unwrap().unwrap();
    assert_eq!(told(&all(&db).await[..1]), [(Event::SessionRenewed, Some(NEW_NETWORK))]);
}

pub async fn a_renewal_from_elsewhere_is_told_and_a_known_network_is_not(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = sign_in(&*store, &ada, 5, device("Firefox", "192.0.2.*")).await;
    let before = all(&db).await.len();
    let steps = [
        (device("Firefox", "198.51.100.*"), Some(NEW_NETWORK), 0),
        (device("Firefox", "192.0.2.*"), Some(NEW_NETWORK), 0),
        (device("Firefox", "198.51.100.*"), Some(NEW_NETWORK), 0),
        (device("Chrome", "198.51.100.*"), Some(NEW_BROWSER), 1),
        (device("Chrome", "198.51.100.*"), None, 0),
    ];
    for (n, (device, moved, recoveries)) in (0..).zip(steps) {
        let confirmed = row(&*store, sid).await.confirmed;
        let plain = rotation(seen(sid, u32::from(n), confirmed), 10 + n);
        store.rotate(&Rotation { device, moved, recoveries, ..plain }).await.unwrap().unwrap();
        db.pass(SETTLE).await;
    }
    let entries = all(&db).await;
    let renewed = |detail| (Event::SessionRenewed, Some(detail));
    assert_eq!(
        told(&entries[..entries.len() - before]),
        [renewed(NEW_NETWORK), renewed(RECOVERED), renewed(NEW_BROWSER)]
    );
    assert!(entries[..3].iter().all(|entry| entry.session == Some(sid) && entry.actor == Actor::Server));
    // Each tells where its session is now, until that is forgotten; what is about no session tells nothing.
    let here = |entry: &Entry| {
        if entry.session.is_some() { device("Chrome", "198.51.100.*") } else { Device::default() }
    };
    assert!(
        entries.len() > 4 && entries.iter().all(|entry| entry.session_device == here(entry)),
        "{entries:?}"
    );
    db.lose(sid).await;
    let forgotten = |entry: &Entry| entry.session_device == Device::default() && !entry.is_live;
    assert!(all(&db).await.iter().all(forgotten));
}

pub async fn entries_are_counted_for_their_person_and_time(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let fail = |user| NewEntry {
        event: Event::AuthnLoginFail,
        detail: None,
        user,
        session: None,
        by: By::owner(device("Firefox", "192.0.2.*")),
    };
    for user in [Some(ada.id), None, Some(ada.id), None, None] {
        store.record(&fail(user)).await.unwrap();
        db.pass(MILLISECOND).await;
    }
    let count = async |event, user, window| store.count_entries(event, user, window).await.unwrap();
    let failed = Event::AuthnLoginFail;
    assert_eq!(count(failed, Some(ada.id), DAY).await, 2);
    assert_eq!(count(failed, None, DAY).await, 3);
    assert_eq!(count(failed, Some(ada.id), 3 * MILLISECOND).await, 1);
    assert_eq!(count(failed, None, Duration::ZERO).await, 0);
    assert_eq!(count(Event::AuthnLoginFailMax, Some(ada.id), Duration::MAX).await, 0);
}

pub async fn every_filter_and_every_page_has_each_entry_once(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    // Several of each moment.
    for n in 10..22 {
        sign_in(&*store, if n % 3 == 0 { &grace } else { &ada }, n, device("Firefox", "192.0.2.*")).await;
        store.end_sessions(&[sid(n)], EndReason::SignedOut, &By::default()).await.unwrap();
        if n % 4 == 0 {
            db.pass(MILLISECOND).await;
        }
    }
    let whole = all(&db).await;
    assert_eq!(whole.len(), 26);
    assert!(whole.is_sorted_by(|newer, older| newer.place > older.place));
    let (user, event) = (Some(ada.id), Some(Event::AuthnTokenRevoked));
    let from = Some(START.after(MILLISECOND));
    let until = Some(START.after(3 * MILLISECOND));
    let plain = Filter::default();
    for filter in [
        plain,
        Filter { user, ..plain },
        Filter { event, ..plain },
        Filter { user, event, ..plain },
        Filter { from, ..plain },
        Filter { user, until, ..plain },
        Filter { event, from, until, ..plain },
    ] {
        let matches = |entry: &&Entry| {
            user.filter(|_| filter.user.is_some()).is_none_or(|id| entry.user.as_ref().unwrap().id == id)
                && filter.event.is_none_or(|event| entry.event == event)
                && filter.from.is_none_or(|from| entry.place.at >= from)
                && filter.until.is_none_or(|until| entry.place.at < until)
        };
        let expected: Vec<_> = whole.iter().filter(matches).cloned().collect();
        assert!(!expected.is_empty() && some(&db, filter).await == expected, "{filter:?}");
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = db.records().entries(&Filter { after, ..filter }, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            paged.extend(page);
        }
        assert_eq!(paged, expected, "{filter:?}");
    }
}

pub async fn a_notice_is_shown_in_each_session_until_it_was_seen_there(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let first = sign_in(&*store, &ada, 5, device("Firefox", "192.0.2.*")).await;
    let second = sign_in(&*store, &ada, 6, device("Chrome", "192.0.2.*")).await;
    sign_in(&*store, &grace, 7, device("Firefox", "192.0.2.*")).await;
    let of_grace = sign_in(&*store, &grace, 8, device("Chrome", "192.0.2.*")).await;
    let notices = async |user: &User, sid| {
        db.pass(SHOWN_BY_THEN).await;
        db.records().notices(user.id, sid, DAY, 20).await.unwrap()
    };

    let shown = notices(&ada, first).await;
    assert_eq!(told(&shown), [(Event::AuthnLoginSuccess, Some(NEW_BROWSER))]);
    assert_eq!((shown[0].session, shown[0].is_live), (Some(second), true));
    assert_eq!(notices(&ada, second).await, [], "it is about this session itself");
    assert_eq!(notices(&grace, of_grace).await, []);

    store.notices_seen(first, shown[0].place.id).await.unwrap();
    store.notices_seen(first, 0).await.unwrap();
    // Nobody has seen what is still to come.
    store.notices_seen(first, i64::MAX).await.unwrap();
    assert_eq!(notices(&ada, first).await, [], "seen stays seen");
    let third = sign_in(&*store, &ada, 9, device("Chrome", "192.0.2.*")).await;
    assert_eq!(notices(&ada, third).await, shown, "seen here is not seen there");
    let later = sign_in(&*store, &ada, 10, device("Safari", "192.0.2.*")).await;
    assert_eq!(notices(&ada, first).await[0].session, Some(later));
    db.pass(DAY + MILLISECOND).await;
    assert_eq!(notices(&ada, third).await, [], "too long ago");
}

pub async fn old_entries_are_removed_a_few_at_a_time_the_oldest_first(db: impl Harness) {
    let store = db.store();
    for n in 1..=5 {
        user(&*store, n).await;
        db.pass(MILLISECOND).await;
    }
    let whole = all(&db).await;
    assert_eq!(store.remove_entries(5 * MILLISECOND, 100).await.unwrap(), 0);
    assert_eq!(store.remove_entries(2 * MILLISECOND, 2).await.unwrap(), 2);
    assert_eq!(all(&db).await, whole[..3]);
    assert_eq!(store.remove_entries(2 * MILLISECOND, 2).await.unwrap(), 1);
    assert_eq!(all(&db).await, whole[..2]);
    assert_eq!(store.remove_entries(Duration::MAX, 2).await.unwrap(), 0);
}

/// A newer server wrote roles, reasons, events and actors that this one has no word for; `write` does as that one would, in
/// every row that there is of some.
pub async fn assert_newer_words_hide_nothing<H: Harness>(db: H, write: impl AsyncFnOnce(&H)) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    sign_in(&*store, &grace, 5, device("Firefox", "192.0.2.*")).await;
    let looks = sign_in(&*store, &grace, 6, device("Firefox", "192.0.2.*")).await;
    let news = sign_in(&*store, &grace, 7, device("Chrome", "192.0.2.*")).await;
    let ended = session(&*store, &ada, 8).await;
    store.end_sessions(&[ended], EndReason::SignedOut, &By::default()).await.unwrap();
    let before = all(&db).await;
    db.pass(SHOWN_BY_THEN).await;
    write(&db).await;

    let over = row(&*store, ended).await.ended.unwrap();
    assert_eq!((over.at, over.reason), (START, EndReason::KickedOut), "over, whatever for");
    let revoked = store.revocations(DAY, 10).await.unwrap();
    assert!(
        revoked.iter().any(|it| matches!(it, Revocation::Session { sid, .. } if *sid == ended)),
        "{revoked:?}"
    );

    let seen = db.records().user(ada.id).await.unwrap().unwrap();
    assert_eq!(seen.role, Role::User, "no more than everybody may do");
    assert_eq!(store.credentials(&ada.email).await.unwrap().unwrap().user, seen);
    assert_eq!(db.records().users(None, None, 10).await.unwrap().rows.len(), 2);
    let refused = store.rename_user(grace.id, "G", &By::admin(ada.id, Device::default())).await;
    assert!(matches!(refused, Err(StoreError::NotAdmin)), "{refused:?}");

    // However many of theirs are newer, a page is as full as it can be.
    let first = db.records().entries(&Filter::default(), 3).await.unwrap();
    assert_eq!(
        first.iter().map(|entry| entry.place).collect::<Vec<_>>(),
        before[..3].iter().map(|it| it.place).collect::<Vec<_>>()
    );
    let hers = some(&db, Filter { user: Some(grace.id), ..Filter::default() }).await;
    assert_eq!(
        hers.len(),
        before.iter().filter(|it| it.user.as_ref().is_some_and(|it| it.id == grace.id)).count()
    );
    db.pass(SHOWN_BY_THEN).await;
    let notices = db.records().notices(grace.id, looks, DAY, 1).await.unwrap();
    assert_eq!(notices.iter().map(|it| it.session).collect::<Vec<_>>(), [Some(news)]);

    assert!(matches!(store.set_role(ada.id, Role::User, &By::default()).await, Ok(RoleChange::Changed(_))));
}
