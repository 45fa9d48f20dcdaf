//! Passwords: argon2id on a bounded pool.
//!
//! One hash takes some 20 ms and 19 MiB, so only a few run at once and only some more may wait: a flood of
//! sign-ins fills this pool and never starves renewals or the API.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zxcvbn::{Score, zxcvbn};

use crate::random::{NoRandomness, Random};
use crate::text::is_blank;

/// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many may wait for each one that runs, before the answer is "too busy".
const WAITING_PER_RUNNER: usize = 32;

/// In no form of Unicode's has a character more than so many times its octets. (With the room there from the start, nothing
/// is left behind in memory that was outgrown.)
const MOST_OCTETS: usize = 4;

/// Everybody knows where a password is used, too.
const OURS: &str = "lanyard";

/// A password that a person typed. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password {
    /// In the one form in which it is counted, judged and hashed, whatever the keyboard made of it: in NFC, each blank an
    /// ASCII one, and nothing else changed (RFC 8265, 4.2.2).
    text: String,
    /// As it was typed, if that is another form: hashes of before were made of that.
    typed: Option<String>,
}

/// A password no account may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Fewer than 8 characters.
    #[error("a password needs at least 8 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("a password has at most 128 characters")]
    TooLong,
    /// Common, or made of what everybody knows of the person: a million guesses find it. Holds a sentence on
    /// why, if there is one.
    #[error("this password is easy to guess{}", .0.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    TooEasy(Option<String>),
}

