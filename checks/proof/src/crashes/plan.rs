//! When and where to kill. For `campaign`, and the dice for the clients too.

use std::time::Duration;

use lanyard_auth::random::Random;

use super::sweep::Sweep;

/// The named places: the store's, around each kind of commit, and the server's, on the answer's way out.
pub const PLACES: [(&str, Mood); 16] = [
    ("rotate-before-commit", Mood::Renew),
    ("rotate-after-commit", Mood::Renew),
    ("confirm-before-commit", Mood::Renew),
    ("confirm-after-commit", Mood::Renew),
    ("sign-in-before-commit", Mood::SignIn),
    ("sign-in-after-commit", Mood::SignIn),
    ("sign-out-before-commit", Mood::SignOut),
    ("sign-out-after-commit", Mood::SignOut),
    ("theft-before-commit", Mood::Steal),
    ("theft-after-commit", Mood::Steal),
    ("end-all-before-commit", Mood::Sweep(Sweep::Everywhere)),
    ("end-all-after-commit", Mood::Sweep(Sweep::Everywhere)),
    ("password-before-commit", Mood::Sweep(Sweep::NewPassword)),
    ("password-after-commit", Mood::Sweep(Sweep::NewPassword)),
    ("answer-before", Mood::Renew),
    ("answer-middle", Mood::Renew),
];

/// What clients do more often than else, so that a rare place is reached at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Nothing but what they always do.
    Renew,
    /// Sign in again, over the session that they have.
    SignIn,
    /// Sign out.
    SignOut,
    /// Have an old token stolen, and used.
    Steal,
    /// End several sessions at once.
    Sweep(Sweep),
}

impl Mood {
    /// What clients do now and then.
    pub const RARE: [Self; 5] = [
        Self::SignIn,
        Self::SignOut,
        Self::Steal,
        Self::Sweep(Sweep::Everywhere),
        Self::Sweep(Sweep::NewPassword),
    ];

    /// Out of ten thousand chances, how many it has when clients are in the mood for it, and how many when not: so
    /// few that a server that is never restarted need not turn away their sign-ins, which come from one network.
    pub fn chances(self) -> (usize, usize) {
        match self {
            Self::Renew => (0, 0),
            Self::SignIn | Self::SignOut | Self::Steal => (1500, 4),
            // Each takes three passwords to be hashed.
            Self::Sweep(_) => (500, 2),
        }
    }
}

/// One kill.
#[derive(Clone, Copy, Debug)]
pub enum Kill {
    /// So long after the process was started, ready or not.
    Starting(Duration),
    /// So long after the door was opened: everybody is just renewing.
    Renewing(Duration),
    /// So long after everybody was let in again.
    Running(Duration),
    /// At a named place, when it is reached for the n-th time.
    At {
        /// The place.
        place: &'static str,
        /// When it is reached for the so manieth time.
        nth: usize,
        /// What brings clients there.
        mood: Mood,
    },
}

impl Kill {
    /// Four of ten at a moment that nobody chose; the others at a named place.
    pub fn draw(dice: &Dice) -> Self {
        match (dice.below(10), dice.pick(&PLACES)) {
            (0, _) => Self::Starting(dice.millis(100)),
            (1, _) => Self::Renewing(dice.millis(150)),
            (4.., Some(&(place, mood))) => Self::At { place, nth: 1 + dice.below(4), mood },
            _ => Self::Running(dice.millis(400)),
        }
    }

    /// What the clients are to do until then.
    pub fn mood(self) -> Mood {
        match self {
            Self::At { mood, .. } => mood,
            Self::Starting(_) | Self::Renewing(_) | Self::Running(_) => Mood::Renew,
        }
    }
}

/// Chance.
#[derive(Clone, Debug)]
pub struct Dice(pub Random);

impl Dice {
    /// Less than `end`, which is not 0.
    pub fn below(&self, end: usize) -> usize {
        // Without randomness the plan is a dull one.
        usize::from_le_bytes(self.0.bytes().unwrap_or_default()) % end
    }

    /// Less than so many milliseconds.
    pub fn millis(&self, end: usize) -> Duration {
        Duration::from_micros(u64::try_from(self.below(1000 * end)).unwrap_or_default())
    }

    /// One of them.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len().max(1)))
    }
}
