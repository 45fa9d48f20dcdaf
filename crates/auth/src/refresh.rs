//! The refresh token: opaque, self-identifying, derived.
//!
//! ```text
//! lrt1_ || base64url( sid[16] || kid[4] || generation[4] || secret[32] || tag[16] )
//! tag     = HMAC-SHA256(K_tag,  "lrt1" || sid || kid || generation || secret), first 16 bytes
//! secret' = HMAC-SHA256(K_next, "lrt1" || sid || salt' || secret)
//! ```
//!
//! Numbers are big-endian. The tag tells a genuine token of any generation from a forged one without a look
//! at the database, and the derivation lets a retry get the same successor again although only hashes are
//! stored.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::{NoRandomness, Random};
use crate::store::SessionId;

const PREFIX: &str = "lrt1_";
const DOMAIN: &[u8] = b"lrt1";
const RAW: usize = 16 + 4 + 4 + 32 + 16;

/// A refresh token's 256 secret bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A random secret: a session's first.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system has none to give.
    pub fn random(random: &Random) -> Result<Self, NoRandomness> {
        Ok(Self(random.bytes()?))
    }

    /// What the database keeps of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// SHA-256 of a [`Secret`]: all that is ever stored. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// The random part of a derivation, stored with the rotation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// Names a master key. Derived from the key itself, so it needs no configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A well-formed refresh token. Only [`MasterKeys::is_genuine`] says whether it is one of ours.
#[derive(Clone)]
pub struct RefreshToken {
    /// The session it belongs to.
    pub sid: SessionId,
    /// The master key it was made with.
    pub kid: KeyId,
    /// Which rotation made it; the first token of a session is of generation 0.
    pub generation: u32,
    secret: Secret,
    tag: [u8; 16],
}

/// This is no refresh token: wrong length, prefix or alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct Malformed;

impl RefreshToken {
    /// Reads a token's text.
    ///
    /// # Errors
    /// [`Malformed`] when the text can't be a refresh token at all.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let encoded = text.strip_prefix(PREFIX).ok_or(Malformed)?;
        let mut raw = Zeroizing::new([0; RAW]);
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, raw.as_mut()).map_err(|_| Malformed)?;
        if length != RAW {
            return Err(Malformed);
        }
        let mut rest = raw.as_slice();
        Ok(Self {
            sid: SessionId(Uuid::from_bytes(take(&mut rest)?)),
            kid: KeyId(u32::from_be_bytes(take(&mut rest)?)),
            generation: u32::from_be_bytes(take(&mut rest)?),
            secret: Secret(take(&mut rest)?),
            tag: take(&mut rest)?,
        })
    }

    /// The token's text, for the client and nobody else.
    pub fn text(&self) -> RefreshTokenText {
        let mut raw = Zeroizing::new(Vec::with_capacity(RAW));
        raw.extend_from_slice(self.sid.0.as_bytes());
        raw.extend_from_slice(&self.kid.0.to_be_bytes());
        raw.extend_from_slice(&self.generation.to_be_bytes());
        raw.extend_from_slice(&self.secret.0);
        raw.extend_from_slice(&self.tag);
        let mut text = String::with_capacity(PREFIX.len() + RAW / 3 * 4);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(raw.as_slice(), &mut text);
        RefreshTokenText(text)
    }

    /// What the database keeps of its secret.
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("generation", &self.generation).finish_non_exhaustive()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (head, tail) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = tail;
    Ok(*head)
}

/// A refresh token as text. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshTokenText(String);

impl RefreshTokenText {
    /// The text, to be put into a cookie or a body.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshTokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenText(..)")
    }
}

/// The server's master keys: the first one makes new tokens, the others only verify old ones.
///
/// To replace a key: put the new one second on every node, then first, and drop the old one once the
/// absolute lifetime has passed.
#[derive(Clone)]
pub struct MasterKeys {
    current: KeyId,
    keys: HashMap<KeyId, DerivedKeys>,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct DerivedKeys {
    tag: HmacKey,
    next: HmacKey,
    first: HmacKey,
    fingerprint: HmacKey,
}

/// One SHA-256 block, the size at which HMAC takes a key as it is.
type HmacKey = [u8; 64];

/// A token names a master key that this node doesn't have: another node, or this one once it has the key, may
/// still honour the token, as long as its session is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown master key")]
pub struct UnknownKey;

impl MasterKeys {
    /// Keys from 32 random bytes each, the one in use first.
    pub fn new(current: &[u8; 32], retired: &[[u8; 32]]) -> Self {
        let (kid, derived) = derive(current);
        let mut keys: HashMap<_, _> = retired.iter().map(derive).collect();
        keys.insert(kid, derived);
        Self { current: kid, keys }
    }

