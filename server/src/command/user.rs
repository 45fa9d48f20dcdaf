//! `lanyard user`: accounts.

use std::io::{self, IsTerminal as _};

use clap::{Args, Subcommand, ValueEnum};
use lanyard_app::api::EndedSessions;
use lanyard_app::api::admin::Account;
use lanyard_auth::password::Password;
use lanyard_auth::records::{UserPlace, searched};
use lanyard_auth::scope::Role;
use lanyard_auth::service::{Disabled, Registration};
use lanyard_auth::store::{EndReason, RoleChange, UserId};
use zeroize::Zeroizing;

use super::{Failure, Office, print};
use crate::api::admin::users::account;
use crate::config::Kept;

/// So many are read at once.
const PAGE: u32 = 200;

/// The arguments of `lanyard user`.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    what: What,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Args)]
struct Whom {
    /// The address or the id
    person: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List people, the newest first
    List {
        /// Those whose address, its domain, or name from one of its words on begins like this
        #[arg(long)]
        search: Option<String>,
    },
    /// Make an account; its password is asked for
    Create {
        /// The person's name
        name: String,
        /// The address
        email: String,
        /// What its owner may do
        #[arg(long, value_enum, default_value_t = RoleName::User)]
        role: RoleName,
        /// Read the password from the first line of standard input instead
        #[arg(long)]
        password_stdin: bool,
    },
    /// Close an account: end its sessions, and nobody signs in
    Disable(Whom),
    /// Open a closed account
    Enable(Whom),
    /// End all sessions of a person
    Kick(Whom),
    /// Change what a person may do; he is not signed out
    Role {
        /// The address or the id
        person: String,
        /// The new role
        role: RoleName,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    User,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
        }
    }
}

impl User {
    /// Does it.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub async fn run(self, kept: &Kept) -> Result<(), Failure> {
        let Self { what, json } = self;
        let office = Office::open(kept).await?;
        match what {
            What::List { search } => list(&office, search.as_deref(), json).await,
            What::Create { name, email, role, password_stdin } => {
                let password = if password_stdin { piped_password()? } else { typed_password()? };
                let registration = Registration::new(&name, &email, password)?.with_role(role.into());
                let made = office.service.sign_up(registration, &office.by).await?;
                tell(&office, made.id, "The account was made", json).await
            }
            What::Disable(Whom { person }) => {
                let id = office.person(&person).await?.id;
                match office.service.disable_user(id, &office.by).await? {
                    Disabled::Closed(_) => tell(&office, id, "The account is closed", json).await,
                    Disabled::LastAdmin => Err(last_admin()),
                    Disabled::NoUser => Err(nobody()),
                }
            }
            What::Enable(Whom { person }) => {
                let id = office.person(&person).await?.id;
                office.service.enable_user(id, &office.by).await?;
                tell(&office, id, "The account is open", json).await
            }
            What::Kick(Whom { person }) => {
                let id = office.person(&person).await?.id;
                let ended = office.service.end_all_sessions(id, EndReason::KickedOut, &office.by).await?;
                told_ended(ended.ok_or_else(nobody)?.len(), json)
            }
            What::Role { person, role } => {
                let id = office.person(&person).await?.id;
                match office.service.set_role(id, role.into(), &office.by).await? {
                    RoleChange::Changed(_) | RoleChange::Same(_) => {
                        tell(&office, id, "The role is set", json).await
                    }
                    RoleChange::LastAdmin => Err(last_admin()),
                    RoleChange::NoUser => Err(nobody()),
                }
            }
        }
    }
}

async fn list(office: &Office, search: Option<&str>, json: bool) -> Result<(), Failure> {
    let search = search.and_then(searched);
    let mut accounts = Vec::new();
    let mut after: Option<UserPlace> = None;
    loop {
        let page = office.database.records.users(search.as_deref(), after.as_ref(), PAGE).await?;
        accounts.extend(page.rows.into_iter().map(account));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if json { print::json(&accounts) } else { print_accounts(&accounts) }
}

fn print_accounts(accounts: &[Account]) -> Result<(), Failure> {
    let rows: Vec<_> = accounts
        .iter()
        .map(|Account { user, created_at, disabled_at }| {
            let closed = disabled_at.map(print::moment).unwrap_or_default();
            let (role, made) = (user.role.name().to_owned(), print::moment(*created_at));
            [user.email.clone(), user.name.clone(), role, made, closed, user.id.to_string()]
        })
        .collect();
    print::table(["ADDRESS", "NAME", "ROLE", "MADE", "CLOSED", "ID"], &rows)
}

/// What became of an account, as it is now.
async fn tell(office: &Office, id: UserId, what: &str, json: bool) -> Result<(), Failure> {
    let user = office.database.records.user(id).await?.ok_or_else(nobody)?;
    if json {
        return print::json(&account(user));
    }
    print::line(&format!("{what}: {} <{}>, {}", user.name, user.email, user.role))
}

/// How many sessions have ended.
pub fn told_ended(ended: usize, json: bool) -> Result<(), Failure> {
    match ended {
        _ if json => print::json(&EndedSessions { ended }),
        1 => print::line("1 session has ended"),
        _ => print::line(&format!("{ended} sessions have ended")),
    }
}

fn piped_password() -> Result<Password, Failure> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Password::new(password.strip_suffix('\r').unwrap_or(password).to_owned()))
}

/// Asked for twice, without echo. Never an argument: those are seen by everybody on the machine.
fn typed_password() -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        return Err("a password can only be asked for on a terminal; use --password-stdin".into());
    }
    let [first, again] =
        ["Password: ", "The same again: "].map(|what| rpassword::prompt_password(what).map(Zeroizing::new));
    let (first, again) = (first?, again?);
    if *first != *again {
        return Err("the two passwords are not the same".into());
    }
    Ok(Password::new(first.to_string()))
}

fn last_admin() -> Failure {
    "this is the last administrator; make somebody else one first".into()
}

/// Between two looks, nobody is left; an account is never removed.
fn nobody() -> Failure {
    "there is no such person any more".into()
}
