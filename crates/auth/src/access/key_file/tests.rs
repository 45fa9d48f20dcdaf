use std::time::Duration;

use super::Unusable::*;
use super::*;
use crate::access::{AccessTokens, KeyError, SigningKey};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000_500);

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("keys/", $name, ".pem"))
    };
}

fn tokens(key: SigningKey) -> AccessTokens {
    AccessTokens::new(key, "https://lanyard.example", Duration::from_secs(900))
}

fn refusal(algorithm: SigningAlgorithm, text: &str) -> Option<Unusable> {
    match SigningKey::from_pem(algorithm, text) {
        Ok(_) => None,
        Err(KeyError::Unusable(of, why)) => {
            assert_eq!(of, algorithm);
            Some(why)
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn good_keys_of_others_making_are_tried_and_taken() {
    for (algorithm, text) in [
        (SigningAlgorithm::Rs256, key!("rsa-2048")),
        (SigningAlgorithm::Rs256, key!("rsa-2048-pkcs1")),
        (SigningAlgorithm::Rs256, key!("rsa-4096")),
        (SigningAlgorithm::Es256, key!("p256")),
        (SigningAlgorithm::EdDsa, key!("ed25519")),
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}\n {text} \n\n")] {
            let key = SigningKey::from_pem(algorithm, &text).unwrap();
            assert_eq!(tokens(key).try_out(NOW), Ok(()), "{algorithm:?}");
        }
    }
}

#[test]
fn the_length_of_an_rsa_key_has_two_bounds() {
    let rs256 = |text| refusal(SigningAlgorithm::Rs256, text);
    assert_eq!(rs256(key!("rsa-1024")), Some(TooShort(1024)));
    assert_eq!(rs256(key!("rsa-2047")), Some(TooShort(2047)));
    assert_eq!(rs256(key!("rsa-4104")), Some(TooLong(4104)));
    let said = KeyError::Unusable(SigningAlgorithm::Rs256, TooShort(1024)).to_string();
    assert!(said.contains("RS256") && said.contains("1024 bits") && said.contains("RFC 7518"), "{said}");
}

#[test]
fn whatever_else_it_is_has_a_name() {
    for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        for (text, why) in [
            ("", Empty),
            (" \r\n\t", Empty),
            ("nonsense", NotPem),
            ("\u{feff}\n", Empty),
            (key!("rsa-2048-encrypted"), Encrypted),
            (key!("rsa-2048-pkcs1-encrypted"), Encrypted),
            (key!("rsa-2048-public"), PublicOnly),
            (key!("ed25519-public"), PublicOnly),
            (key!("certificate"), PublicOnly),
            (key!("p256-sec1"), OtherForm),
            (key!("p384"), OtherKey("a key of another curve than P-256")),
            (key!("ed448"), OtherKey("a key of another algorithm")),
            (key!("x25519"), OtherKey("a key of another algorithm")),
        ] {
            assert_eq!(refusal(algorithm, text), Some(why), "{algorithm:?}: {text:.40}");
        }
    }
    for (algorithm, text, found) in [
        (SigningAlgorithm::EdDsa, key!("rsa-2048"), "an RSA key"),
        (SigningAlgorithm::EdDsa, key!("rsa-2048-pkcs1"), "an RSA key"),
        (SigningAlgorithm::EdDsa, key!("p256"), "a key of the curve P-256"),
        (SigningAlgorithm::Rs256, key!("p256"), "a key of the curve P-256"),
        (SigningAlgorithm::Rs256, key!("ed25519"), "an Ed25519 key"),
        (SigningAlgorithm::Rs256, key!("rsa-pss"), "an RSA key for PSS alone, and RS256 is PKCS #1 v1.5"),
        (SigningAlgorithm::Es256, key!("ed25519"), "an Ed25519 key"),
        (SigningAlgorithm::Es256, key!("rsa-4096"), "an RSA key"),
    ] {
        assert_eq!(refusal(algorithm, text), Some(OtherKey(found)));
    }
}

#[test]
fn no_part_of_a_key_is_a_key_and_nothing_panics() {
    for (algorithm, text) in [
        (SigningAlgorithm::EdDsa, key!("ed25519")),
        (SigningAlgorithm::Es256, key!("p256")),
        (SigningAlgorithm::Rs256, key!("rsa-2048")),
    ] {
        // Up to the last line, whose end not everybody asks for.
        let body = text.find("-----END").unwrap();
        for end in (0..body).step_by(5) {
            assert!(refusal(algorithm, &text[..end]).is_some(), "{algorithm:?} up to {end}");
        }
        // One letter of the key itself, from its middle on.
        let at = body * 2 / 3;
        let letter = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut changed = text.to_owned();
        changed.replace_range(at..=at, letter);
        let verdict = SigningKey::from_pem(algorithm, &changed).map(|key| tokens(key).try_out(NOW));
        // Of Ed25519 and P-256 any number is a key.
        if algorithm == SigningAlgorithm::Rs256 {
            assert!(!matches!(verdict, Ok(Ok(()))), "{algorithm:?}");
        }
    }
}

#[test]
fn a_trial_fails_where_every_token_would_be_refused() {
    let key = || SigningKey::from_pem(SigningAlgorithm::EdDsa, key!("ed25519")).unwrap();
    let pem = SigningKey::generate_pem(SigningAlgorithm::EdDsa).unwrap();
    let other = SigningKey::from_pem(SigningAlgorithm::EdDsa, &pem).unwrap();
    let unverified = Err(KeyError::Unusable(SigningAlgorithm::EdDsa, NotVerified));
    // The public key is not its own.
    let mixed = SigningKey { decoding: other.decoding, ..key() };
    assert_eq!(tokens(mixed).try_out(NOW), unverified);
    // The tokens are longer than any that is looked at.
    let issuer = format!("https://{}.example", "a".repeat(4000));
    assert_eq!(AccessTokens::new(key(), &issuer, Duration::from_secs(900)).try_out(NOW), unverified);
}
