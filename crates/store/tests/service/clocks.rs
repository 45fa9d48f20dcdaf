//! A server's clock and the database's, apart: ages are judged by the database's, access tokens by the server's own, and
//! nobody is signed out for it.

use super::*;
use lanyard_auth::device::Device;
use lanyard_auth::records::Page;
use lanyard_auth::store::EndReason;
use lanyard_auth::time::ManualClock;

const POLLED: Option<Immediate> = Some(Immediate { capacity: 1_000, poll: ms(50) });

/// How far the server's clock is ahead, in milliseconds: both ways, within what the revocation set and the access tokens put
/// up with, and beyond.
const AHEAD: [i64; 9] = [-3_600_000, -121_000, -60_000, -999, 0, 999, 60_000, 121_000, 3_600_000];

/// A server whose clock is ahead of its database's, beside the world's own, whose clock is the database's.
struct Apart {
    world: World,
    here: Arc<Service>,
    clock: ManualClock,
}

impl Apart {
    async fn new(ahead: i64) -> Self {
        let world = World::new().await;
        world.sign_up("ada@example.com").await;
        let clock = ManualClock::new(Timestamp(world.db.now().0 + ahead));
        let keys = MasterKeys::new(&MASTER, &[]);
        let here = start_with(world.store(), Clock::Manual(clock.clone()), &world.pem, &keys, POLLED).await;
        Self { world, here, clock }
    }

    async fn pass(&self, time: Duration) {
        self.world.pass(time).await;
        self.clock.advance(time);
    }

    async fn sign_in(&self) -> Issued {
        let password = Password::new(PASSWORD.to_owned());
        self.here.sign_in("ada@example.com", password, Delivery::Cookie, &[]).await.unwrap()
    }

    async fn refresh(&self, token: &RefreshToken) -> Result<Issued, RefreshError> {
        self.here.refresh(token, None, Delivery::Cookie).await
    }

    async fn use_badge(&self, issued: &Issued) {
        let hint = Hint::new(issued.sid, token(issued).generation);
        self.here.authenticate(issued.access_token.reveal(), Some(&hint)).await.unwrap();
        self.here.flush().await;
    }
}

/// In whole seconds, as tokens have it.
fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap()
}

/// `expires_in` may lack the part of a second that both clocks are into one.
fn is_about(expires_in: u32, expected: Duration) -> bool {
    (seconds(expected).saturating_sub(1)..=seconds(expected) + 1).contains(&expires_in)
}

#[tokio::test]
async fn the_rule_goes_by_the_databases_clock() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let first = apart.sign_in().await;
        assert_eq!(
            (first.expires_in, verdict(&apart.here, &first).await),
            (seconds(ACCESS_TTL), None),
            "{ahead}"
        );
        apart.pass(LIMITS.settle).await;
        let second = apart.refresh(&token(&first)).await.unwrap();
        assert_eq!(token(&second).generation, 1, "{ahead}: settled, so it rotates");
        assert_eq!(apart.world.row(first.sid).await.rotated_at, apart.world.db.now());

        apart.pass(LIMITS.retry_window - ms(1)).await;
        let again = apart.refresh(&token(&first)).await.unwrap();
        assert_eq!(token(&again).hash(), token(&second).hash(), "{ahead}: a retry gets the same");
        apart.pass(ms(1)).await;
        let bridged = apart.refresh(&token(&first)).await.unwrap();
        assert!(bridged.refresh_token.is_none(), "{ahead}: rule 4");
        let rest = LIMITS.settle + LIMITS.client_timeout() - LIMITS.retry_window;
        assert!(is_about(bridged.expires_in, rest), "{ahead}: for {} s", bridged.expires_in);
        assert_eq!(verdict(&apart.here, &bridged).await, None, "{ahead}: it is good here");
    }
}

#[tokio::test]
async fn a_generation_is_confirmed_and_a_theft_found() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let first = apart.sign_in().await;
        apart.pass(LIMITS.settle).await;
        let second = apart.refresh(&token(&first)).await.unwrap();
        apart.pass(LIMITS.settle - ms(1)).await;
        apart.use_badge(&second).await;
        assert!(!apart.world.row(first.sid).await.confirmed, "{ahead}: not before it has settled");
        apart.pass(LIMITS.settle / 4 + ms(1_001)).await;
        apart.use_badge(&second).await;
        assert!(apart.world.row(first.sid).await.confirmed, "{ahead}");
        let thief = apart.refresh(&token(&first)).await;
        assert!(matches!(thief, Err(RefreshError::Reused)), "{ahead}: {thief:?}");
        assert_eq!(verdict(&apart.here, &second).await, Some(AccessError::Revoked(EndReason::TokenReused)));
    }
}