    /// Whether we made this token, whatever its generation.
    ///
    /// # Errors
    /// [`UnknownKey`] when its key isn't here, so that nothing can be said.
    pub fn is_genuine(&self, token: &RefreshToken) -> Result<bool, UnknownKey> {
        let tag = self.tag(token.kid, token.sid, token.generation, &token.secret)?;
        Ok(tag.ct_eq(&token.tag).into())
    }

    /// A session's first token.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system has none to give.
    pub fn first(&self, sid: SessionId, random: &Random) -> Result<RefreshToken, NoRandomness> {
        let secret = Secret::random(random)?;
        // The current key is always among the keys.
        self.seal(self.current, sid, 0, secret).map_err(|_| NoRandomness)
    }

    /// Whether the key of this name is here.
    pub fn has(&self, kid: KeyId) -> bool {
        self.keys.contains_key(&kid)
    }

    /// A session's first token that is made of `seed`: the same one whenever it is asked for.
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub(crate) fn first_of(
        &self,
        kid: KeyId,
        sid: SessionId,
        seed: &[u8],
    ) -> Result<RefreshToken, UnknownKey> {
        let keys = self.keys.get(&kid).ok_or(UnknownKey)?;
        let secret = mac(&keys.first, &[DOMAIN, sid.0.as_bytes(), seed]);
        self.seal(kid, sid, 0, Secret(secret))
    }

    /// A keyed hash of what a request says, for [`crate::idempotency`].
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub(crate) fn fingerprint(&self, kid: KeyId, parts: &[&[u8]]) -> Result<[u8; 32], UnknownKey> {
        Ok(mac(&self.keys.get(&kid).ok_or(UnknownKey)?.fingerprint, parts))
    }

    /// The key with which new successors are made.
    pub fn current(&self) -> KeyId {
        self.current
    }

    /// The successor of `parent`: the same one whenever it is asked for with the same salt, key and number.
    ///
    /// # Errors
    /// [`UnknownKey`] when `kid` isn't here.
    pub fn successor(
        &self,
        parent: &RefreshToken,
        kid: KeyId,
        generation: u32,
        salt: &Salt,
    ) -> Result<RefreshToken, UnknownKey> {
        let keys = self.keys.get(&kid).ok_or(UnknownKey)?;
        let secret = mac(&keys.next, &[DOMAIN, parent.sid.0.as_bytes(), &salt.0, &parent.secret.0]);
        self.seal(kid, parent.sid, generation, Secret(secret))
    }

    fn seal(
        &self,
        kid: KeyId,
        sid: SessionId,
        generation: u32,
        secret: Secret,
    ) -> Result<RefreshToken, UnknownKey> {
        let tag = self.tag(kid, sid, generation, &secret)?;
        Ok(RefreshToken { sid, kid, generation, secret, tag })
    }

    fn tag(
        &self,
        kid: KeyId,
        sid: SessionId,
        generation: u32,
        secret: &Secret,
    ) -> Result<[u8; 16], UnknownKey> {
        let keys = self.keys.get(&kid).ok_or(UnknownKey)?;
        let parts = [DOMAIN, sid.0.as_bytes(), &kid.0.to_be_bytes(), &generation.to_be_bytes(), &secret.0];
        let full = mac(&keys.tag, &parts);
        let (tag, _) = full.split_first_chunk().ok_or(UnknownKey)?;
        Ok(*tag)
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKeys").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

fn derive(master: &[u8; 32]) -> (KeyId, DerivedKeys) {
    let hkdf = Hkdf::<Sha256>::new(None, master);
    let mut kid = [0; 4];
    let mut keys = DerivedKeys { tag: [0; 64], next: [0; 64], first: [0; 64], fingerprint: [0; 64] };
    for (label, out) in [
        (&b"lanyard refresh kid"[..], &mut kid[..]),
        (b"lanyard refresh tag", &mut keys.tag[..]),
        (b"lanyard refresh next", &mut keys.next[..]),
        (b"lanyard refresh first", &mut keys.first[..]),
        (b"lanyard idempotency fingerprint", &mut keys.fingerprint[..]),
    ] {
        // Fails only above 255 blocks of output.
        let _ = hkdf.expand(label, out);
    }
    (KeyId(u32::from_be_bytes(kid)), keys)
}

fn mac(key: &HmacKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new(key.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
