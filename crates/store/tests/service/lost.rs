//! Endings whose commit nobody learns of: their access tokens are refused all the same, soon.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::store::EndReason;
use lanyard_testbed::lost::LostAnswers;

/// Ends something with a store that loses its answer. The access token of a session that this ends is refused
/// soon, for the reason that the row has.
async fn is_refused_soon<E>(
    reason: EndReason,
    ending: impl AsyncFnOnce(&Service, &Issued, &Issued) -> Result<(), E>,
) {
    let world = World::new().await;
    let [first, second] = [world.signed_in().await, world.sign_in("ada@example.com", &[]).await];
    let lossy = Arc::new(LostAnswers::new(world.store()));
    let keys = MasterKeys::new(&MASTER, &[]);
    let service =
        start_with(lossy.clone(), world.db.clock(), &world.pem, &keys, Some(Immediate::default())).await;
    lossy.lose(true);
    assert!(ending(&service, &first, &second).await.is_err(), "its answer was lost");
    lossy.lose(false);

    assert_eq!(refused_soon(&service, &second).await, AccessError::Revoked(reason));
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

#[tokio::test]
async fn signing_out() {
    is_refused_soon(EndReason::SignedOut, async |service, _, it| {
        service.sign_out(&[it.sid], &Device::default()).await
    })
    .await;
}

#[tokio::test]
async fn ending_all_others() {
    let end = async |service: &Service, first: &Issued, _: &Issued| {
        service.end_other_sessions(first.user.id, first.sid, &By::default()).await.map(drop)
    };
    is_refused_soon(EndReason::EndedElsewhere, end).await;
}

#[tokio::test]
async fn ending_all() {
    let end = async |service: &Service, first: &Issued, _: &Issued| {
        service.end_all_sessions(first.user.id, EndReason::KickedOut, &By::default()).await.map(drop)
    };
    is_refused_soon(EndReason::KickedOut, end).await;
}

/// It can't even be tried again: by then the old password is wrong.
#[tokio::test]
async fn changing_the_password() {
    let change = async |service: &Service, first: &Issued, _: &Issued| {
        service
            .change_password(
                first.sid,
                password(PASSWORD),
                password("staple battery horse"),
                &Device::default(),
                None,
            )
            .await
            .map(drop)
    };
    is_refused_soon(EndReason::PasswordChanged, change).await;
}
