//! What must agree: an answer with the real answer, a row with the real row.

use std::time::Duration;

use lanyard_auth::access::Claims;
use lanyard_auth::rotation::Decision;
use lanyard_auth::service::{Issued, RefreshError};
use lanyard_auth::store::{EndReason, Session};
use lanyard_auth::time::Timestamp;

use super::differs::{differs, same};
use super::gate::Call;
use super::known::Known;
use crate::model::config::{Config, TICK, Ticks};
use crate::model::world::{Access, Answer, Pending, Row, Token};

/// What a server really answered.
#[derive(Debug)]
pub enum Told {
    /// To a renewal or a sign-in.
    Issued(Box<Issued>),
    /// To a sign-out.
    SignedOut,
    /// A renewal got nothing.
    Refused(RefreshError),
}

impl From<Result<Issued, RefreshError>> for Told {
    fn from(result: Result<Issued, RefreshError>) -> Self {
        match result {
            Ok(issued) => Self::Issued(Box::new(issued)),
            Err(error) => Self::Refused(error),
        }
    }
}

/// What the clocks show.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The database's.
    pub database: Timestamp,
    /// The server's that answered.
    pub server: Timestamp,
}

/// An answer must be of the model's kind; what it hands out is looked at apart.
///
/// # Errors
/// [`super::differs::Differs`].
pub fn answer(model: Answer, told: &Told) -> anyhow::Result<()> {
    let agrees = match (model, told) {
        (Answer::Granted { .. }, Told::Issued(_)) | (Answer::SignedOut, Told::SignedOut) => true,
        (model, Told::Refused(error)) => match error {
            RefreshError::SessionChanged => model == Answer::Changed,
            RefreshError::Unknown => model == Answer::Unknown,
            RefreshError::Reused => model == Answer::Reused,
            RefreshError::Revoked(reason) => model == Answer::Ended(*reason),
            RefreshError::Expired => model == Answer::Expired,
            RefreshError::Unavailable(_) => model == Answer::Unavailable,
        },
        _ => false,
    };
    if agrees { Ok(()) } else { differs("the answer", model, told) }
}

/// What the server is to write must be what the model decided, on the row that it saw.
///
/// # Errors
/// [`super::differs::Differs`].
pub fn decision(pending: Pending, row: &Row, call: &Call) -> anyhow::Result<()> {
    let (decision, seen) = match call {
        Call::Rotate(rotation) if rotation.recoveries == 0 => (Decision::Rotate, rotation.seen),
        Call::Rotate(rotation) => {
            same("recoveries", u32::from(row.recoveries) + 1, rotation.recoveries.into())?;
            (Decision::Recover, rotation.seen)
        }
        Call::End(seen, EndReason::TokenReused) => (Decision::EndReused, *seen),
        Call::End(seen, EndReason::Unconfirmed) => (Decision::EndUnconfirmed, *seen),
        other => return differs("the decision", pending.decision, other),
    };
    same("the decision", pending.decision, decision)?;
    same("the generation that was seen", u32::from(pending.generation), seen.generation)?;
    same("confirmed, as it was seen", pending.confirmed, seen.confirmed)
}

/// What an access token says.
///
/// # Errors
/// [`super::differs::Differs`].
pub fn access(access: Access, claims: &Claims, known: &Known, now: Now) -> anyhow::Result<()> {
    same("the access token's session", known.sid(access.session)?, claims.sid)?;
    same("its generation", u32::from(access.generation), claims.generation)?;
    same("whether it needs the hint", access.jar, claims.jar)?;
    // By the server's clock, as far as the server could tell that it is another one than the database's.
    let model = access.confirms_in.map(ticks);
    let confirms_in =
        [now.database, now.server].map(|now| claims.cfm.map(|from| remaining(Timestamp(from), now)));
    if !confirms_in.contains(&model) {
        return differs("when it confirms", model, confirms_in);
    }
    let Some(left) = access.left else { return Ok(()) };
    // Bounded by the session's limits, by the database's clock; or by its own lifetime, by the server's.
    let ends = [now.database, now.server].map(|now| now.after(ticks(left)).seconds());
    if ends.contains(&claims.exp) { Ok(()) } else { differs("when it expires", ends, claims.exp) }
}

/// A session's row.
///
/// # Errors
/// [`super::differs::Differs`].
pub fn row(
    config: &Config,
    session: u8,
    row: &Row,
    real: &Session,
    known: &Known,
    now: Timestamp,
) -> anyhow::Result<()> {
    same("the row's generation", u32::from(row.generation), real.generation)?;
    same("its current secret", known.secret(session, row.current), Some(real.current))?;
    let previous = row.previous.and_then(|secret| known.secret(session, secret));
    same("whether it has a previous secret", row.previous.is_some(), real.previous.is_some())?;
    same("its previous secret", previous, real.previous)?;
    same("confirmed", row.confirmed, real.confirmed)?;
    same("recoveries", row.recoveries, real.recoveries)?;
    same("why it was ended", row.ended, real.ended.map(|ended| ended.reason))?;
    if let Some(left) = row.left {
        same("its time to live", ticks(left), remaining(real.expires_at, now))?;
    }
    // Beyond what matters the model's ages stand still.
    let age = Duration::from_millis(u64::try_from(now.since(real.rotated_at))?);
    let saturated = row.age >= config.shape.settle && age >= ticks(row.age);
    if saturated { Ok(()) } else { same("its age", ticks(row.age), age) }
}

/// How long until then.
fn remaining(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.since(now)).unwrap_or(0))
}

/// Ticks as they really are.
pub fn ticks(ticks: Ticks) -> Duration {
    TICK * u32::from(ticks)
}

/// The name of what was decided of a token of this row, for the figures.
pub fn verdict(row: &Row, token: Token, decided: Option<Decision>, answer: Option<Answer>) -> &'static str {
    use lanyard_auth::rotation::Relation::{Ahead, Current, Previous};
    match (decided, answer, row.relate(token)) {
        (Some(Decision::Rotate), ..) => "rule 2",
        (Some(Decision::Recover), ..) => "rule 5",
        (Some(Decision::EndUnconfirmed), ..) => "rule 5, ended",
        (Some(_), ..) => "rule 6",
        (_, Some(Answer::Granted { .. }), Current) => "rule 1",
        (_, Some(Answer::Granted { successor: Some(_), .. }), Previous) => "rule 3",
        (_, Some(Answer::Granted { .. }), _) => "rule 4",
        (_, Some(Answer::Unknown), _) if !token.is_genuine() => "forged",
        (_, Some(Answer::Unknown), Ahead) => "rule 7",
        (_, Some(Answer::Ended(_)), _) => "ended",
        (_, Some(Answer::Expired), _) => "expired",
        (_, Some(Answer::Changed), _) => "session changed",
        (_, Some(Answer::SignedOut), _) => "signed out",
        _ => "something else",
    }
}
