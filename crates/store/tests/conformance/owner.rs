//! What an owner sees and changes of his sessions and of himself.

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::{EndReason, NewSession, Rotation, User, UserId};
use uuid::Uuid;

use super::{Harness, MILLISECOND, new_session, rotation, row, seen, session, sid, user};

fn device(n: u8) -> Device {
    Device {
        browser: Some(format!("Browser {n}")),
        system: Some(format!("System {n}")),
        network: Some(format!("192.0.{n}.*")),
    }
}

pub async fn a_session_knows_where_it_was_last_rotated(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let new = NewSession { device: device(1), ..new_session(&ada, 5) };
    store.create_session(&new, &[]).await.unwrap().unwrap();
    assert_eq!(row(&*store, new.sid).await.device, device(1));

    let moved = Rotation { device: device(2), ..rotation(seen(new.sid, 0, true), 6) };
    store.rotate(&moved).await.unwrap().unwrap();
    assert_eq!(row(&*store, new.sid).await.device, device(2));
    // Who was not told it knows nothing, rather than what was.
    store.rotate(&rotation(seen(new.sid, 1, false), 7)).await.unwrap().unwrap();
    assert_eq!(row(&*store, new.sid).await.device, Device::default());
}

pub async fn a_session_is_named_by_its_owner_alone(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let sid = session(&*store, &ada, 5).await;
    let other = session(&*store, &ada, 6).await;
    assert!(store.label_session(ada.id, sid, Some("The \u{202e}<b>laptop</b>")).await.unwrap());
    let named = row(&*store, sid).await;
    assert_eq!(named.label.as_deref(), Some("The \u{202e}<b>laptop</b>"));
    assert!(row(&*store, other).await.label.is_none());

    let unchanged = db.dump().await;
    assert!(!store.label_session(grace.id, sid, Some("mine")).await.unwrap());
    assert!(!store.label_session(ada.id, super::sid(99), Some("none")).await.unwrap());
    assert_eq!(db.dump().await, unchanged);

    store.rotate(&rotation(seen(sid, 0, true), 7)).await.unwrap().unwrap();
    assert!(row(&*store, sid).await.label.is_some(), "a rotation leaves it alone");
    assert!(store.label_session(ada.id, sid, None).await.unwrap());
    assert!(row(&*store, sid).await.label.is_none());
}

pub async fn all_other_sessions_end_but_one(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let [kept, first, second, over] = [6, 5, 7, 8];
    for n in [kept, first, second, over] {
        session(&*store, &ada, n).await;
    }
    store.end_sessions(&[sid(over)], EndReason::SignedOut, &By::default()).await.unwrap();
    let bystander = session(&*store, &grace, 9).await;
    db.pass(MILLISECOND).await;

    let ended = store.end_other_sessions(ada.id, sid(kept), EndReason::EndedElsewhere, &By::default()).await;
    let mut ended = ended.unwrap();
    ended.sort();
    assert_eq!(ended, [sid(first), sid(second)]);
    for n in [first, second] {
        let ended = row(&*store, sid(n)).await.ended.unwrap();
        assert_eq!((ended.at, ended.reason), (db.now(), EndReason::EndedElsewhere));
    }
    assert_eq!(row(&*store, sid(over)).await.ended.unwrap().reason, EndReason::SignedOut);
    for live in [sid(kept), bystander] {
        assert!(row(&*store, live).await.ended.is_none());
    }
    assert_eq!(store.rotate(&rotation(seen(sid(first), 0, true), 10)).await.unwrap(), None);
    // Nobody's session is kept: all end.
    let ended =
        store.end_other_sessions(ada.id, bystander, EndReason::EndedElsewhere, &By::default()).await.unwrap();
    assert_eq!(ended, [sid(kept)]);
}

pub async fn a_user_is_renamed(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let sid = session(&*store, &ada, 5).await;
    let renamed = User { name: "Ada, Countess of Lovelace".into(), ..ada.clone() };
    assert_eq!(
        store.rename_user(ada.id, &renamed.name, &By::default()).await.unwrap(),
        Some(renamed.clone())
    );
    assert_eq!(row(&*store, sid).await.user, renamed);
    assert_eq!(store.credentials(&grace.email).await.unwrap().unwrap().user, grace);
    assert_eq!(store.rename_user(UserId(Uuid::nil()), "Nobody", &By::default()).await.unwrap(), None);
}
