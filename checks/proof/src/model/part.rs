//! The parts that may meet in a model, and how each shows that it takes part.

use super::action::{Action, Commit};
use super::config::{Config, Native};
use super::world::{Client, World};

/// Something that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Two tabs or more that share one cookie jar.
    Tabs,
    /// They renew under a lock, and share what they get.
    Lock,
    /// The browser is killed.
    Kill,
    /// Its network process crashes alone.
    JarCrash,
    /// A client without a browser.
    Native,
    /// A thief.
    Thief,
    /// Two servers that crash.
    Servers,
    /// Their clocks differ, and confirmations wait in their queues.
    Clocks,
    /// The network loses messages.
    Losses,
    /// The network delivers requests twice.
    Doubles,
    /// The network takes time.
    Delays,
    /// The database does not say whether it committed.
    UnknownCommit,
    /// The owner signs out.
    SignOut,
    /// An administrator signs the user out everywhere.
    KickOut,
    /// Somebody else signs in, in the same browser.
    Switch,
    /// The database loses its last commit.
    FailOver,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 16] = [
        Self::Tabs,
        Self::Lock,
        Self::Kill,
        Self::JarCrash,
        Self::Native,
        Self::Thief,
        Self::Servers,
        Self::Clocks,
        Self::Losses,
        Self::Doubles,
        Self::Delays,
        Self::UnknownCommit,
        Self::SignOut,
        Self::KickOut,
        Self::Switch,
        Self::FailOver,
    ];

    /// The part that acts here, if it is one of these. A lock does nothing that could be seen.
    pub fn of(before: &World, action: Action) -> Option<Self> {
        Some(match action {
            Action::Refresh(Client::Tab(tab)) if tab > 0 => Self::Tabs,
            Action::Refresh(Client::Native) => Self::Native,
            Action::RefreshStolen { .. } => Self::Thief,
            Action::Kill => Self::Kill,
            Action::CrashJar => Self::JarCrash,
            Action::CrashServer(_) => Self::Servers,
            Action::Hear { server: 1 } => Self::Clocks,
            Action::Lose { .. } => Self::Losses,
            Action::Double { .. } => Self::Doubles,
            Action::Tick if before.flights.iter().any(Option::is_some) => Self::Delays,
            Action::Write { commit, .. } if commit != Commit::Known => Self::UnknownCommit,
            Action::SignOut => Self::SignOut,
            Action::KickOut => Self::KickOut,
            Action::SignIn => Self::Switch,
            Action::FailOver => Self::FailOver,
            _ => return None,
        })
    }
}

impl Config {
    /// Whether a part takes part.
    pub fn has_part(&self, part: Part) -> bool {
        let budget = &self.budget;
        match part {
            Part::Tabs => self.tabs > 1,
            Part::Lock => self.lock,
            Part::Kill => budget.kills > 0,
            Part::JarCrash => budget.jar_crashes > 0,
            Part::Native => self.native != Native::Absent,
            Part::Thief => budget.thefts > 0 || self.robbed,
            Part::Servers => budget.server_crashes > 0,
            Part::Clocks => self.skew > 0,
            Part::Losses => budget.losses > 0,
            Part::Doubles => budget.doubles > 0,
            Part::Delays => self.delays,
            Part::UnknownCommit => budget.unknown_commits > 0,
            Part::SignOut => budget.sign_outs > 0,
            Part::KickOut => budget.kick_outs > 0,
            Part::Switch => budget.switches > 0,
            Part::FailOver => budget.failovers > 0,
        }
    }

    /// Those that take part and are not among these.
    pub fn idle(&self, acted: &[Part]) -> Vec<Part> {
        let idle = |part: &Part| self.has_part(*part) && *part != Part::Lock && !acted.contains(part);
        Part::ALL.into_iter().filter(idle).collect()
    }
}
