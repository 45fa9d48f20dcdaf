//! What a user may do, and that somebody stays who may do everything.

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{Closing, CreateUserError, EndReason, Revocation, RoleChange, StoreError, User};

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

pub async fn the_last_administrators_account_stays_open(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let sid = super::session(&*store, &ada, 5).await;
    changed(store.set_role(ada.id, Role::Admin, &By::default()).await.unwrap());
    let before = db.dump().await;
    assert_eq!(store.disable_user(ada.id, &By::default()).await.unwrap(), Closing::LastAdmin);
    assert_eq!(db.dump().await, before);
    super::close(&*store, grace.id).await;
    assert_eq!(store.disable_user(ada.id, &By::default()).await.unwrap(), Closing::LastAdmin);
    assert!(super::row(&*store, sid).await.ended.is_none());
    store.enable_user(grace.id, &By::default()).await.unwrap();
    changed(store.set_role(grace.id, Role::Admin, &By::default()).await.unwrap());
    assert_eq!(super::close(&*store, ada.id).await.ended, [sid]);
}

/// The role was taken away, or the account closed, between the door and the database.
pub async fn who_is_no_administrator_any_more_changes_nothing(db: impl Harness) {
    let store = db.store();
    let [ada, grace, eve] = [user(&*store, 1).await, user(&*store, 2).await, user(&*store, 3).await];
    let sid = super::session(&*store, &eve, 5).await;
    for admin in [ada.id, grace.id] {
        changed(store.set_role(admin, Role::Admin, &By::default()).await.unwrap());
    }
    let closed = super::user(&*store, 4).await;
    changed(store.set_role(closed.id, Role::Admin, &By::default()).await.unwrap());
    super::close(&*store, closed.id).await;
    changed(store.set_role(grace.id, Role::User, &By::admin(ada.id, Device::default())).await.unwrap());

    let before = db.dump().await;
    for id in [grace.id, closed.id, eve.id, lanyard_auth::store::UserId(uuid::Uuid::nil())] {
        let by = By::admin(id, Device::default());
        let refused = |error: StoreError| assert!(matches!(error, StoreError::NotAdmin), "{error}");
        refused(store.set_role(eve.id, Role::Admin, &by).await.unwrap_err());
        refused(store.disable_user(ada.id, &by).await.unwrap_err());
        refused(store.enable_user(closed.id, &by).await.unwrap_err());
        refused(store.end_sessions(&[sid], EndReason::KickedOut, &by).await.unwrap_err());
        refused(store.end_all_sessions(eve.id, EndReason::KickedOut, &by).await.unwrap_err());
        refused(store.rename_user(eve.id, "Mallory", &by).await.unwrap_err());
        let made = store.create_user(&super::new_user(9), &by).await;
        assert!(matches!(made, Err(CreateUserError::Store(StoreError::NotAdmin))), "{made:?}");
    }
    assert_eq!(db.dump().await, before);
}

/// Each looks and sees the other.
pub async fn two_administrators_who_rid_themselves_of_each_other_leave_one(db: impl Harness) {
    let store = db.store();
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let (other, by) = (db.second_node().await, By::default());
    for round in 0..20 {
        for id in [ada.id, grace.id] {
            store.enable_user(id, &by).await.unwrap();
            store.set_role(id, Role::Admin, &by).await.unwrap();
        }
        let one = async { store.set_role(ada.id, Role::User, &by).await.unwrap() == RoleChange::LastAdmin };
        let stayed = if round % 2 == 0 {
            let two =
                async { other.set_role(grace.id, Role::User, &by).await.unwrap() == RoleChange::LastAdmin };
            tokio::join!(one, two)
        } else {
            let two = async { other.disable_user(grace.id, &by).await.unwrap() == Closing::LastAdmin };
            tokio::join!(one, two)
        };
        assert!(stayed.0 != stayed.1, "{round}: {stayed:?}");
    }
}
