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
        azv: 0,
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
    let set = RevocationSet::new(KEEP, 10_000);
    set.add([session(1, NOW)], NOW);
    assert_eq!(set.judge(&claims(1, 9, 1), NOW), Verdict::Revoked(EndReason::SignedOut));
    assert_eq!(set.judge(&claims(2, 9, 1), NOW), Verdict::Good);
}

#[test]
fn older_versions_of_a_user_are_refused() {
    let set = RevocationSet::new(KEEP, 10_000);
    let user = UserId(Uuid::from_u128(9));
    set.add([Revocation::User { id: user, version: 3, at: NOW }], NOW);
    set.add([Revocation::User { id: user, version: 2, at: NOW }], NOW);
    assert_eq!(set.judge(&claims(1, 9, 2), NOW), Verdict::Revoked(EndReason::KickedOut));
    assert_eq!(set.judge(&claims(1, 9, 3), NOW), Verdict::Good);
    assert_eq!(set.judge(&claims(1, 8, 1), NOW), Verdict::Good);
}

#[test]
fn entries_are_swept_once_they_are_not_needed_and_never_before() {
    let set = RevocationSet::new(KEEP, 10_000);
    let last_needed = NOW.after(KEEP).before(Duration::from_millis(1));
    set.add([session(0, NOW)], NOW);
    for sid in 1..1000 {
        set.add([session(sid, last_needed)], last_needed);
    }
    assert!(set.judge(&claims(0, 9, 1), NOW) != Verdict::Good);
    let later = last_needed.after(KEEP);
    for sid in 1000..3000 {
        set.add([session(sid, later)], later);
    }
    assert!(set.judge(&claims(0, 9, 1), NOW) == Verdict::Good);
    assert!(set.judge(&claims(1, 9, 1), NOW) == Verdict::Good);
    assert!(set.entries.read().unwrap().sessions.len() <= 2000);
    assert!((1000..3000).all(|sid| set.judge(&claims(sid, 9, 1), NOW) != Verdict::Good));
}

#[test]
fn ending_twice_keeps_the_first_reason_and_the_longer_time() {
    let set = RevocationSet::new(KEEP, 10_000);
    let sid = SessionId(Uuid::from_u128(1));
    set.add([Revocation::Session { sid, at: NOW, reason: EndReason::TokenReused }], NOW);
    set.add([session(1, NOW.after(KEEP))], NOW);
    assert_eq!(set.judge(&claims(1, 9, 1), NOW), Verdict::Revoked(EndReason::TokenReused));
    assert_eq!(set.entries.read().unwrap().sessions[&sid].1, NOW.after(2 * KEEP));
}

#[test]
fn a_full_set_never_says_that_it_knows() {
    let set = RevocationSet::new(KEEP, 2);
    set.add([session(1, NOW), session(2, NOW)], NOW);
    assert_eq!(set.judge(&claims(3, 9, 1), NOW), Verdict::Good);
    let later = NOW.after(KEEP / 2);
    set.add([session(3, later)], later);
    assert_eq!(set.judge(&claims(1, 9, 1), later), Verdict::Revoked(EndReason::SignedOut));
    assert_eq!(set.judge(&claims(3, 9, 1), later), Verdict::Unknown);
    assert_eq!(set.judge(&claims(4, 9, 1), later), Verdict::Unknown);

    // What it has goes on; what it left out counts until it has expired itself.
    let last = later.after(KEEP).before(Duration::from_millis(1));
    set.add([session(4, last)], last);
    assert_eq!(set.judge(&claims(4, 9, 1), last), Verdict::Revoked(EndReason::SignedOut));
    assert_eq!(set.judge(&claims(3, 9, 1), last), Verdict::Unknown);
    assert_eq!(set.judge(&claims(3, 9, 1), later.after(KEEP)), Verdict::Good);
}

#[test]
fn an_older_authorisation_is_outdated_and_an_older_version_is_over_whatever_it_may_do() {
    let set = RevocationSet::new(KEEP, 10);
    let id = UserId(Uuid::from_u128(5));
    set.add(
        [Revocation::Authz { id, version: 3, at: NOW }, Revocation::Authz { id, version: 2, at: NOW }],
        NOW,
    );
    let judge = |ver, azv| set.judge(&Claims { azv, ..claims(1, 5, ver) }, NOW);
    assert_eq!(judge(1, 2), Verdict::Outdated);
    assert_eq!(judge(1, 3), Verdict::Good);
    set.add([Revocation::User { id, version: 2, at: NOW }], NOW);
    assert_eq!(judge(1, 2), Verdict::Revoked(EndReason::KickedOut));
    assert_eq!((judge(2, 2), judge(2, 3)), (Verdict::Outdated, Verdict::Good));
    let other = Claims { azv: 0, ..claims(1, 6, 0) };
    assert_eq!(set.judge(&other, NOW), Verdict::Good);
}
