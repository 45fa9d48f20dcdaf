use super::*;
use crate::random::Random;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const ISSUER: &str = "https://lanyard.example";
const TTL: Duration = Duration::from_secs(900);
const NOW: Timestamp = Timestamp(1_800_000_000_500);

fn tokens(algorithm: SigningAlgorithm) -> AccessTokens {
    let pem = SigningKey::generate_pem(algorithm).unwrap();
    AccessTokens::new(SigningKey::from_pem(algorithm, &pem).unwrap(), ISSUER, TTL)
}

fn grant() -> Grant {
    let random = Random::seeded(1);
    Grant {
        user: UserId(random.uuid().unwrap()),
        sid: SessionId(random.uuid().unwrap()),
        generation: 7,
        user_version: 1,
        authz_version: 0,
        role: Role::User,
        confirm_from: None,
        jar: true,
        not_after: Timestamp(i64::MAX),
    }
}

fn signed(tokens: &AccessTokens, grant: Grant) -> String {
    tokens.sign(grant, Uuid::nil(), NOW).unwrap().0.reveal().to_owned()
}

/// A token with this header and these claims, signed by the right key.
fn forged(tokens: &AccessTokens, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &tokens.key.encoding, tokens.key.algorithm.jwt());
    format!("{message}.{}", signature.unwrap())
}

fn good_header(tokens: &AccessTokens) -> Value {
    json!({ "typ": "at+jwt", "alg": tokens.key.algorithm.name(), "kid": tokens.key.kid })
}

fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": format!("{ISSUER}/api"), "sub": Uuid::nil(), "exp": NOW.seconds() + 900,
        "iat": NOW.seconds(), "jti": Uuid::nil(), "sid": Uuid::nil(), "gen": 0, "ver": 1, "azv": 0, "scope": "user",
    })
}

#[test]
fn what_is_signed_verifies_with_every_algorithm_and_the_published_key() {
    for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        let tokens = tokens(algorithm);
        let text = signed(&tokens, grant());
        let claims = tokens.verify(&text, NOW).unwrap();
        assert_eq!((claims.generation, claims.exp - claims.iat), (7, 900));
        let jwk = &tokens.jwks().keys[0];
        let mut validation = Validation::new(algorithm.jwt());
        validation.set_audience(&[format!("{ISSUER}/api")]);
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(jwk).unwrap();
        jsonwebtoken::decode::<Claims>(&text, &key, &validation).unwrap();
        let shown = serde_json::to_value(tokens.jwks()).unwrap();
        assert_eq!(shown["keys"][0]["use"], "sig");
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(shown["keys"][0].get(secret).is_none(), "{secret}");
        }
    }
}

#[test]
fn times_are_whole_seconds_rounded_down_and_there_is_no_leeway() {
    let tokens = tokens(SigningAlgorithm::EdDsa);
    let (text, expires_in) = tokens.sign(grant(), Uuid::nil(), NOW).unwrap();
    let claims = tokens.verify(text.reveal(), NOW).unwrap();
    assert_eq!((claims.iat, claims.exp, expires_in), (1_800_000_000, 1_800_000_900, 900));
    let end = Timestamp::from_seconds(claims.exp);
    assert!(tokens.verify(text.reveal(), Timestamp(end.0 - 1)).is_ok());
    assert_eq!(tokens.verify(text.reveal(), end), Err(AccessError::Expired));
}

#[test]
fn a_token_never_outlives_its_limit_nor_the_lifetime_of_today() {
    let mut tokens = tokens(SigningAlgorithm::EdDsa);
    let not_after = NOW.after(Duration::from_millis(3_700));
    let (text, expires_in) = tokens.sign(Grant { not_after, ..grant() }, Uuid::nil(), NOW).unwrap();
    assert_eq!(expires_in, 4);
    assert_eq!(tokens.verify(text.reveal(), not_after), Err(AccessError::Expired));
    let long = signed(&tokens, grant());
    tokens.ttl = Duration::from_secs(60);
    let later = NOW.after(Duration::from_secs(60));
    assert_eq!(tokens.verify(&long, later), Err(AccessError::Expired));
}

