//! Shows that the rotation holds, on both databases: `docs/proof.md` tells what is shown and how.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`model`] | the protocol as a state machine, searched state by state, with the server's own `decide` |
//! | [`traces`] | the model's traces, replayed on the real service over real databases |
//! | [`races`] | many at once on real databases |
//! | [`planted`] | a store's bugs, and the checks that find them |
//! | [`crashes`] | the real server binary, killed while real clients renew |
//! | [`growth`] | ten thousand rotations, a million sessions |
//! | [`database`] | plain SQL, behind the store's back |
//! | [`report`] | what was shown, with figures: progress while it runs, a table at the end |
//!
//! Run as `cargo xtask prove`; nothing that is shipped depends on this crate, so the bugs that are planted
//! here can be selected here alone.

pub mod crashes;
pub mod database;
pub mod growth;
pub mod model;
pub mod planted;
pub mod races;
pub mod report;
pub mod traces;

use std::time::Duration;

use lanyard_auth::service::Immediate;

/// Each server knows of the ends that it made itself or met, so that what it knows does not depend on when it looks.
const ALONE: Immediate = Immediate { capacity: 1_000_000, poll: Duration::from_secs(86_400) };

/// How much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// What fits into the tests: minutes.
    Quick,
    /// All of it.
    Full,
}

impl Scale {
    /// The one or the other.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}
