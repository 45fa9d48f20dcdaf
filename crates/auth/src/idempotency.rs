//! Requests that a client may send again: the `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! An answer gets lost, and the browser sends its POST again by itself. What is not idempotent by nature therefore
//! carries a key that was made with the form. What was done under it is kept for [`KEPT`], written in the transaction
//! of what it tells of: an equal repeat finds it and gets the first answer.
//!
//! | Kept | What it is |
//! |---|---|
//! | [`KeyHash`] | SHA-256 of what is asked for, by whom, and the key: each has a namespace of its own |
//! | [`Fingerprint`] | HMAC of the fields under a key derived from a master key, since a password is among them |
//! | user, session, `ended` | what was done |
//!
//! No token is kept. The first refresh token of a registration, or of a sign-in with a key, is derived from what only a repeat knows, so that it
//! can be handed out again.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::refresh::{KeyId, MasterKeys, RefreshToken, UnknownKey};
use crate::store::{SessionId, UserId};

/// How long a repeat is known as one.
pub const KEPT: Duration = Duration::from_secs(10 * 60);

/// Longest key, in characters.
const LONGEST: usize = 255;

/// What a client calls a request, so that it may send it again: a random UUID, or anything else that nobody guesses.
/// Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct IdempotencyKey(String);

/// This is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct BadIdempotencyKey;

impl IdempotencyKey {
    /// A key as it came in a form's field, or bare in the header.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`].
    pub fn new(text: &str) -> Result<Self, BadIdempotencyKey> {
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(BadIdempotencyKey) }
    }

    /// A key as it came in the header: a string in quotes, as the draft has it (RFC 9651, 3.3.3), or bare.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`].
    pub fn from_header(value: &[u8]) -> Result<Self, BadIdempotencyKey> {
        let text = str::from_utf8(value).map_err(|_| BadIdempotencyKey)?.trim_matches([' ', '\t']);
        let Some(quoted) = text.strip_prefix('"') else { return Self::new(text) };
        let inner = quoted.strip_suffix('"').ok_or(BadIdempotencyKey)?;
        if inner.contains(['"', '\\']) { Err(BadIdempotencyKey) } else { Self::new(inner) }
    }
}

impl PartialEq for IdempotencyKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

/// What is asked for, and by whom. Each has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Somebody registers; nobody knows who.
    Register,
    /// Somebody signs in.
    SignIn,
    /// This administrator makes an account.
    CreateUser(UserId),
    /// This person changes the password.
    ChangePassword(UserId),
}

impl Operation {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Register => b"register",
            Self::SignIn => b"sign_in",
            Self::CreateUser(_) => b"create_user",
            Self::ChangePassword(_) => b"change_password",
        }
    }

    const fn caller(&self) -> &[u8] {
        match self {
            Self::Register | Self::SignIn => b"",
            Self::CreateUser(user) | Self::ChangePassword(user) => user.0.as_bytes(),
        }
    }
}

/// Names what was done. Not a secret: the key is nobody's to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

/// Tells an equal repeat from another request under the same key. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// What was done under a key, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Names it.
    pub id: KeyHash,
    /// Of the request's fields.
    pub fingerprint: Fingerprint,
    /// The master key that the fingerprint, and the session's first token, are made with.
    pub kid: KeyId,
    /// Who was made, or whose password was changed.
    pub user: UserId,
    /// The session that a registration begins.
    pub session: Option<SessionId>,
    /// How many sessions a password change has ended; the store sets it.
    pub ended: u32,
}

/// A request with its key. Shows nothing in `Debug`.
pub struct KeyedRequest {
    /// Names it.
    pub id: KeyHash,
    key: IdempotencyKey,
    fields: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for KeyedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedRequest(..)")
    }
}

impl KeyedRequest {
    /// A request with these fields, in an order that is always the same.
    pub fn new(operation: Operation, key: &IdempotencyKey, fields: &[&[u8]]) -> Self {
        let named = joined(&[operation.name(), operation.caller(), key.0.as_bytes()]);
        Self { id: KeyHash(Sha256::digest(named).into()), key: key.clone(), fields: joined(fields) }
    }

    /// What only a repeat knows.
    fn secret(&self) -> Zeroizing<Vec<u8>> {
        joined(&[self.key.0.as_bytes(), &self.fields])
    }

    /// The idempotency key is part of it, and is stored nowhere: without it, nobody tries passwords on a fingerprint.
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub fn fingerprint(&self, keys: &MasterKeys, kid: KeyId) -> Result<Fingerprint, UnknownKey> {
        keys.fingerprint(kid, &[&self.id.0, &self.secret()]).map(Fingerprint)
    }

