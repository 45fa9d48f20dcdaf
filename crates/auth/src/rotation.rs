//! The rotation rule: what a presented refresh token means, and what is done about it.
//!
//! Two pure functions. [`relate`] says how the token stands to its session's row, [`decide`] holds the whole
//! rule. The server, the property tests and the model checker call the same ones; the SQL holds no copy.
//! `docs/rotation.md` explains every line and the attack or accident that each prevents.

use std::time::Duration;

use crate::refresh::SecretHash;
use crate::time::millis;

/// The rule's durations. [`Limits::check`] says which make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// W: so long after a rotation the token before it still gets the same successor.
    pub retry_window: Duration,
    /// S: so long after a rotation every honest cookie jar has the successor on disk, and theft is judged.
    pub settle: Duration,
    /// A session ends when it was not rotated for so long.
    pub idle: Duration,
    /// A session ends so long after its sign-in, whatever happens.
    pub absolute: Duration,
}

/// How many times in a row rule 5 may rotate forward before the session ends as `unconfirmed`.
pub const MAX_RECOVERIES: u8 = 3;

/// Browsers write cookies to disk up to this much later; a session only survives a killed browser
/// when the settling time leaves room for it.
pub const JAR_DELAY: Duration = Duration::from_secs(30);

/// Longer than anything that makes sense, and short enough that no sum of durations overflows.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Why a set of durations can't be right. The text is shown to the person who starts the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLimits {
    /// One of them is zero.
    #[error("every duration must be longer than zero")]
    Zero,
    /// One of them is beyond [`LONGEST`].
    #[error("no duration may be longer than ten years")]
    TooLong,
    /// The client's time-out, W / 3, would be no whole millisecond.
    #[error("the retry window must be at least 3 ms")]
    WindowTooShort,
    /// The settling time ends before late answers have.
    #[error(
        "the settling time must be at least the retry window plus two client time-outs (5/3 of the window)"
    )]
    SettleTooShort,
    /// A session would go idle before theft can be judged.
    #[error("the idle limit must be longer than the settling time")]
    IdleWithinSettle,
    /// The idle limit would never apply.
    #[error("the idle limit must not be longer than the absolute limit")]
    IdleAboveAbsolute,
}

impl Limits {
    /// T: how long a client waits for one refresh, W / 3.
    pub fn client_timeout(&self) -> Duration {
        self.retry_window / 3
    }

    /// Refuses durations with which the rule can't hold.
    ///
    /// # Errors
    /// [`BadLimits`], in one sentence.
    pub fn check(&self) -> Result<(), BadLimits> {
        let all = [self.retry_window, self.settle, self.idle, self.absolute];
        if all.iter().any(Duration::is_zero) {
            return Err(BadLimits::Zero);
        }
        if all.iter().any(|duration| *duration > LONGEST) {
            return Err(BadLimits::TooLong);
        }
        if self.client_timeout() < Duration::from_millis(1) {
            return Err(BadLimits::WindowTooShort);
        }
        if self.settle < self.retry_window + 2 * self.client_timeout() {
            return Err(BadLimits::SettleTooShort);
        }
        if self.idle <= self.settle {
            return Err(BadLimits::IdleWithinSettle);
        }
        if self.idle > self.absolute {
            return Err(BadLimits::IdleAboveAbsolute);
        }
        Ok(())
    }

    /// Whether a browser killed just after a rotation keeps its session: S >= W + 2T + 30 s.
    pub fn survives_killed_browsers(&self) -> bool {
        self.settle >= self.retry_window + 2 * self.client_timeout() + JAR_DELAY
    }
}

/// How a genuine token stands to its session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The session's newest token.
    Current,
    /// The token that the last rotation was made from.
    Previous,
    /// Any other token of the past, one that a recovery displaced included.
    Older,
    /// A token the row doesn't know of yet: a failover lost a commit.
    Ahead,
}

/// What of a session's row the rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The newest generation.
    pub generation: u32,
    /// Hash of the newest secret.
    pub current: &'a SecretHash,
    /// Hash of the secret that the last rotation was made from; none before the first.
    pub previous: Option<&'a SecretHash>,
}

/// Relates a genuine token (its tag verified) to its session's row.
pub fn relate(row: Row<'_>, generation: u32, hash: &SecretHash) -> Relation {
    if generation > row.generation {
        Relation::Ahead
    } else if generation == row.generation {
        // The row's own generation with another secret: a failover lost the commit that made it.
        if hash == row.current { Relation::Current } else { Relation::Ahead }
    } else if row.previous == Some(hash) {
        // By hash, not by number: after a recovery the previous token is two generations back.
        Relation::Previous
    } else {
        Relation::Older
    }
}

/// What the rule says is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Rule 1: a new access token; no write, no Set-Cookie.
    Keep,
    /// Rule 2: rotate.
    Rotate,
    /// Rule 3: the same successor, derived again, and an access token.
    Repeat,
    /// Rule 4: an access token of the old generation that ends at `rotated_at + S + T` and never confirms.
    Bridge,
    /// Rule 5: the answer was lost: rotate forward from the previous token and count a recovery.
    Recover,
    /// Rule 5, after [`MAX_RECOVERIES`] in a row: end the session, reason `unconfirmed`.
    EndUnconfirmed,
    /// Rule 6: theft: end the session.
    EndReused,
    /// Rule 7: 401 `token_unknown`; nothing is revoked.
    Unknown,
}

/// The rule, whole.
///
/// `age` is milliseconds since the last rotation (or sign-in), by the database's clock. `confirmed` and
/// `recoveries` are the row's. A clock that went back counts as no time at all; one that went back by more
/// than S has jumped, so everything counts as settled, but no session is ended on its word.
pub fn decide(relation: Relation, age: i64, confirmed: bool, recoveries: u8, limits: &Limits) -> Decision {
    let settle = millis(limits.settle);
    let jumped = age < settle.saturating_neg();
    let age = if jumped { settle } else { age.max(0) };
    let ends = |decision| if jumped { Decision::Unknown } else { decision };
    let settled = age >= settle;
    match relation {
        Relation::Ahead => Decision::Unknown,
        Relation::Older => ends(Decision::EndReused),
        Relation::Current if settled => Decision::Rotate,
        Relation::Current => Decision::Keep,
        Relation::Previous if age < millis(limits.retry_window) => Decision::Repeat,
        Relation::Previous if !settled => Decision::Bridge,
        Relation::Previous if confirmed => ends(Decision::EndReused),
        Relation::Previous if recoveries >= MAX_RECOVERIES => ends(Decision::EndUnconfirmed),
        Relation::Previous => Decision::Recover,
    }
}

#[cfg(test)]
mod tests;
