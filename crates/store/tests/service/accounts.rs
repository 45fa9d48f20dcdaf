//! Signing up and signing in.

use super::*;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::email::BadEmail;
use lanyard_auth::password::{BadPassword, PasswordHash};
use lanyard_auth::scope::Role;
use lanyard_auth::service::{ChangePasswordError, SignInError, SignUpError};
use lanyard_auth::store::{NewUser, UserId};
use lanyard_auth::text::BadText;

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
        let email_is_bad = matches!(registration("Ada", email, PASSWORD), Err(SignUpError::BadEmail(_)));
        // A line break at the end is trimmed away.
        assert!(email_is_bad || email == "a@b\n", "{email:?}");
    }
    for name in ["", "   ", "a\u{0}b", &"n".repeat(101)] {
        assert!(matches!(registration(name, "a@b", PASSWORD), Err(SignUpError::BadName(_))), "{name:?}");
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

/// However its owner types an address, it is one account's.
#[tokio::test]
async fn an_address_is_the_same_in_every_form() {
    let world = World::new().await;
    world.sign_up("zo\u{eb}@b\u{fc}cher.example").await;
    for typed in [
        "zo\u{eb}@b\u{fc}cher.example",
        "ZOE\u{308}@BU\u{308}CHER.example",
        "zoe\u{308}@xn--bcher-kva.example",
        " zo\u{eb}\u{ff20}b\u{fc}cher\u{3002}example ",
    ] {
        let issued = sign_in(&world, typed, PASSWORD).await.unwrap();
        assert_eq!(issued.user.email, "zo\u{eb}@xn--bcher-kva.example");
        let again = world.service.sign_up(registration("Z", typed, PASSWORD).unwrap(), &By::default()).await;
        assert!(matches!(again, Err(SignUpError::EmailTaken)), "{typed:?}");
    }
}

#[tokio::test]
async fn who_pastes_what_can_not_be_seen_is_told_so_whoever_has_the_address() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    for typed in ["ada\u{200b}@example.com", "\u{202a}ada@example.com\u{202c}", "nobody@exa\u{ad}mple.com"] {
        for password in [PASSWORD, "wrong horse"] {
            let refused = sign_in(&world, typed, password).await;
            assert!(
                matches!(refused, Err(SignInError::BadEmail(BadEmail::Hidden))),
                "{typed:?}: {refused:?}"
            );
        }
        let refused = registration("Ada", typed, PASSWORD);
        assert!(matches!(refused, Err(SignUpError::BadEmail(BadEmail::Hidden))), "{typed:?}");
    }
    for (name, why) in [
        ("A\u{200b}da", BadText::Hidden),
        ("\u{202e}ada", BadText::Hidden),
        (&format!("A{}", "\u{301}".repeat(60)), BadText::Marks),
        ("\u{3000}\u{a0}", BadText::Length),
    ] {
        let refused = registration(name, "a@b", PASSWORD);
        assert!(matches!(refused, Err(SignUpError::BadName(it)) if it == why), "{name:?}: {refused:?}");
    }
}

/// An account of before, with its address and its password as they were typed.
async fn of_before(world: &World, n: usize, email: &str, password: &str) {
    let user = NewUser {
        id: UserId(uuid::Uuid::from_u128(1 + n as u128)),
        email: email.into(),
        name: "Ada".into(),
        password_hash: PasswordHash::from_stored(weak_hash(password)),
        role: Role::User,
        idempotency: None,
    };
    world.store().create_user(&user, &By::default()).await.unwrap();
}

/// Accounts of before whose addresses come to the same stay apart: each is opened by its own, as it was typed first.
#[tokio::test]
async fn an_address_that_is_kept_in_a_form_of_before_still_signs_in() {
    let world = World::new().await;
    let accounts = [
        ("ada@b\u{fc}cher.example", "first horse battery"),
        ("ada@xn--bcher-kva.example", "second horse battery"),
        ("ada\u{200b}@b\u{fc}cher.example", "third horse battery"),
        ("\"ada l\"@example.com", "fourth horse battery"),
    ];
    for (n, (email, password)) in accounts.into_iter().enumerate() {
        of_before(&world, n, email, password).await;
    }
    for (email, password) in accounts {
        assert_eq!(sign_in(&world, &email.to_uppercase(), password).await.unwrap().user.email, email);
        for (_, other) in accounts.iter().filter(|(it, _)| *it != email) {
            assert!(sign_in(&world, email, other).await.is_err(), "{email:?}");
        }
    }
}

/// Hashes of before were made of what a keyboard sent. Whichever sends it now, it is one password, and hashed as one.
#[tokio::test]
async fn a_hash_of_another_form_is_replaced_at_sign_in() {
    let world = World::new().await;
    let (composed, in_parts) = ("\u{e9}t\u{e9} horse", "e\u{301}te\u{301} horse");
    for (n, (set, typed)) in
        [(in_parts, in_parts), (in_parts, composed), (composed, in_parts)].into_iter().enumerate()
    {
        let email = format!("ada{n}@example.com");
        of_before(&world, n, &email, set).await;
        assert!(sign_in(&world, &email, "ete horse").await.is_err());
        let issued = sign_in(&world, &email, typed).await.unwrap();
        let stored = world.store().credentials(&email).await.unwrap().unwrap().password_hash;
        assert!(stored.stored().contains("m=19456"), "{set:?}: made anew");
        for same in [composed, in_parts] {
            sign_in(&world, &email, same).await.unwrap();
            // Also where it is asked for once more.
            let (current, new) = (Password::new(same.to_owned()), Password::new("short 7".to_owned()));
            let refused =
                world.service.change_password(issued.sid, current, new, &Device::default(), None).await;
            assert!(matches!(refused, Err(ChangePasswordError::BadPassword(_))));
        }
        let (current, new) = (Password::new(in_parts.to_owned()), Password::new(format!("{in_parts} two")));
        world.service.change_password(issued.sid, current, new, &Device::default(), None).await.unwrap();
        sign_in(&world, &email, &format!("{composed} two")).await.unwrap();
    }
}
