//! Signing up and signing in.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::password::{BadPassword, PasswordHash};
use lanyard_auth::scope::Role;
use lanyard_auth::service::{SignInError, SignUpError};
use lanyard_auth::store::{NewUser, UserId};

async fn sign_in(world: &World, email: &str, password: &str) -> Result<Issued, SignInError> {
    let password = Password::new(password.to_owned());
    world.service.sign_in(email, password, Delivery::Cookie, &[]).await
}

fn registration(name: &str, email: &str, password: &str) -> Result<Registration, SignUpError> {
    Registration::new(name, email, Password::new(password.to_owned()))
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    for (email, password) in [("ada@example.com", "wrong horse"), ("nobody@example.com", PASSWORD), ("", "")]
    {
        let refused = sign_in(&world, email, password).await;
        assert!(matches!(refused, Err(SignInError::InvalidCredentials)), "{email}");
    }
    // Nobody's own stand-in password opens nothing.
    assert!(sign_in(&world, "nobody@example.com", "nobody's").await.is_err());
}

#[tokio::test]
async fn addresses_are_the_same_in_any_case_and_with_spaces_around() {
    let world = World::new().await;
    world.sign_up("  Ada@Example.COM ").await;
    let issued = sign_in(&world, "aDA@example.com", PASSWORD).await.unwrap();
    assert_eq!(issued.user.email, "ada@example.com");
    let again =
        world.service.sign_up(registration("A", "ADA@EXAMPLE.COM", PASSWORD).unwrap(), &By::default()).await;
    assert!(matches!(again, Err(SignUpError::EmailTaken)));
}

#[test]
fn what_can_not_be_an_account_is_refused() {
    for email in ["", "a", "@", "a@", "@b", "a b@c", "a@b\n", &format!("{}@b", "a".repeat(254))] {
        let email_is_bad = matches!(registration("Ada", email, PASSWORD), Err(SignUpError::BadEmail));
        // A line break at the end is trimmed away.
        assert!(email_is_bad || email == "a@b\n", "{email:?}");
    }
    for name in ["", "   ", "a\u{0}b", &"n".repeat(101)] {
        assert!(matches!(registration(name, "a@b", PASSWORD), Err(SignUpError::BadName)), "{name:?}");
    }
    for (password, why) in [("short 7", BadPassword::TooShort), (&"ü".repeat(129)[..], BadPassword::TooLong)]
    {
        assert!(
            matches!(registration("Ada", "a@b", password), Err(SignUpError::BadPassword(it)) if it == why)
        );
    }
    for password in ["8 letter", &"ü".repeat(128), "        "] {
        assert!(registration("Ada", "a@b", password).is_ok(), "no composition rules: {password:?}");
    }
}

#[tokio::test]
async fn a_hash_with_older_parameters_is_replaced_at_sign_in() {
    let world = World::new().await;
    // argon2id, m=8 t=1 p=1, of the password "correct horse" with the salt "lanyard lanyard!".
    let old = weak_hash(PASSWORD);
    let user = NewUser {
        id: UserId(uuid::Uuid::from_u128(1)),
        email: "old@example.com".to_owned(),
        name: "Old".to_owned(),
        password_hash: PasswordHash::from_stored(old.clone()),
        role: Role::User,
        idempotency: None,
    };
    world.store().create_user(&user, &By::default()).await.unwrap();
    let stored = async || {
        let credentials = world.store().credentials("old@example.com").await.unwrap().unwrap();
        credentials.password_hash.stored().to_owned()
    };
    assert!(sign_in(&world, "old@example.com", "wrong horse").await.is_err());
    assert_eq!(stored().await, old);
    sign_in(&world, "old@example.com", PASSWORD).await.unwrap();
    let new = stored().await;
    assert!(new.contains("m=19456,t=2,p=1"), "{new}");
    sign_in(&world, "old@example.com", PASSWORD).await.unwrap();
    assert_eq!(stored().await, new);
}

fn weak_hash(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    use argon2::{Algorithm, Argon2, Params, Version};
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let hash: argon2::password_hash::phc::PasswordHash =
        argon2.hash_password_with_salt(password.as_bytes(), b"lanyard lanyard!").unwrap();
    hash.to_string()
}
