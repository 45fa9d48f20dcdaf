//! The access token: a signed JWT (RFC 9068), short-lived, checked without a look at the database.
//!
//! Verification is strict: one key, its algorithm pinned, every claim required, no leeway, and expiry judged
//! by our own clock. Whatever else a token may be, it is [`AccessError::Invalid`].

mod key_file;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::scope::Role;
use crate::store::{EndReason, SessionId, UserId};
use crate::time::Timestamp;

pub use key_file::Unusable;

/// RFC 9068, 2.1.
const TYPE: &str = "at+jwt";

/// Longer than any token of ours; not worth parsing.
const MAX_LENGTH: usize = 4096;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Issuer: our public URL.
    pub iss: String,
    /// Audience: our API.
    pub aud: String,
    /// Subject: the user.
    pub sub: UserId,
    /// Expiry, seconds since the Unix epoch.
    pub exp: i64,
    /// Issued at, seconds since the Unix epoch.
    pub iat: i64,
    /// This token's own id.
    pub jti: Uuid,
    /// The session.
    pub sid: SessionId,
    /// The refresh generation it was issued with.
    #[serde(rename = "gen")]
    pub generation: u32,
    /// The user's version.
    pub ver: u32,
    /// The user's authorisation version: below the newest, the token is to be renewed.
    pub azv: u32,
    /// Scopes, separated by spaces (RFC 8693, 4.2).
    pub scope: String,
    /// Milliseconds since the Unix epoch from which using this token confirms its generation; none when
    /// there is nothing to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cfm: Option<i64>,
    /// `false` for a client without a cookie jar: its use confirms without a hint.
    #[serde(default = "has_jar", skip_serializing_if = "is_true")]
    pub jar: bool,
}

const fn has_jar() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_true(value: &bool) -> bool {
    *value
}

/// An access token's text. Shows nothing in `Debug` and is wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AccessTokenText(String);

impl AccessTokenText {
    /// The text, for the client and nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessTokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokenText(..)")
    }
}

/// Why an access token is refused (RFC 6750, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It was good once; a renewal helps.
    #[error("the access token has expired")]
    Expired,
    /// It is not one of ours.
    #[error("the access token is not valid")]
    Invalid,
    /// Its session was ended, or its user's version rose.
    #[error("the session was ended")]
    Revoked(EndReason),
    /// Only the database can tell, and it is away. 503, and trying again is safe.
    #[error("the database is away")]
    Unavailable,
}

/// How access tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8037): small and fast.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3): what every library knows.
    Rs256,
    /// ECDSA over P-256 with SHA-256 (RFC 7518, 3.4).
    Es256,
}

impl SigningAlgorithm {
    const fn jwt(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
        }
    }

    const fn jwk(self) -> KeyAlgorithm {
        match self {
            Self::EdDsa => KeyAlgorithm::EdDSA,
            Self::Rs256 => KeyAlgorithm::RS256,
            Self::Es256 => KeyAlgorithm::ES256,
        }
    }

    /// The name in JOSE headers (RFC 7518).
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A signing key that can't be used, or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no private key for this algorithm (PKCS #8, in PEM).
    #[error("not a key for {name}: {1}", name = .0.name())]
    Unusable(SigningAlgorithm, Unusable),
    /// No key could be made.
    #[error("no {} key could be made", .0.name())]
    NotMade(SigningAlgorithm),
}

/// A key that signs access tokens, and checks them.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwks: Arc<JwkSet>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Reads a private key (PKCS #8, PEM; for RSA also PKCS #1). Its id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyError::Unusable`] when the text is not such a key, with the reason.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, KeyError> {
        let because = |why| KeyError::Unusable(algorithm, why);
        let unusable = |_| because(Unusable::Damaged);
        let pem = &*key_file::tidy(pem);
        key_file::look(algorithm, pem).map_err(because)?;
        let encoding = match algorithm {
            SigningAlgorithm::EdDsa => ed25519(pem).ok_or(because(Unusable::Damaged))?,
            SigningAlgorithm::Rs256 => EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(unusable)?,
            SigningAlgorithm::Es256 => EncodingKey::from_ec_pem(pem.as_bytes()).map_err(unusable)?,
        };
        let mut jwk = Jwk::from_encoding_key(&encoding, algorithm.jwt()).map_err(unusable)?;
        check_length(&jwk).map_err(because)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(algorithm.jwk());
        let decoding = DecodingKey::from_jwk(&jwk).map_err(unusable)?;
        Ok(Self { algorithm, kid, encoding, decoding, jwks: Arc::new(JwkSet { keys: vec![jwk] }) })
    }

    /// Makes a private key (PKCS #8, PEM), to be kept in a file. An RSA key takes seconds.
    ///
    /// # Errors
    /// [`KeyError::NotMade`] when the system has no randomness.
    pub fn generate_pem(algorithm: SigningAlgorithm) -> Result<Zeroizing<String>, KeyError> {
        // The key types want their own generation's random source, so this one place does not take ours.
        let mut rng = rsa::rand_core::OsRng;
        let not_made = || KeyError::NotMade(algorithm);
        // Also asks whether there is any randomness: the other two key types would panic without.
        let mut seed = Zeroizing::new([0; 32]);
        rsa::rand_core::RngCore::try_fill_bytes(&mut rng, seed.as_mut()).map_err(|_| not_made())?;
        match algorithm {
            SigningAlgorithm::EdDsa => {
                ed25519_dalek::SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF).ok()
            }
            SigningAlgorithm::Rs256 => rsa::RsaPrivateKey::new(&mut rng, 2048)
                .ok()
                .and_then(|key| key.to_pkcs8_pem(LineEnding::LF).ok()),
            SigningAlgorithm::Es256 => p256::SecretKey::random(&mut rng).to_pkcs8_pem(LineEnding::LF).ok(),
        }
        .ok_or_else(not_made)
    }

    /// The public keys, as `/.well-known/jwks.json` shows them (RFC 7517).
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }
}

