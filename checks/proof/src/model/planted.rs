//! For each bug that can be planted, a small model in which it breaks a law, and the law.

use super::bug::Bug;
use super::config::{Budget, Config, Lifetimes, Native};
use super::law::Law;
use super::search::{Found, Search};

/// A planted bug, where it shows.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// The bug.
    pub bug: Bug,
    /// The model in which it is found, without the bug.
    pub config: Config,
    /// A law that it breaks there.
    pub law: Law,
}

const ROTATIONS: Budget = Budget { rotations: 2, ..Budget::NONE };
const ONE_TAB: Config = Config { budget: ROTATIONS, ..Config::QUIET };
const TWO_TABS: Config = Config { tabs: 2, ..ONE_TAB };
const LOSSY: Config = Config { budget: Budget { losses: 1, ..ROTATIONS }, ..ONE_TAB };
const MORTAL: Lifetimes = Lifetimes { idle: 8, absolute: 9, access: 4 };
const LONG: Lifetimes = Lifetimes { idle: 20, absolute: 20, access: 10 };
/// Late answers, and a browser that is killed before it has written its cookies.
const KILLED: Config = Config { delays: true, budget: Budget { kills: 1, ..ROTATIONS }, ..ONE_TAB };
const JAR_CRASHED: Config =
    Config { delays: true, budget: Budget { jar_crashes: 1, ..ROTATIONS }, ..ONE_TAB };
const STOLEN: Config =
    Config { spaced: true, budget: Budget { rotations: 5, thefts: 1, ..Budget::NONE }, ..ONE_TAB };

/// Every bug, with what finds it.
pub const PLANTED: &[Planted] = &[
    Planted { bug: Bug::NoCompare, config: TWO_TABS, law: Law::OneSuccessor },
    Planted { bug: Bug::NoCompare, config: TWO_TABS, law: Law::SameSuccessor },
    Planted { bug: Bug::NoCompare, config: TWO_TABS, law: Law::Rises },
    Planted { bug: Bug::AnswerBeforeCommit, config: ONE_TAB, law: Law::CommitFirst },
    Planted { bug: Bug::RollbackOnReuse, config: STOLEN, law: Law::TheftIsFound },
    Planted { bug: Bug::WindowForks, config: TWO_TABS, law: Law::SameSuccessor },
    Planted { bug: Bug::FreshOnRetry, config: LOSSY, law: Law::CommitFirst },
    Planted { bug: Bug::WholeSeconds, config: JAR_CRASHED, law: Law::NoFalseAlarm },
    Planted { bug: Bug::WindowInMemory, config: LOSSY, law: Law::NoFalseAlarm },
    Planted { bug: Bug::ConfirmAtFirstUse, config: KILLED, law: Law::NoFalseAlarm },
    Planted { bug: Bug::ConfirmWithoutHint, config: JAR_CRASHED, law: Law::NoFalseAlarm },
    Planted { bug: Bug::CookieInRule1, config: Config { delays: true, ..TWO_TABS }, law: Law::JarRises },
    Planted { bug: Bug::CookieInRule4, config: Config { delays: true, ..TWO_TABS }, law: Law::JarRises },
    Planted { bug: Bug::SuccessorInRule4, config: KILLED, law: Law::NoFalseAlarm },
    Planted {
        bug: Bug::EndlessRecoveries,
        config: Config { spaced: false, away: true, ..STOLEN },
        law: Law::TheftIsFound,
    },
    Planted { bug: Bug::ConfirmWrongGeneration, config: LOSSY, law: Law::NoFalseAlarm },
    Planted {
        bug: Bug::KickOutUsersOnly,
        config: Config { budget: Budget { kick_outs: 1, ..ROTATIONS }, ..ONE_TAB },
        law: Law::RevokedForGood,
    },
    Planted { bug: Bug::NoSettling, config: LOSSY, law: Law::NoFalseAlarm },
    Planted {
        bug: Bug::TagNotChecked,
        config: Config { budget: Budget { forgeries: 1, ..ROTATIONS }, ..ONE_TAB },
        law: Law::ForgedIsNothing,
    },
    Planted {
        bug: Bug::RotatesEnded,
        config: Config { budget: Budget { sign_outs: 1, ..ROTATIONS }, ..TWO_TABS },
        law: Law::RevokedForGood,
    },
    Planted {
        bug: Bug::AccessOutlivesSession,
        config: Config { lifetimes: Some(MORTAL), ..ONE_TAB },
        law: Law::Mortal,
    },
    Planted {
        bug: Bug::LongTokenInRule4,
        config: Config { lifetimes: Some(LONG), ..LOSSY },
        law: Law::TheftIsFound,
    },
    Planted {
        bug: Bug::ConfirmsByRule4,
        config: Config { tabs: 0, native: Native::Durable, ..LOSSY },
        law: Law::NoFalseAlarm,
    },
    Planted {
        bug: Bug::SameInRule5,
        config: Config { spaced: false, away: true, ..STOLEN },
        law: Law::TheftIsFound,
    },
    Planted { bug: Bug::NoRecovery, config: LOSSY, law: Law::Converges },
];

impl Planted {
    /// Searches the model with the bug, or without.
    pub fn search(&self, with_bug: bool) -> Found {
        let config = Config { bug: with_bug.then_some(self.bug), ..self.config };
        // Only the last law needs a look into the future, from every state.
        let converge = u64::from(self.law == Law::Converges);
        Search { converge, ..Search::of(config) }.run()
    }
}