/// Why a new password was not hashed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// It won't do.
    #[error(transparent)]
    Bad(#[from] BadPassword),
    /// It could not be hashed.
    #[error(transparent)]
    Failed(#[from] PasswordError),
}

impl Password {
    /// Any text, as somebody typed it at sign-in.
    pub fn new(typed: String) -> Self {
        let mut text = String::with_capacity(MOST_OCTETS * typed.len());
        text.extend(typed.chars().map(|c| if is_blank(c) { ' ' } else { c }).nfc());
        let typed = Zeroizing::new(typed);
        let is_other = *typed != text;
        Self { text, typed: is_other.then(|| typed.to_string()) }
    }

    /// Those in which its hash may have been made: the one form, and before there was that, what a keyboard made of it.
    fn forms(&self) -> Vec<Zeroizing<String>> {
        let mut decomposed = Zeroizing::new(String::with_capacity(MOST_OCTETS * self.text.len()));
        decomposed.extend(self.text.nfd());
        let before = self.typed.iter().map(|typed| Zeroizing::new(typed.clone()));
        let mut forms = vec![Zeroizing::new(self.text.clone())];
        for form in before.chain([decomposed]) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    /// What it is made of, for a keyed hash and nothing else.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Refuses what is too short or too long for a new password: NIST SP 800-63B-4 (3.1.1.2) asks for a length
    /// and no composition rules.
    ///
    /// # Errors
    /// [`BadPassword`], in a sentence for the person.
    pub fn check_length(&self) -> Result<(), BadPassword> {
        match self.text.chars().count() {
            ..8 => Err(BadPassword::TooShort),
            8..=128 => Ok(()),
            129.. => Err(BadPassword::TooLong),
        }
    }

    /// Refuses what is common or expected, as NIST SP 800-63B-4 (3.1.1.2) asks for; `about` is what everybody
    /// knows of the person. Takes milliseconds.
    fn check_strength(&self, about: &[String]) -> Result<(), BadPassword> {
        let about: Vec<String> = about.iter().map(|text| text.nfc().collect()).collect();
        // All of it, what is before an @, and each word.
        let whole = about.iter().map(String::as_str);
        let local = about.iter().filter_map(|text| text.split_once('@')).map(|(local, _)| local);
        let parts = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        let words: Vec<_> = whole.chain(local).chain(parts).chain([OURS]).collect();
        if self.is_made_of(&words) {
            return Err(BadPassword::TooEasy(Some("Everybody knows these words of you.".to_owned())));
        }
        let entropy = zxcvbn(&self.text, &words);
        if entropy.score() > Score::One {
            return Ok(());
        }
        let why = entropy.feedback().and_then(|feedback| feedback.warning());
        Err(BadPassword::TooEasy(why.map(|why| why.to_string())))
    }
}

impl Password {
    /// Whether there is nothing in it but these words, in whatever order and however often.
    fn is_made_of(&self, words: &[&str]) -> bool {
        let mut parts =
            self.text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).peekable();
        let known = |part: &str| words.iter().any(|word| word.to_lowercase() == part.to_lowercase());
        parts.peek().is_some() && parts.all(known)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password's hash in the PHC string format. Shows nothing in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    pub fn stored(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Why a password could not be hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting already; try again in a few seconds.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// The system failed us: no randomness, or a stored hash that is none.
    #[error("a password could not be hashed")]
    Failed,
}

impl From<NoRandomness> for PasswordError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

/// What checking a password found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not this one.
    Wrong,
    /// It is.
    Right,
    /// It is, and its hash was made with older parameters or of another form: here is a new one to store.
    RightButStale(PasswordHash),
}

/// The pool.
#[derive(Clone)]
pub struct Passwords {
    random: Random,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// What an unknown user's password is checked against, so that it costs the same.
    nobody: PasswordHash,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// A pool that hashes at most `at_once` passwords at a time.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] when the system has no randomness.
    pub fn new(random: Random, at_once: usize) -> Result<Self, PasswordError> {
        let at_once = at_once.max(1);
        let nobody = hash(&Password::new(String::from("nobody's")), random.bytes()?)?;
        Ok(Self {
            random,
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once * (1 + WAITING_PER_RUNNER))),
            nobody,
        })
    }

    /// Hashes a new password that somebody chose, with a salt of its own, unless it is easy to guess. `about`
    /// is what everybody knows of the person, such as the name.
    ///
    /// # Errors
    /// [`NewPasswordError`].
    pub async fn hash_new(
        &self,
        password: Password,
        about: Vec<String>,
    ) -> Result<PasswordHash, NewPasswordError> {
        password.check_length()?;
        let salt = self.random.bytes().map_err(PasswordError::from)?;
        let hashed = self.run(move || {
            Ok(match password.check_strength(&about) {
                Ok(()) => Ok(hash(&password, salt)?),
                Err(bad) => Err(bad),
            })
        });
        Ok(hashed.await??)
    }

    /// Hashes a password with a salt of its own, whatever it is.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordError> {
        let salt = self.random.bytes()?;
        self.run(move || hash(&password, salt)).await
    }

    /// Checks a password against a user's hash, or against nobody's, which takes as long and is never right: how many runs
    /// a wrong one costs is a matter of its own characters alone.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let salt = self.random.bytes()?;
        let verdict = self.run(move || verify(&password, &stored, salt)).await?;
        Ok(if known { verdict } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _admitted = self.admitted.try_acquire().map_err(|_| PasswordError::Busy)?;
        // Owned, and moved into the work: a caller that goes away must not make room for one more than
        // may run, since the work itself can't be stopped.
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(running);
            done
        })
        .await
        .map_err(|_| PasswordError::Failed)?
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password, salt: [u8; 16]) -> Result<PasswordHash, PasswordError> {
    let hash: phc::PasswordHash = argon2()?
        .hash_password_with_salt(password.text.as_bytes(), &salt)
        .map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(password: &Password, stored: &PasswordHash, salt: [u8; 16]) -> Result<Verdict, PasswordError> {
    let parsed = phc::PasswordHash::new(&stored.0).map_err(|_| PasswordError::Failed)?;
    for form in password.forms() {
        if argon2()?.verify_password(form.as_bytes(), &parsed).is_ok() {
            let is_as_today = *form == password.text && is_current(&parsed);
            return Ok(if is_as_today {
                Verdict::Right
            } else {
                Verdict::RightButStale(hash(password, salt)?)
            });
        }
    }
    Ok(Verdict::Wrong)
}

fn is_current(hash: &phc::PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && Params::try_from(hash)
            .is_ok_and(|p| (p.m_cost(), p.t_cost(), p.p_cost()) == (MEMORY_KIB, PASSES, LANES))
}

#[cfg(test)]
mod tests;
