use uuid::Uuid;

use super::*;

const KEEP: Duration = Duration::from_secs(60);
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn claims(sid: u128, user: u128, version: u32) -> Claims {
    Claims {
        iss: String::new(),
        aud: String::new(),
        sub: UserId(Uuid::from_u128(user)),
        exp: 0,
        iat: 0,
        jti: Uuid::nil(),
        sid: SessionId(Uuid::from_u128(sid)),
        generation: 0,
        ver: version,
        scope: String::new(),
        cfm: None,
        jar: true,
    }
}

fn session(sid: u128, at: Timestamp) -> Revocation {
    Revocation::Session { sid: SessionId(Uuid::from_u128(sid)), at, reason: EndReason::SignedOut }
}

#[test]
fn an_ended_session_is_refused_with_its_reason_and_no_other_one_is() {
    let set = RevocationSet::new(KEEP);
    set.add([session(1, NOW)], NOW);
    assert_eq!(set.why_refused(&claims(1, 9, 1)), Some(EndReason::SignedOut));
    assert_eq!(set.why_refused(&claims(2, 9, 1)), None);
}

#[test]
fn older_versions_of_a_user_are_refused() {
    let set = RevocationSet::new(KEEP);
    let user = UserId(Uuid::from_u128(9));
    set.add([Revocation::User { id: user, version: 3, at: NOW }], NOW);
    set.add([Revocation::User { id: user, version: 2, at: NOW }], NOW);
    assert_eq!(set.why_refused(&claims(1, 9, 2)), Some(EndReason::KickedOut));
    assert_eq!(set.why_refused(&claims(1, 9, 3)), None);
    assert_eq!(set.why_refused(&claims(1, 8, 1)), None);
}

#[test]
fn entries_are_swept_once_they_are_not_needed_and_never_before() {
    let set = RevocationSet::new(KEEP);
    let last_needed = NOW.after(KEEP).before(Duration::from_millis(1));
    set.add([session(0, NOW)], NOW);
    for sid in 1..1000 {
        set.add([session(sid, last_needed)], last_needed);
    }
    assert!(set.why_refused(&claims(0, 9, 1)).is_some());
    let later = last_needed.after(KEEP);
    for sid in 1000..3000 {
        set.add([session(sid, later)], later);
    }
    assert!(set.why_refused(&claims(0, 9, 1)).is_none());
    assert!(set.why_refused(&claims(1, 9, 1)).is_none());
    assert!(set.entries.read().unwrap().sessions.len() <= 2000);
    assert!((1000..3000).all(|sid| set.why_refused(&claims(sid, 9, 1)).is_some()));
}

#[test]
fn ending_twice_keeps_the_first_reason_and_the_longer_time() {
    let set = RevocationSet::new(KEEP);
    let sid = SessionId(Uuid::from_u128(1));
    set.add([Revocation::Session { sid, at: NOW, reason: EndReason::TokenReused }], NOW);
    set.add([session(1, NOW.after(KEEP))], NOW);
    assert_eq!(set.why_refused(&claims(1, 9, 1)), Some(EndReason::TokenReused));
    assert_eq!(set.entries.read().unwrap().sessions[&sid].1, NOW.after(2 * KEEP));
}
