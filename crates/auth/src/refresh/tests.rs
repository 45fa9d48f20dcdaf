use proptest::prelude::*;

use super::*;

fn keys() -> MasterKeys {
    MasterKeys::new(&[7; 32], &[[6; 32]])
}

fn first() -> RefreshToken {
    keys().first(SessionId(Uuid::from_u128(42)), &Random::seeded(1)).unwrap()
}

#[test]
fn the_format_is_as_documented() {
    let token = first();
    let text = token.text();
    let encoded = text.reveal().strip_prefix("lrt1_").unwrap();
    assert_eq!(encoded.len(), 96);
    let raw = URL_SAFE_NO_PAD.decode(encoded).unwrap();
    assert_eq!(raw[..16], *Uuid::from_u128(42).as_bytes());
    assert_eq!(raw[16..20], token.kid.0.to_be_bytes());
    assert_eq!(raw[20..24], [0; 4]);
    let successor = keys().successor(&token, token.kid, 258, &Salt([3; 16])).unwrap();
    let raw = URL_SAFE_NO_PAD.decode(successor.text().reveal().strip_prefix("lrt1_").unwrap()).unwrap();
    assert_eq!(raw[20..24], [0, 0, 1, 2]);
}

#[test]
fn the_derivations_are_the_documented_ones() {
    let token = first();
    let salt = Salt([3; 16]);
    let successor = keys().successor(&token, token.kid, 1, &salt).unwrap();
    let hkdf = Hkdf::<Sha256>::new(None, &[7; 32]);
    let mut next = [0; 64];
    hkdf.expand(b"lanyard refresh next", &mut next).unwrap();
    let mut hmac = Hmac::<Sha256>::new_from_slice(&next).unwrap();
    for part in [b"lrt1", &token.sid.0.as_bytes()[..], &salt.0, &token.secret.0] {
        hmac.update(part);
    }
    assert_eq!(successor.secret.0, *hmac.finalize().into_bytes());
    let mut tag = [0; 64];
    hkdf.expand(b"lanyard refresh tag", &mut tag).unwrap();
    let mut hmac = Hmac::<Sha256>::new_from_slice(&tag).unwrap();
    for part in [
        b"lrt1",
        &token.sid.0.as_bytes()[..],
        &token.kid.0.to_be_bytes(),
        &1_u32.to_be_bytes(),
        &successor.secret.0,
    ] {
        hmac.update(part);
    }
    assert_eq!(successor.tag, hmac.finalize().into_bytes()[..16]);
}

#[test]
fn a_successor_depends_on_its_parent_its_salt_and_its_key_alone() {
    let token = first();
    let make = |token: &RefreshToken, kid, salt| keys().successor(token, kid, 1, &Salt([salt; 16])).unwrap();
    let successor = make(&token, token.kid, 1);
    assert_eq!(successor.hash(), make(&token, token.kid, 1).hash());
    assert!(successor.hash() != make(&token, token.kid, 2).hash());
    let other = MasterKeys::new(&[6; 32], &[]);
    assert!(successor.hash() != make(&token, other.current(), 1).hash());
    let sibling = keys().first(token.sid, &Random::seeded(2)).unwrap();
    assert!(successor.hash() != make(&sibling, token.kid, 1).hash());
}

#[test]
fn an_unknown_key_is_neither_genuine_nor_forged() {
    let token = MasterKeys::new(&[1; 32], &[]).first(first().sid, &Random::seeded(1)).unwrap();
    assert_eq!(keys().is_genuine(&token), Err(UnknownKey));
}

#[test]
fn nothing_secret_shows() {
    let token = first();
    let shown = format!("{token:?} {:?} {:?} {:?} {:?}", token.text(), token.secret, token.hash(), keys());
    assert_eq!(
        shown,
        "RefreshToken { generation: 0, .. } RefreshTokenText(..) Secret(..) SecretHash(..) \
         MasterKeys { keys: 2, .. }"
    );
}

proptest! {
    #[test]
    fn text_survives_a_round_trip(sid: u128, seed: u64) {
        let token = keys().first(SessionId(Uuid::from_u128(sid)), &Random::seeded(seed)).unwrap();
        let text = token.text();
        let read = RefreshToken::parse(text.reveal()).unwrap();
        prop_assert!(read.text().reveal() == text.reveal());
        prop_assert_eq!(keys().is_genuine(&read), Ok(true));
    }

    #[test]
    fn no_changed_bit_is_genuine(bit in 0_usize..RAW * 8) {
        let text = first().text();
        let mut raw = URL_SAFE_NO_PAD.decode(&text.reveal()[PREFIX.len()..]).unwrap();
        raw[bit / 8] ^= 1 << (bit % 8);
        let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(raw));
        let verdict = keys().is_genuine(&RefreshToken::parse(&changed).unwrap());
        prop_assert_ne!(verdict, Ok(true));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(lrt1_)?[A-Za-z0-9_=. \u{0}ü-]{0,110}") {
        if let Ok(token) = RefreshToken::parse(&text) {
            prop_assert!(token.text().reveal() == text);
        }
    }
}
