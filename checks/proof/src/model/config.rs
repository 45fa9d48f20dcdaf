//! What a model is made of: the rule's durations in ticks, the parts that take part, how often each may act,
//! and the bug that is planted, if one is.

use std::ops::Range;
use std::time::Duration;

use lanyard_auth::rotation::Limits;

use super::bug::Bug;

/// Whole ticks. Everything within a tick happens in any order; nothing is finer.
pub type Ticks = u8;

/// How long one tick is for the rule, which counts in milliseconds.
pub const TICK: Duration = Duration::from_secs(10);

/// The rule's durations and the network's, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// W, the retry window.
    pub window: Ticks,
    /// T, the client's time-out for one refresh.
    pub timeout: Ticks,
    /// So late may a browser write its cookies to disk.
    pub jar_delay: Ticks,
    /// S, the settling time.
    pub settle: Ticks,
    /// So late may a request reach the server after it was sent.
    pub reach: Ticks,
}

impl Shape {
    /// The smallest in which everything that `docs/rotation.md` promises can hold: S = W + 2T + the jar's delay,
    /// and requests that arrive within S - W - T - the jar's delay.
    pub const SMALLEST: Self = Self { window: 3, timeout: 1, jar_delay: 1, settle: 6, reach: 1 };

    /// With room for a server whose clock is one tick ahead.
    pub const ROOMY: Self = Self { settle: 7, ..Self::SMALLEST };

    /// A request may arrive when the window in which it was sent is over, as by default.
    pub const LATE: Self = Self { window: 2, settle: 7, reach: 3, ..Self::SMALLEST };

    /// What `decide` is called with.
    pub fn limits(&self) -> Limits {
        let far = TICK * 1000;
        Limits {
            retry_window: TICK * u32::from(self.window),
            settle: TICK * u32::from(self.settle),
            idle: far,
            absolute: far,
        }
    }
}

/// The limits of a session's life, where a model looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetimes {
    /// A session ends when it was not rotated for so long.
    pub idle: Ticks,
    /// A session ends so long after its sign-in.
    pub absolute: Ticks,
    /// An access token lives so long, if nothing ends it sooner.
    pub access: Ticks,
}

/// How often each thing may still happen. A part that may never act takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Commits of a new refresh token, over all sessions.
    pub rotations: u8,
    /// Requests or answers that the network loses.
    pub losses: u8,
    /// Requests that the network delivers twice.
    pub doubles: u8,
    /// The browser is killed and starts again from its disk.
    pub kills: u8,
    /// Its network process crashes alone, under living tabs.
    pub jar_crashes: u8,
    /// The client without a browser dies and starts again from what it had stored.
    pub native_crashes: u8,
    /// Things that the thief takes.
    pub thefts: u8,
    /// Tokens that the thief makes up.
    pub forgeries: u8,
    /// A server dies, between any two steps.
    pub server_crashes: u8,
    /// The database does not say whether it committed.
    pub unknown_commits: u8,
    /// The owner signs out.
    pub sign_outs: u8,
    /// An administrator signs the user out everywhere.
    pub kick_outs: u8,
    /// Somebody else signs in, in the same browser.
    pub switches: u8,
    /// The database loses its last commit.
    pub failovers: u8,
    /// The database's clock jumps forward.
    pub jumps: u8,
}

impl Budget {
    /// Nothing happens.
    pub const NONE: Self = Self {
        rotations: 0,
        losses: 0,
        doubles: 0,
        kills: 0,
        jar_crashes: 0,
        native_crashes: 0,
        thefts: 0,
        forgeries: 0,
        server_crashes: 0,
        unknown_commits: 0,
        sign_outs: 0,
        kick_outs: 0,
        switches: 0,
        failovers: 0,
        jumps: 0,
    };
}

/// Once less; none where nothing is left.
pub fn spend(left: &mut u8) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

/// One model: which parts there are, and how much each may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The durations.
    pub shape: Shape,
    /// Tabs of one browser; they share its cookie jar.
    pub tabs: u8,
    /// Whether they renew under a lock and share what they get.
    pub lock: bool,
    /// Whether there is a client without a browser. It has a session of its own, of the same user.
    pub native: Native,
    /// How many requests may be under way at once.
    pub flights: u8,
    /// Whether requests and answers may take time, within the shape's bounds.
    pub delays: bool,
    /// So far ahead is the second server's clock.
    pub skew: Ticks,
    /// So far jumps the database's clock.
    pub jump: Ticks,
    /// Whether a confirmation waits in its server's queue.
    pub queue: bool,
    /// The owner and the thief each keep S away from what the other did last.
    pub spaced: bool,
    /// The thief has the first refresh token of the first session from the beginning.
    pub robbed: bool,
    /// The owner does nothing any more once something was stolen.
    pub away: bool,
    /// Short limits, to see them pass.
    pub lifetimes: Option<Lifetimes>,
    /// How often things may happen.
    pub budget: Budget,
    /// What is wrong with the server, if anything.
    pub bug: Option<Bug>,
}

/// A client without a cookie jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Native {
    /// None.
    Absent,
    /// It stores a refresh token before it uses the access token beside it.
    Durable,
    /// It stores when it pleases.
    Careless,
}

impl Config {
    /// One tab with a good network, in which nothing else ever happens.
    pub const QUIET: Self = Self {
        shape: Shape::SMALLEST,
        tabs: 1,
        lock: false,
        native: Native::Absent,
        flights: 2,
        delays: false,
        skew: 0,
        jump: 0,
        queue: false,
        spaced: false,
        robbed: false,
        away: false,
        lifetimes: None,
        budget: Budget { rotations: 3, ..Budget::NONE },
        bug: None,
    };

    /// The same with as many rotations.
    pub const fn with_rotations(mut self, rotations: u8) -> Self {
        self.budget.rotations = rotations;
        self
    }

    /// Whether the browser's disk matters.
    pub fn has_disk(&self) -> bool {
        self.budget.kills + self.budget.jar_crashes > 0
    }

    /// Servers that may answer a request to `/auth/*`, where it matters which one does.
    pub fn servers(&self) -> Range<u8> {
        let alike = self.budget.server_crashes == 0 && self.bug != Some(Bug::WindowInMemory);
        if alike { 0..1 } else { 0..2 }
    }

    /// Servers that may hear a call, where it matters which one does.
    pub fn listeners(&self) -> Range<u8> {
        if self.skew == 0 && self.budget.server_crashes == 0 { 0..1 } else { 0..2 }
    }
}
