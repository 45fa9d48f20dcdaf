//! `lanyard sessions`: everybody's sessions.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use lanyard_app::api::admin::AccountSession;
use lanyard_app::api::desk::user_info;
use lanyard_auth::records::SessionPlace;
use lanyard_auth::rotation::LONGEST;
use lanyard_auth::service::RefreshError;
use lanyard_auth::store::{EndReason, Session, SessionId, UserId};
use uuid::Uuid;

use super::user::told_ended;
use super::{Failure, Office, print};
use crate::api::sessions::info;
use crate::config::Kept;

/// So many are read at once.
const PAGE: u32 = 200;

/// The arguments of `lanyard sessions`.
#[derive(Debug, Args)]
pub struct Sessions {
    #[command(subcommand)]
    what: What,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List live sessions, the newest sign-in first
    List {
        /// Those of one person: the address or the id
        #[arg(long, value_name = "PERSON")]
        user: Option<String>,
    },
    /// End sessions
    End {
        #[command(flatten)]
        which: Which,
    },
}

/// Which sessions are to end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// These
    #[arg(value_name = "ID")]
    ids: Vec<Uuid>,
    /// All of one person: the address or the id
    #[arg(long, value_name = "PERSON")]
    user: Option<String>,
    /// Everybody's, as after a backup was restored
    #[arg(long)]
    all: bool,
}

impl Sessions {
    /// Does it.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub async fn run(self, kept: &Kept) -> Result<(), Failure> {
        let Self { what, json } = self;
        let office = Office::open(kept).await?;
        match what {
            What::List { user } => {
                let user = match user {
                    Some(named) => Some(office.person(&named).await?.id),
                    None => None,
                };
                let sessions = office.sessions(user).await?.into_iter().map(told).collect::<Vec<_>>();
                if json { print::json(&sessions) } else { print_sessions(&sessions) }
            }
            What::End { which } => {
                let ended = match which {
                    Which { user: Some(named), .. } => {
                        let id = office.person(&named).await?.id;
                        office.end_all_of(id).await?
                    }
                    Which { all: true, .. } => office.end_everybodys().await?,
                    Which { ids, .. } => office.end(&ids).await?,
                };
                told_ended(ended, json)
            }
        }
    }
}

impl Office {
    /// Live sessions, of one person or of all.
    async fn sessions(&self, user: Option<UserId>) -> Result<Vec<Session>, Failure> {
        let mut sessions = Vec::new();
        let mut after: Option<SessionPlace> = None;
        loop {
            let page = self.database.records.live_sessions(user, LONGEST, after, PAGE).await?.row;
            sessions.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(sessions),
            }
        }
    }

    async fn end_all_of(&self, user: UserId) -> Result<usize, Failure> {
        let ended = self.service.end_all_sessions(user, EndReason::KickedOut, &self.by).await?;
        Ok(ended.map_or(0, |ended| ended.len()))
    }

    /// One person after the other, with all that is his, so that no renewal that is under way survives it; again and
    /// again, until none is left that began before: a sign-in that was under way is found then. Whoever signs in later
    /// stays.
    async fn end_everybodys(&self) -> Result<usize, Failure> {
        let start = self.database.store.now().await?;
        let mut ended = 0;
        loop {
            let before = ended;
            let mut after = None;
            loop {
                let page = self.database.records.live_sessions(None, LONGEST, after, PAGE).await?.row;
                let old = page.rows.iter().filter(|session| session.created_at <= start);
                for user in old.map(|session| session.user.id).collect::<BTreeSet<_>>() {
                    let now = self.end_all_of(user).await;
                    ended +=
                        now.map_err(|error| format!("{error}; {ended} sessions were ended before that"))?;
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            if ended == before {
                return Ok(ended);
            }
        }
    }

    /// These; none of them, if one is unknown.
    async fn end(&self, ids: &[Uuid]) -> Result<usize, Failure> {
        let mut live = Vec::new();
        for &id in ids {
            match self.service.user_of(SessionId(id)).await {
                Ok(user) => live.push((user.id, SessionId(id))),
                Err(RefreshError::Revoked(_) | RefreshError::Expired) => {}
                Err(RefreshError::Unknown) => {
                    return Err(format!("there is no session {id}; nothing was ended").into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        live.sort_unstable();
        live.dedup();
        for (user, sid) in &live {
            self.service.end_session(*user, *sid, EndReason::KickedOut, &self.by).await?;
        }
        Ok(live.len())
    }
}

/// As an administrator is told of it.
fn told(session: Session) -> AccountSession {
    AccountSession {
        user: user_info(session.user.clone()),
        expires_at: session.expires_at.seconds(),
        session: info(None, session),
    }
}

fn print_sessions(sessions: &[AccountSession]) -> Result<(), Failure> {
    let rows: Vec<_> = sessions
        .iter()
        .map(|AccountSession { user, session, .. }| {
            let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
            let device = format!("{} on {}", known(&session.browser), known(&session.system));
            let seen = session
                .last_seen_at
                .map(|seen| print::moment(seen.max(session.created_at)))
                .unwrap_or_default();
            let signed_in = print::moment(session.created_at);
            [user.email.clone(), device, known(&session.network), signed_in, seen, session.id.to_string()]
        })
        .collect();
    print::table(["ADDRESS", "DEVICE", "NETWORK", "SIGNED IN", "LAST SEEN", "ID"], &rows)
}
