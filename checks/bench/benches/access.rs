//! Checking an access token: the bare signature, the whole token, and with the revocation set.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark stops where it can't measure"
)]

mod ratio;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use lanyard_auth::access::{AccessTokens, Claims, SigningAlgorithm, SigningKey};
use lanyard_auth::audit::By;
use lanyard_auth::password::{Password, Passwords};
use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::revocation::RevocationSet;
use lanyard_auth::rotation::Limits;
use lanyard_auth::service::{Delivery, Immediate, Registration};
use lanyard_auth::store::{EndReason, Revocation, SessionId};
use lanyard_auth::time::Timestamp;
use lanyard_auth::{Service, Settings};
use lanyard_testbed::Harness as _;
use lanyard_testbed::sqlite::SqliteFile;
use uuid::Uuid;

const GROUP: &str = "access token";
const BARE: &str = "bare signature";
const WHOLE: &str = "signature and claims";
const CALL: &str = "a call, as the server judges it";
const EMPTY: &str = "look-up in an empty revocation set";
const MILLION: &str = "look-up in a revocation set of a million ends";

const KEEP: Duration = Duration::from_secs(1_000);

const LIMITS: Limits = Limits {
    retry_window: Duration::from_secs(30),
    settle: Duration::from_secs(120),
    idle: Duration::from_secs(7 * 24 * 3600),
    absolute: Duration::from_secs(30 * 24 * 3600),
};

/// A service with one session.
async fn signed_in(db: &SqliteFile, pem: &str) -> (Service, String) {
    let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, pem).unwrap();
    let settings = Settings {
        limits: LIMITS,
        access: AccessTokens::new(key, "https://lanyard.example", Duration::from_secs(900)),
        keys: MasterKeys::new(&[7; 32], &[]),
        passwords: Passwords::new(Random::System, 1).unwrap(),
        clock: db.clock(),
        random: Random::System,
        immediate: Some(Immediate::default()),
    };
    let service = Service::start(db.store(), settings).await.unwrap();
    let password = || Password::new("correct horse battery".to_owned());
    let registration = Registration::new("Ada", "ada@example.com", password()).unwrap();
    service.sign_up(registration, &By::default()).await.unwrap();
    let issued = service.sign_in("ada@example.com", password(), Delivery::Cookie, &[]).await.unwrap();
    (service, issued.access_token.reveal().to_owned())
}

fn ends(number: u128, at: Timestamp) -> impl Iterator<Item = Revocation> {
    let reason = EndReason::SignedOut;
    (0..number).map(move |n| Revocation::Session { sid: SessionId(Uuid::from_u128(n)), at, reason })
}

fn measure(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (db, pem) =
        (runtime.block_on(SqliteFile::fresh()), SigningKey::generate_pem(SigningAlgorithm::EdDsa).unwrap());
    let (service, token) = runtime.block_on(signed_in(&db, &pem));
    let service = Arc::new(service);
    let now = db.now();
    let claims: Claims = service.access().verify(&token, now).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = DecodingKey::from_jwk(service.access().jwks().keys.first().unwrap()).unwrap();
    let [empty, million] = [0, 1_000_000].map(|number| {
        let set = RevocationSet::new(KEEP, 2_000_000);
        set.add(ends(number, now), now);
        set
    });

    let mut group = criterion.benchmark_group(GROUP);
    group.bench_function(BARE, |bencher| {
        bencher.iter(|| {
            crypto::verify(signature, black_box(message).as_bytes(), &key, Algorithm::EdDSA).unwrap()
        });
    });
    group.bench_function(WHOLE, |bencher| {
        bencher.iter(|| service.access().verify(black_box(&token), now).unwrap())
    });
    group.bench_function(CALL, |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { service.authenticate(black_box(&token), None).await.unwrap() });
    });
    group.bench_function(EMPTY, |bencher| bencher.iter(|| empty.judge(black_box(&claims), now)));
    group.bench_function(MILLION, |bencher| bencher.iter(|| million.judge(black_box(&claims), now)));
    group.finish();
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
    ratio::print(GROUP, BARE, &[WHOLE, CALL, EMPTY, MILLION])
}
