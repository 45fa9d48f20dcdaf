//! A change of role: nobody is signed out, and the next access token says it.

use super::*;
use lanyard_auth::access::AccessError;
use lanyard_auth::audit::By;
use lanyard_auth::scope::{Role, Scope};
use lanyard_auth::store::RoleChange;

#[tokio::test]
async fn access_tokens_of_the_old_role_are_renewed_and_nobody_is_signed_out() {
    let world = World::new().await;
    let [ada, grace] = ["ada@example.com", "grace@example.com"];
    world.sign_up(ada).await;
    world.sign_up(grace).await;
    let (first, bystander) = (world.sign_in(ada, &[]).await, world.sign_in(grace, &[]).await);
    assert_eq!(world.claims(&first).await.scope, "user");

    let change = world.service.set_role(first.user.id, Role::Admin, &By::default()).await.unwrap();
    assert!(matches!(change, RoleChange::Changed(_)), "{change:?}");
    let old = world.service.authenticate(first.access_token.reveal(), None).await;
    assert_eq!(old.unwrap_err(), AccessError::Expired, "a renewal helps");
    let renewed = world.refresh(&token(&first)).await.unwrap();
    let claims = world.claims(&renewed).await;
    assert!(Scope::Admin.is_in(&claims.scope) && Scope::User.is_in(&claims.scope), "{claims:?}");
    assert_eq!(claims.sid, first.sid);
    world.claims(&bystander).await;

    // A server that starts again knows it as well.
    let restarted = world.node(&MasterKeys::new(&MASTER, &[])).await;
    let old = restarted.authenticate(first.access_token.reveal(), None).await;
    assert_eq!(old.unwrap_err(), AccessError::Expired);
    assert!(restarted.authenticate(renewed.access_token.reveal(), None).await.is_ok());
}