    /// The session that a sign-in begins, the same one whenever it is asked for: its row is all that is remembered.
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub fn session(&self, keys: &MasterKeys, kid: KeyId) -> Result<SessionId, UnknownKey> {
        let Fingerprint([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..]) =
            self.fingerprint(keys, kid)?;
        let random = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
        Ok(SessionId(uuid::Builder::from_random_bytes(random).into_uuid()))
    }

    /// The first token of the session that this request begins, the same one whenever it is asked for. It is made of
    /// what only a repeat knows, the key itself and the password: the database and the master keys yield nothing.
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub fn first_token(
        &self,
        keys: &MasterKeys,
        kid: KeyId,
        sid: SessionId,
    ) -> Result<RefreshToken, UnknownKey> {
        keys.first_of(kid, sid, &self.secret())
    }
}

/// Each with its length before it, so that no two lists look the same.
fn joined(fields: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    // As long as it will be: growing would leave copies behind.
    let mut all = Zeroizing::new(Vec::with_capacity(fields.iter().map(|field| field.len() + 8).sum()));
    for field in fields {
        all.extend_from_slice(&(field.len() as u64).to_be_bytes());
        all.extend_from_slice(field);
    }
    all
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::new(text).unwrap()
    }

    #[test]
    fn a_key_is_visible_ascii_in_quotes_or_bare() {
        for good in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "a\"b", &"x".repeat(255)] {
            assert!(IdempotencyKey::new(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "a\tb", "é", "a\0", "a\u{7f}", &"x".repeat(256)] {
            assert!(IdempotencyKey::new(bad).is_err(), "{bad}");
        }
        let header = |text: &str| IdempotencyKey::from_header(text.as_bytes()).ok();
        assert_eq!(header("\"abc\""), header(" abc "));
        assert!(header("abc") == Some(key("abc")) && header("abd") != Some(key("abc")));
        for bad in ["", "\"", "\"\"", "\"abc", "\"a\"b\"", "\"a\\b\"", "\"abc\";q=1"] {
            assert_eq!(header(bad), None, "{bad}");
        }
        assert!(IdempotencyKey::from_header(b"\xff").is_err());
        assert_eq!(format!("{:?}", key("hunter2")), "IdempotencyKey(..)");
    }

    #[test]
    fn every_field_counts_and_so_does_who_asks() {
        let keys = MasterKeys::new(&[7; 32], &[[8; 32]]);
        let [ada, grace] = [1, 2].map(|n| UserId(Uuid::from_u128(n)));
        let request = |operation, text: &str, fields: &[&str]| {
            let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
            KeyedRequest::new(operation, &key(text), &fields)
        };
        let one = request(Operation::Register, "k", &["ab", "c"]);
        assert_eq!(one.id, request(Operation::Register, "k", &["x"]).id);
        let ids = [
            one.id,
            request(Operation::Register, "l", &[]).id,
            request(Operation::CreateUser(ada), "k", &[]).id,
            request(Operation::CreateUser(grace), "k", &[]).id,
            request(Operation::ChangePassword(ada), "k", &[]).id,
        ];
        for (n, id) in ids.iter().enumerate() {
            assert!(!ids[..n].contains(id), "{n}");
        }
        let kid = keys.current();
        let fingerprint = |request: &KeyedRequest| request.fingerprint(&keys, kid).unwrap();
        assert_eq!(fingerprint(&one), fingerprint(&request(Operation::Register, "k", &["ab", "c"])));
        for other in [&["a", "bc"][..], &["ab", "d"], &["abc"], &["ab", "c", ""]] {
            assert_ne!(fingerprint(&one), fingerprint(&request(Operation::Register, "k", other)));
        }
        let other_keys = MasterKeys::new(&[8; 32], &[]);
        assert_ne!(fingerprint(&one), one.fingerprint(&other_keys, other_keys.current()).unwrap());
        assert!(one.fingerprint(&other_keys, kid).is_err());
    }

    #[test]
    fn the_first_token_is_derived_and_genuine() {
        let keys = MasterKeys::new(&[7; 32], &[]);
        let sid = SessionId(Uuid::from_u128(9));
        let token = |text: &str, password: &str| {
            let request = KeyedRequest::new(Operation::Register, &key(text), &[password.as_bytes()]);
            request.first_token(&keys, keys.current(), sid).unwrap()
        };
        let first = token("k", "p");
        assert!(keys.is_genuine(&first).unwrap() && first.generation == 0 && first.sid == sid);
        assert_eq!(first.hash(), token("k", "p").hash());
        assert_ne!(first.hash(), token("l", "p").hash());
        assert_ne!(first.hash(), token("k", "q").hash());
    }
}
