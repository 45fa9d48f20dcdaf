//! Why a text is not the private key that it should be, in words for whoever put the file there.
//!
//! Only what is certain is said: what this does not know, the libraries that read the key decide.

use ed25519_dalek::pkcs8::{ObjectIdentifier, PrivateKeyInfo, SecretDocument};
use zeroize::Zeroizing;

use super::SigningAlgorithm;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Why a text can't be used as a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// It is no PEM.
    #[error("it is no PEM, which begins with -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// A passphrase protects it, and there is nobody to ask.
    #[error(
        "it is encrypted, and nobody is there to type the passphrase: `openssl pkcs8 -topk8 -nocrypt` takes it off"
    )]
    Encrypted,
    /// It holds no private key.
    #[error("it holds a public key or a certificate, and signing takes the private key")]
    PublicOnly,
    /// A private key in another form than PKCS #8.
    #[error(
        "it holds a private key in another form than PKCS #8: `openssl pkcs8 -topk8 -nocrypt` converts it"
    )]
    OtherForm,
    /// A key for something else.
    #[error("it holds {0}")]
    OtherKey(&'static str),
    /// RFC 7518, 3.3.
    #[error("it holds an RSA key of {0} bits, which is too short: RFC 7518, 3.3, asks for 2048 at least")]
    TooShort(usize),
    /// More than is verified here.
    #[error("it holds an RSA key of {0} bits, and what more than 4096 sign can't be verified here")]
    TooLong(usize),
    /// It looks like the right key, and can't be read.
    #[error("it can't be read: it may be damaged or cut off")]
    Damaged,
    /// Another key than the public one with it, or what it signs is too long.
    #[error("a token that was signed with it for trial could not be verified")]
    NotVerified,
}

/// What is certainly wrong with a text that should be a key of this algorithm.
pub(super) fn look(algorithm: SigningAlgorithm, text: &str) -> Result<(), Unusable> {
    if text.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    // In the label (RFC 5958), or in a header below the label (RFC 1421).
    if text.contains("ENCRYPTED") {
        return Err(Unusable::Encrypted);
    }
    match label(text) {
        None => Err(Unusable::NotPem),
        Some("PRIVATE KEY") => look_at_pkcs8(algorithm, text),
        // PKCS #1, which is taken too.
        Some("RSA PRIVATE KEY") if algorithm == SigningAlgorithm::Rs256 => Ok(()),
        Some("RSA PRIVATE KEY") => Err(Unusable::OtherKey("an RSA key")),
        Some("EC PRIVATE KEY" | "EC PARAMETERS" | "OPENSSH PRIVATE KEY" | "DSA PRIVATE KEY") => {
            Err(Unusable::OtherForm)
        }
        Some(label) if label.ends_with("PUBLIC KEY") || label.contains("CERTIFICATE") => {
            Err(Unusable::PublicOnly)
        }
        Some(_) => Ok(()),
    }
}

/// What a PEM says that it holds, the first thing if there are several.
fn label(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    rest.split_once("-----").map(|(label, _)| label)
}

/// The text as strict readers want it (RFC 7468, 3): without what editors and copying leave at the ends of lines.
pub(super) fn tidy(text: &str) -> Zeroizing<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tidy = Zeroizing::new(String::with_capacity(text.len() + 1));
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}

fn look_at_pkcs8(algorithm: SigningAlgorithm, text: &str) -> Result<(), Unusable> {
    let Ok((_, document)) = SecretDocument::from_pem(text) else { return Ok(()) };
    let Ok(key) = PrivateKeyInfo::try_from(document.as_bytes()) else { return Ok(()) };
    let curve = key.algorithm.parameters_oid().ok();
    let found = match key.algorithm.oid {
        RSA if algorithm == SigningAlgorithm::Rs256 => return Ok(()),
        EC if algorithm == SigningAlgorithm::Es256 && curve == Some(P256) => return Ok(()),
        ED25519 if algorithm == SigningAlgorithm::EdDsa => return Ok(()),
        RSA => "an RSA key",
        RSA_PSS => "an RSA key for PSS alone, and RS256 is PKCS #1 v1.5",
        EC if curve == Some(P256) => "a key of the curve P-256",
        EC => "a key of another curve than P-256",
        ED25519 => "an Ed25519 key",
        _ => "a key of another algorithm",
    };
    Err(Unusable::OtherKey(found))
}

#[cfg(test)]
mod tests;