#[test]
fn everything_else_is_invalid() {
    let tokens = tokens(SigningAlgorithm::EdDsa);
    let (header, claims) = (good_header(&tokens), good_claims());
    assert!(tokens.verify(&forged(&tokens, &header, &claims), NOW).is_ok(), "the template is good");
    let refused = |header: &Value, claims: &Value, what: &str| {
        let verdict = tokens.verify(&forged(&tokens, header, claims), NOW);
        assert_eq!(verdict, Err(AccessError::Invalid), "{what}");
    };
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("kid", json!("other")),
        ("kid", Value::Null),
    ] {
        let mut changed = header.clone();
        changed[name] = value.clone();
        refused(&changed, &claims, &format!("{name} {value}"));
    }
    for name in ["iss", "aud", "sub", "exp", "iat", "jti", "sid", "gen", "ver", "azv", "scope"] {
        let mut missing = claims.clone();
        missing.as_object_mut().unwrap().remove(name);
        refused(&header, &missing, &format!("no {name}"));
    }
    for (name, value) in [
        ("iss", json!("https://elsewhere.example")),
        ("aud", json!("https://elsewhere.example/api")),
        ("gen", json!(-1)),
        ("exp", json!("soon")),
        ("admin", json!(true)),
    ] {
        let mut changed = claims.clone();
        changed[name] = value;
        refused(&header, &changed, name);
    }
}

#[test]
fn garbage_and_other_keys_are_invalid() {
    let tokens_here = tokens(SigningAlgorithm::EdDsa);
    let elsewhere = signed(&tokens(SigningAlgorithm::EdDsa), grant());
    let good = signed(&tokens_here, grant());
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none"}"#),
        good.split('.').nth(1).unwrap()
    );
    let long = "a".repeat(MAX_LENGTH + 1);
    for text in ["", ".", "..", "a.b.c", "\u{0}", "ü.ü.ü", &elsewhere, &unsigned, &none, &long] {
        assert_eq!(tokens_here.verify(text, NOW), Err(AccessError::Invalid), "{text:.40}");
    }
    // Every single changed character breaks it, but for the last one's unused bits.
    for at in (0..good.len() - 1).step_by(7) {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(tokens_here.verify(&changed, NOW), Err(AccessError::Invalid), "at {at}");
    }
}

#[test]
fn nothing_secret_shows() {
    let pem = SigningKey::generate_pem(SigningAlgorithm::EdDsa).unwrap();
    let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, &pem).unwrap();
    let tokens = AccessTokens::new(key, ISSUER, TTL);
    let (text, _) = tokens.sign(grant(), Uuid::nil(), NOW).unwrap();
    assert!(!format!("{text:?} {tokens:?}").contains(text.reveal()));
    assert_eq!(format!("{text:?}"), "AccessTokenText(..)");
    assert!(SigningKey::from_pem(SigningAlgorithm::EdDsa, "nonsense").is_err());
    assert!(SigningKey::from_pem(SigningAlgorithm::Rs256, &pem).is_err());
}

#[test]
fn a_key_that_is_not_here_is_named_if_it_could_be_one() {
    let [here, elsewhere] = [tokens(SigningAlgorithm::EdDsa), tokens(SigningAlgorithm::Es256)];
    let named = |text: &str| here.unknown_kid(text);
    assert_eq!(named(&signed(&elsewhere, grant())), Some(elsewhere.key.kid.clone()));
    assert_eq!(named(&signed(&here, grant())), None);
    for kid in ["", "other", &"x".repeat(44), &"\n".repeat(43), &"ü".repeat(43)] {
        let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid });
        assert_eq!(named(&forged(&here, &header, &good_claims())), None, "{kid:?}");
    }
    for text in ["", ".", "..", "a.b.c", "\u{0}", "ü.ü.ü", &"a".repeat(MAX_LENGTH + 1)] {
        assert_eq!(named(text), None, "{text:.40}");
    }
}
