use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn pool() -> Passwords {
    Passwords::new(Random::System, 1).unwrap()
}

/// Whether the work needs a runner: with none free it must wait.
fn waits_for_a_runner<T>(work: impl Future<Output = T>) -> bool {
    matches!(pin!(work).poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

#[tokio::test]
async fn a_password_matches_its_own_hash_alone() {
    let pool = pool();
    let stored = pool.hash(password("correct horse")).await.unwrap();
    assert!(stored.stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_ne!(stored, pool.hash(password("correct horse")).await.unwrap(), "each has a salt of its own");
    let verdict = async |text: &str| pool.verify(password(text), Some(stored.clone())).await.unwrap();
    assert_eq!(verdict("correct horse").await, Verdict::Right);
    assert_eq!(verdict("Correct horse").await, Verdict::Wrong);
    assert_eq!(verdict("").await, Verdict::Wrong);
}

#[tokio::test]
async fn an_unknown_user_costs_a_run_too() {
    let pool = pool();
    let stored = pool.hash(password("correct horse")).await.unwrap();
    assert_eq!(pool.verify(password("nobody's"), None).await.unwrap(), Verdict::Wrong);
    // An answer without a run would not have to wait for the only runner.
    let _busy = pool.running.acquire().await.unwrap();
    assert!(waits_for_a_runner(pool.verify(password("x"), Some(stored))));
    assert!(waits_for_a_runner(pool.verify(password("x"), None)));
}

#[tokio::test]
async fn a_flood_is_turned_away_and_a_caller_who_goes_away_makes_no_room_for_more() {
    let pool = pool();
    let busy = pool.running.acquire().await.unwrap();
    let mut waiting: Vec<_> = (0..=WAITING_PER_RUNNER).map(|_| Box::pin(pool.hash(password("x")))).collect();
    for hash in &mut waiting {
        assert!(waits_for_a_runner(hash.as_mut()));
    }
    assert_eq!(pool.hash(password("x")).await.unwrap_err(), PasswordError::Busy);
    // Who no longer waits leaves his place in the queue.
    waiting.pop();
    assert!(waits_for_a_runner(pool.hash(password("x"))));
    drop((waiting, busy));
    // Who leaves while his password is being hashed still holds the runner until it is done.
    let mut hash = Box::pin(pool.hash(password("x")));
    assert!(waits_for_a_runner(hash.as_mut()));
    assert_eq!(pool.running.available_permits(), 0);
    drop(hash);
    assert_eq!(pool.running.available_permits(), 0);
    pool.hash(password("x")).await.unwrap();
}

#[tokio::test]
async fn a_stored_hash_that_is_none_is_an_error_and_no_panic() {
    for stored in ["", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$$", "$2b$12$abc"] {
        let verdict = pool().verify(password("x"), Some(PasswordHash::from_stored(stored.to_owned()))).await;
        assert!(!matches!(verdict, Ok(Verdict::Right | Verdict::RightButStale(_))), "{stored}");
    }
}

#[test]
fn nothing_secret_shows() {
    let hash = PasswordHash::from_stored("$argon2id$secret".to_owned());
    assert_eq!(format!("{:?} {hash:?}", password("secret")), "Password(..) PasswordHash(..)");
}

#[tokio::test]
async fn a_new_password_is_none_that_everybody_would_guess() {
    let pool = pool();
    let about = || vec!["Bartholomew Higgins".to_owned(), "old.countess@analytical.example".to_owned()];
    let refused = async |text: &str| pool.hash_new(password(text), about()).await.expect_err(text);
    for easy in [
        "password",
        "Password1",
        "12345678",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "        ",
        "higgins1",
        "Bartholomew Higgins",
        "old.countess@analytical.example",
        "old.countess",
        "countess1",
        "analytical",
    ] {
        assert!(matches!(refused(easy).await, NewPasswordError::Bad(BadPassword::TooEasy(_))), "{easy}");
    }
    assert_eq!(refused("short").await, NewPasswordError::Bad(BadPassword::TooShort));
    assert_eq!(refused(&"x".repeat(129)).await, NewPasswordError::Bad(BadPassword::TooLong));
    for good in
        ["correct horse", "seven doors, one desk", "hbq7Rk2wVx", "почтовый индекс", "密码很长而且不常见"]
    {
        pool.hash_new(password(good), about()).await.unwrap();
    }
}

/// What one keyboard composes, another one leaves in parts.
const COMPOSED: &str = "vi\u{1ec7}t \u{d55c}\u{ae00} \u{e9}t\u{e9}";
const IN_PARTS: &str =
    "vie\u{323}\u{302}t \u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} e\u{301}te\u{301}";

#[tokio::test]
async fn a_password_is_the_same_from_every_keyboard() {
    let pool = pool();
    for (set, typed) in [
        (COMPOSED, IN_PARTS),
        (IN_PARTS, COMPOSED),
        ("correct horse", "correct\u{a0}horse"),
        ("correct\u{3000}horse", "correct horse"),
    ] {
        let stored = Some(pool.hash(password(set)).await.unwrap());
        assert_eq!(pool.verify(password(typed), stored).await.unwrap(), Verdict::Right, "{set:?}");
    }
    // No more than that is the same.
    for (set, typed) in
        [("\u{fb01}ne horse", "fine horse"), ("\u{ff41}\u{ff42}\u{ff43}", "abc"), ("\u{e9}t\u{e9}", "ete")]
    {
        let stored = Some(pool.hash(password(set)).await.unwrap());
        assert_eq!(pool.verify(password(typed), stored).await.unwrap(), Verdict::Wrong, "{set:?}");
    }
}

#[tokio::test]
async fn a_hash_of_another_form_is_made_anew() {
    let pool = pool();
    for (set, typed) in
        [(IN_PARTS, IN_PARTS), (IN_PARTS, COMPOSED), ("correct\u{a0}horse", "correct\u{a0}horse")]
    {
        // As it was hashed when no form was the one.
        let salt = Random::System.bytes().unwrap();
        let before = hash(&Password { text: set.to_owned(), typed: None }, salt).unwrap();
        let verdict = pool.verify(password(typed), Some(before.clone())).await.unwrap();
        let Verdict::RightButStale(new) = verdict else { panic!("{set:?} {typed:?}: {verdict:?}") };
        assert_eq!(pool.verify(password(set), Some(new)).await.unwrap(), Verdict::Right);
        assert_eq!(pool.verify(password("correct horsf"), Some(before)).await.unwrap(), Verdict::Wrong);
    }
}

/// A wrong one costs a run for each of them, whoever has which hash.
#[test]
fn only_a_passwords_own_characters_say_how_many_forms_it_has() {
    for (typed, forms) in [
        ("correct horse", 1),
        (COMPOSED, 2),
        (IN_PARTS, 2),
        ("correct\u{a0}horse", 2),
        ("\u{e9}t\u{e9}\u{a0}e\u{301}te\u{301}", 3),
    ] {
        assert_eq!(password(typed).forms().len(), forms, "{typed:?}");
    }
}

#[test]
fn characters_are_counted_once_composed() {
    assert_eq!(password(&"e\u{301}".repeat(128)).check_length(), Ok(()));
    assert_eq!(password(&"e\u{301}".repeat(7)).check_length(), Err(BadPassword::TooShort));
    // What Unicode composes no more stays as many.
    assert_eq!(password(&"\u{958}".repeat(64)).check_length(), Ok(()));
    assert_eq!(password(&"\u{958}".repeat(65)).check_length(), Err(BadPassword::TooLong));
}

#[tokio::test]
async fn what_everybody_knows_of_a_person_is_known_in_every_form() {
    let about = vec!["Zoe\u{308} B\u{fc}cher".to_owned()];
    let easy = pool().hash_new(password("Zo\u{eb} Bu\u{308}cher"), about).await.unwrap_err();
    assert!(matches!(easy, NewPasswordError::Bad(BadPassword::TooEasy(_))));
}
