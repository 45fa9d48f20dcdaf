//! The commands beside `serve`: what administrators do, at the server's own command line, on its database.
//!
//! They use the same engine as the server, so that the same rules hold and the same is written into the audit log;
//! servers that run meanwhile notice within a second. What was asked for is printed on standard output, as lines for
//! people or as JSON, and nothing else is.

mod print;
pub mod sessions;
pub mod user;

use std::error::Error;
use std::time::Duration;

use lanyard_auth::access::{AccessTokens, SigningAlgorithm, SigningKey};
use lanyard_auth::audit::By;
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::rotation::{LONGEST, Limits};
use lanyard_auth::service::normalise_email;
use lanyard_auth::store::{User, UserId};
use lanyard_auth::time::Clock;
use lanyard_auth::{Service, Settings};
use lanyard_store::Database;
use uuid::Uuid;

use crate::config::Kept;

/// What went wrong, in one sentence.
type Failure = Box<dyn Error>;

/// `lanyard migrate`: brings the tables up to date, so that other commands can go first after a backup was restored.
///
/// # Errors
/// One sentence on what went wrong.
pub async fn migrate(kept: &Kept) -> Result<(), Failure> {
    lanyard_store::open(kept.database(), Clock::System).await?;
    print::line("The database is up to date")
}

/// The database, with the rules by which it is changed.
struct Office {
    database: Database,
    service: Service,
    by: By,
}

impl Office {
    /// Opens the database that a server made and has brought up to date. Its tables stay as they are: servers that run
    /// may be of another version.
    async fn open(kept: &Kept) -> Result<Self, Failure> {
        let database = lanyard_store::open_up_to_date(kept.database(), Clock::System).await?;
        let service = Service::start(database.store.clone(), settings()?).await?;
        Ok(Self { database, service, by: By::command_line() })
    }

    /// The person with this id or address.
    async fn person(&self, named: &str) -> Result<User, Failure> {
        let records = &self.database.records;
        let found = match named.parse::<Uuid>() {
            Ok(id) => records.user(UserId(id)).await?,
            Err(_) => records.user_by_email(&normalise_email(named)).await?,
        };
        found.ok_or_else(|| format!("nobody has the address or id {named}").into())
    }
}

/// Nothing is signed here, so the keys are thrown away; and no session is judged as idle, since how long that may be is
/// the server's configuration.
fn settings() -> Result<Settings, Failure> {
    let random = Random::System;
    let algorithm = SigningAlgorithm::EdDsa;
    let key = SigningKey::from_pem(algorithm, &SigningKey::generate_pem(algorithm)?)?;
    let (retry_window, settle) = (Duration::from_secs(30), Duration::from_secs(120));
    Ok(Settings {
        limits: Limits { retry_window, settle, idle: LONGEST, absolute: LONGEST },
        access: AccessTokens::new(key, "", Duration::from_secs(1)),
        keys: MasterKeys::new(&random.bytes()?, &[]),
        passwords: Passwords::new(random.clone(), 1)?,
        clock: Clock::System,
        random,
        immediate: None,
    })
}
