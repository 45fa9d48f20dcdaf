//! What a user may do, and that somebody stays who may do everything.

use lanyard_auth::audit::By;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{Revocation, RoleChange, User};

use super::{Harness, MILLISECOND, START, user};

const WINDOW: std::time::Duration = std::time::Duration::from_secs(900);

fn changed(change: RoleChange) -> User {
    match change {
        RoleChange::Changed(user) => user,
        other => panic!("{other:?}"),
    }
}

pub async fn a_change_of_role_raises_the_authorisation_version_and_nothing_else(db: impl Harness) {
    let store = db.store();
    let ada = user(&*store, 1).await;
    let sid = super::session(&*store, &ada, 5).await;
    assert_eq!((ada.role, ada.authz_version), (Role::User, 0));
    let admin = changed(store.set_role(ada.id, Role::Admin, &By::default()).await.unwrap());
    assert_eq!(admin, User { role: Role::Admin, authz_version: 1, ..ada.clone() });
    assert_eq!(super::row(&*store, sid).await.user, admin);
    assert!(super::row(&*store, sid).await.ended.is_none());
    assert_eq!(
        store.set_role(ada.id, Role::Admin, &By::default()).await.unwrap(),
        RoleChange::Same(admin.clone())
    );
    assert_eq!(store.credentials(&ada.email).await.unwrap().unwrap().user, admin);

    let expected = Revocation::Authz { id: ada.id, version: 1, at: START };
    assert_eq!(store.revocations(WINDOW, 10).await.unwrap(), [expected]);
    db.pass(WINDOW + MILLISECOND).await;
    assert_eq!(store.revocations(WINDOW, 10).await.unwrap(), []);
}

pub async fn the_last_administrator_stays_one(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    changed(store.set_role(ada.id, Role::Admin, &By::default()).await.unwrap());
    assert_eq!(store.set_role(ada.id, Role::User, &By::default()).await.unwrap(), RoleChange::LastAdmin);
    changed(store.set_role(grace.id, Role::Admin, &By::default()).await.unwrap());
    // One whose account is closed is of no use.
    db.disable(grace.id).await;
    assert_eq!(store.set_role(ada.id, Role::User, &By::default()).await.unwrap(), RoleChange::LastAdmin);
    changed(store.set_role(grace.id, Role::User, &By::default()).await.unwrap());
    store.enable_user(grace.id, &By::default()).await.unwrap();
    changed(store.set_role(grace.id, Role::Admin, &By::default()).await.unwrap());
    changed(store.set_role(ada.id, Role::User, &By::default()).await.unwrap());
    assert_eq!(store.set_role(grace.id, Role::User, &By::default()).await.unwrap(), RoleChange::LastAdmin);
    let nobody = lanyard_auth::store::UserId(uuid::Uuid::from_u128(99));
    assert_eq!(store.set_role(nobody, Role::Admin, &By::default()).await.unwrap(), RoleChange::NoUser);
}

/// Each looks and sees the other.
pub async fn two_administrators_who_demote_each_other_leave_one(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let other = db.second_node().await;
    let by = By::default();
    for _ in 0..20 {
        store.set_role(ada.id, Role::Admin, &By::default()).await.unwrap();
        store.set_role(grace.id, Role::Admin, &By::default()).await.unwrap();
        let (one, two) =
            tokio::join!(store.set_role(ada.id, Role::User, &by), other.set_role(grace.id, Role::User, &by));
        let stayed =
            [one.unwrap(), two.unwrap()].into_iter().filter(|it| *it == RoleChange::LastAdmin).count();
        assert_eq!(stayed, 1);
    }
}