/// An RSA key is neither too short to be safe nor too long to be verified here; others have one length.
fn check_length(jwk: &Jwk) -> Result<(), Unusable> {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return Ok(()) };
    let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).map_err(|_| Unusable::Damaged)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros).ok_or(Unusable::Damaged)?;
    match (modulus.len() - zeros) * 8 - first.leading_zeros() as usize {
        bits @ ..2048 => Err(Unusable::TooShort(bits)),
        bits @ 4097.. => Err(Unusable::TooLong(bits)),
        _ => Ok(()),
    }
}

/// jsonwebtoken wants the older form of PKCS #8 (RFC 5208), without the public key; both are read here.
fn ed25519(pem: &str) -> Option<EncodingKey> {
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).ok()?;
    let pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    Some(EncodingKey::from_ed_der(pair.to_pkcs8_der().ok()?.as_bytes()))
}

/// What a new access token is to say; the signer adds the rest.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub user: UserId,
    pub sid: SessionId,
    pub generation: u32,
    pub user_version: u32,
    pub authz_version: u32,
    pub role: Role,
    pub confirm_from: Option<Timestamp>,
    pub jar: bool,
    /// It must not live past this moment.
    pub not_after: Timestamp,
}

/// Signs and checks access tokens.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    key: SigningKey,
    issuer: String,
    audience: String,
    ttl: Duration,
}

impl AccessTokens {
    /// `issuer` is the public URL, without a slash at its end.
    pub fn new(key: SigningKey, issuer: &str, ttl: Duration) -> Self {
        Self { key, issuer: issuer.to_owned(), audience: format!("{issuer}/api"), ttl }
    }

    /// Signs a token and verifies it, as every later one is: a key that only parses is no key.
    ///
    /// # Errors
    /// [`KeyError::Unusable`].
    pub fn try_out(&self, now: Timestamp) -> Result<(), KeyError> {
        let grant = Grant {
            user: UserId(Uuid::nil()),
            sid: SessionId(Uuid::nil()),
            generation: u32::MAX,
            user_version: u32::MAX,
            authz_version: u32::MAX,
            role: Role::Admin,
            confirm_from: Some(now),
            jar: false,
            not_after: Timestamp(i64::MAX),
        };
        let (token, _) = self.sign(grant, Uuid::nil(), now)?;
        let verified = self.verify(token.reveal(), now);
        verified.map(drop).map_err(|_| KeyError::Unusable(self.key.algorithm, Unusable::NotVerified))
    }

    /// How long an access token lives.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The public keys.
    pub fn jwks(&self) -> &JwkSet {
        self.key.jwks()
    }

    /// Signs one. Returns it with the seconds until it expires.
    pub(crate) fn sign(
        &self,
        grant: Grant,
        jti: Uuid,
        now: Timestamp,
    ) -> Result<(AccessTokenText, u32), KeyError> {
        let iat = now.seconds();
        let exp = now.after(self.ttl).min(grant.not_after).seconds().max(iat);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: grant.user,
            exp,
            iat,
            jti,
            sid: grant.sid,
            generation: grant.generation,
            ver: grant.user_version,
            azv: grant.authz_version,
            scope: grant.role.claim(),
            cfm: grant.confirm_from.map(Timestamp::millis),
            jar: grant.jar,
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.key.kid.clone()),
            ..Header::new(self.key.algorithm.jwt())
        };
        let text = jsonwebtoken::encode(&header, &claims, &self.key.encoding)
            .map_err(|_| KeyError::Unusable(self.key.algorithm, Unusable::Damaged))?;
        Ok((AccessTokenText(text), u32::try_from(exp - iat).unwrap_or(u32::MAX)))
    }

    /// The signing key that a token names, if it has the form of ours and the key is another one. Nothing proves it.
    pub(crate) fn unknown_kid(&self, token: &str) -> Option<String> {
        let header = jsonwebtoken::decode_header((token.len() <= MAX_LENGTH).then_some(token)?).ok()?;
        let kid = header.kid.filter(|kid| kid.len() == self.key.kid.len() && *kid != self.key.kid)?;
        let is_thumbprint =
            kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (is_thumbprint && header.typ.as_deref() == Some(TYPE)).then_some(kid)
    }

    /// Checks a token's signature, header and claims at `now`. Says nothing about revocation.
    ///
    /// # Errors
    /// [`AccessError::Expired`] or [`AccessError::Invalid`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, AccessError> {
        if token.len() > MAX_LENGTH {
            return Err(AccessError::Invalid);
        }
        let mut validation = Validation::new(self.key.algorithm.jwt());
        validation.leeway = 0;
        // Judged below, by our own clock.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        let data = jsonwebtoken::decode::<Claims>(token, &self.key.decoding, &validation)
            .map_err(|_| AccessError::Invalid)?;
        if data.header.typ.as_deref() != Some(TYPE) || data.header.kid.as_deref() != Some(&self.key.kid) {
            return Err(AccessError::Invalid);
        }
        let claims = data.claims;
        // The second limit matters after a restart with a shorter lifetime: the revocation set remembers
        // only as long as tokens live now.
        let expires = Timestamp::from_seconds(claims.exp);
        let oldest = Timestamp::from_seconds(claims.iat).after(self.ttl);
        if now >= expires.min(oldest) { Err(AccessError::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests;
