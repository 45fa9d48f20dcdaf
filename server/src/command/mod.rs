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
use lanyard_auth::email::{BadEmail, canonical, kept_forms};
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::rotation::{LONGEST, Limits};
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
    let database = lanyard_store::open(kept.database(), Clock::System).await?;
    print::line("The database is up to date")?;
    print_old_addresses(&database.records.old_addresses(MOST_TOLD).await?)
}

/// Says whose address could not be brought into the form that addresses have now.
fn print_old_addresses(people: &[User]) -> Result<(), Failure> {
    if people.is_empty() {
        return Ok(());
    }
    print::line(
        "These addresses stay as they are, since another account has the address that they come to, or they are none; \
         their owners sign in with them as they typed them first:",
    )?;
    let rows: Vec<_> = people.iter().map(|user| [user.email.clone(), user.id.to_string()]).collect();
    print::table(["ADDRESS", "ID"], &rows)
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

    /// The person with this address, in whichever form it is kept.
    async fn person_at(&self, email: &str) -> Result<Option<User>, Failure> {
        for form in kept_forms(email) {
            if let Some(user) = self.database.records.user_by_email(&form).await? {
                return Ok(Some(user));
            }
        }
        match canonical(email) {
            Err(hidden @ BadEmail::Hidden) => Err(hidden.into()),
            Err(BadEmail::NoAddress) | Ok(_) => Ok(None),
        }
    }

    /// The person with this id or address.
    async fn person(&self, named: &str) -> Result<User, Failure> {
        let records = &self.database.records;
        let found = match named.parse::<Uuid>() {
            Ok(id) => records.user(UserId(id)).await?,
            Err(_) => self.person_at(named).await?,
        };
        found.ok_or_else(|| format!("nobody has the address or id {named}").into())
    }
}

/// So many addresses of before are told.
const MOST_TOLD: u32 = 1_000;

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