#[tokio::test]
async fn both_limits_go_by_the_databases_clock() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let idle = apart.sign_in().await;
        apart.pass(LIMITS.idle - ms(1)).await;
        let mut last = apart.refresh(&token(&idle)).await.unwrap();
        for _ in 0..3 {
            apart.pass(LIMITS.idle - ms(1)).await;
            last = apart.refresh(&token(&last)).await.unwrap();
        }
        let expires_at = last.session_expires_at;
        let minute = Duration::from_secs(60);
        let left = Duration::from_millis(expires_at.since(apart.world.db.now()).try_into().unwrap());
        apart.pass(left - minute).await;
        let short = apart.refresh(&token(&last)).await.unwrap();
        assert!(is_about(short.expires_in, minute), "{ahead}: for {} s", short.expires_in);
        assert_eq!(verdict(&apart.here, &short).await, None, "{ahead}");
        apart.pass(minute + ms(999)).await;
        assert_eq!(
            verdict(&apart.here, &short).await,
            Some(AccessError::Expired),
            "{ahead}: nothing outlives it by a second"
        );
        assert!(matches!(apart.refresh(&token(&last)).await, Err(RefreshError::Expired)));

        let gone = apart.sign_in().await;
        apart.pass(LIMITS.idle).await;
        assert!(matches!(apart.refresh(&token(&gone)).await, Err(RefreshError::Expired)), "{ahead}");
    }
}

#[tokio::test]
async fn what_others_end_is_over_and_stays_so() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let [own, others, kept] = [apart.sign_in().await, apart.sign_in().await, apart.sign_in().await];
        apart.here.sign_out(&[own.sid], &Device::default()).await.unwrap();
        apart.world.service.sign_out(&[others.sid], &Device::default()).await.unwrap();
        let over = AccessError::Revoked(EndReason::SignedOut);
        for session in [&own, &others] {
            assert_eq!(refused_soon(&apart.here, session).await, over, "{ahead}");
        }
        // As long as its access tokens would be good.
        apart.pass(ACCESS_TTL - Duration::from_secs(1)).await;
        tokio::time::sleep(ms(120)).await;
        for session in [&own, &others] {
            assert_eq!(verdict(&apart.here, session).await, Some(over), "{ahead}");
        }
        assert_eq!(verdict(&apart.here, &kept).await, None, "{ahead}");
    }
}

#[tokio::test]
async fn a_servers_clock_may_be_set_while_it_runs() {
    for ahead in [-3_600_000, -60_000, 60_000, 3_600_000] {
        let apart = Apart::new(0).await;
        let before = apart.sign_in().await;
        apart.world.service.sign_out(&[before.sid], &Device::default()).await.unwrap();
        refused_soon(&apart.here, &before).await;
        apart.clock.set(Timestamp(apart.world.db.now().0 + ahead));
        let after = apart.sign_in().await;
        assert_eq!(
            verdict(&apart.here, &after).await,
            None,
            "{ahead}: tokens are signed by the clock as it is"
        );
        apart.world.service.sign_out(&[after.sid], &Device::default()).await.unwrap();
        assert_eq!(
            refused_soon(&apart.here, &after).await,
            AccessError::Revoked(EndReason::SignedOut),
            "{ahead}"
        );
        assert!(verdict(&apart.here, &before).await.is_some(), "{ahead}: nobody comes back");
    }
}

/// Where one server's access tokens go to another one, whose clock is the database's.
#[tokio::test]
async fn two_servers_put_up_with_as_much_as_the_settling_time() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let badge = apart.sign_in().await;
        let there = &apart.world.service;
        let settle = i64::try_from(LIMITS.settle.as_millis()).unwrap() + 999;
        let good = ahead <= settle && ahead > -i64::from(badge.expires_in) * 1_000;
        let expected = (!good).then_some(AccessError::Expired);
        assert_eq!(verdict(there, &badge).await, expected, "{ahead}");
        // Beyond that it is to be renewed; nobody is signed out.
        let renewed = apart.world.refresh(&token(&badge)).await.unwrap();
        assert_eq!(verdict(there, &renewed).await, None, "{ahead}");
    }
}

#[tokio::test]
async fn lists_and_notices_go_by_the_databases_clock() {
    for ahead in AHEAD {
        let apart = Apart::new(ahead).await;
        let first = apart.sign_in().await;
        apart.pass(LIMITS.settle).await;
        let seen_at = apart.world.db.now();
        apart.refresh(&token(&first)).await.unwrap();
        let elsewhere = Device { browser: Some("Lynx".to_owned()), ..Device::default() };
        let client = lanyard_auth::service::Client { delivery: Delivery::Cookie, device: elsewhere };
        let password = Password::new(PASSWORD.to_owned());
        let second = apart.here.sign_in("ada@example.com", password, client, &[]).await.unwrap();
        apart.pass(Duration::from_secs(2)).await;

        let records = apart.world.db.records();
        let listed = records.live_sessions(Some(first.user.id), LIMITS.idle, None, 10).await.unwrap();
        assert_eq!(listed.now, apart.world.db.now());
        let Page { rows, .. } = listed.row;
        let seen: Vec<_> = rows.iter().map(|row| (row.sid, row.rotated_at)).collect();
        assert!(seen.contains(&(first.sid, seen_at)) && seen.contains(&(second.sid, seen_at)), "{seen:?}");
        let notices = records.notices(first.user.id, first.sid, Duration::from_secs(60), 10).await.unwrap();
        let told: Vec<_> = notices.iter().map(|entry| (entry.session, entry.place.at)).collect();
        assert_eq!(told, [(Some(second.sid), seen_at)], "{ahead}");
    }
}
