//! The laws: what must hold, S1 to S9 of `docs/rotation.md` and two more, and what is remembered only to judge it.
//!
//! A law about a step is judged where the step is made, and its breach is noted in the state; the checker then
//! asks each state for its notes.

use super::config::{Shape, Ticks};
use super::world::{Client, Token};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// At most one successor of a session is live; rotating either token kills the other.
    OneSuccessor,
    /// One parent has one successor inside a window.
    SameSuccessor,
    /// The generation only rises.
    Rises,
    /// Without theft, and within the limits, nobody is signed out without cause.
    NoFalseAlarm,
    /// Two who share a session do not both go on, and an old token does not serve for ever.
    TheftIsFound,
    /// Nothing is minted by a statement that commits after a revocation.
    RevokedForGood,
    /// No answer before the commit.
    CommitFirst,
    /// Nothing lives past the absolute limit.
    Mortal,
    /// A forged token with a known session id revokes nothing.
    ForgedIsNothing,
    /// No answer puts an older cookie back over a newer one.
    JarRises,
    /// Once the network behaves, whoever is not signed out gets an access token.
    Converges,
}

impl Law {
    /// Every law.
    pub const ALL: [Self; 11] = [
        Self::OneSuccessor,
        Self::SameSuccessor,
        Self::Rises,
        Self::NoFalseAlarm,
        Self::TheftIsFound,
        Self::RevokedForGood,
        Self::CommitFirst,
        Self::Mortal,
        Self::ForgedIsNothing,
        Self::JarRises,
        Self::Converges,
    ];

    /// Its name, as in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneSuccessor => "S1 one successor",
            Self::SameSuccessor => "S2 same successor",
            Self::Rises => "S3 generation rises",
            Self::NoFalseAlarm => "S4 no false alarm",
            Self::TheftIsFound => "S5 theft is found",
            Self::RevokedForGood => "S6 revoked for good",
            Self::CommitFirst => "S7 commit first",
            Self::Mortal => "S8 mortal",
            Self::ForgedIsNothing => "S9 forged is nothing",
            Self::JarRises => "J jar rises",
            Self::Converges => "L converges",
        }
    }
}

/// A set of laws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Laws(u16);

impl Laws {
    /// Adds one.
    pub fn add(&mut self, law: Law) {
        self.0 |= 1 << law as u16;
    }

    /// Adds one if it does not hold.
    pub fn demand(&mut self, law: Law, holds: bool) {
        if !holds {
            self.add(law);
        }
    }

    /// Whether it is among them.
    pub const fn contains(self, law: Law) -> bool {
        self.0 & (1 << law as u16) != 0
    }

    /// Those among them, in order.
    pub fn iter(self) -> impl Iterator<Item = Law> {
        Law::ALL.into_iter().filter(move |law| self.contains(*law))
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Which side of a shared session somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Whose session it is.
    Owner,
    /// Who has stolen it.
    Thief,
}

impl Side {
    /// A client's.
    pub fn of(client: Client) -> Self {
        if client == Client::Thief { Self::Thief } else { Self::Owner }
    }
}

/// What is remembered only to judge the laws.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ghost {
    /// By session.
    pub sessions: Vec<SessionGhost>,
    /// Whether a failover has lost the end of a session, which lives again.
    pub revived: bool,
    /// Ticks since the owner's and the thief's last renewal, where they keep their distance.
    pub since: [Ticks; 2],
    /// Who got a new refresh token last since something was stolen, and how many times that has changed hands.
    pub turns: Option<(Side, u8)>,
}

/// What is remembered of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionGhost {
    /// How many secrets were ever made for it, after the first.
    pub made: u8,
    /// Which of them were ever stored, by bit.
    pub stored: u32,
    /// How many secrets there were when something of it was stolen last, if anything was.
    pub stolen: Option<u8>,
    /// The parent and the successor handed out last, while its window lasts.
    pub handed: Option<Handed>,
    /// Whether a failover has lost a commit about it.
    pub lost: bool,
    /// Renewals with the previous token after S that rotated nothing, since the newest token was confirmed.
    pub rides: u8,
}

/// A successor that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handed {
    parent: u8,
    child: u8,
    age: Ticks,
}

impl Ghost {
    /// Nothing has happened yet.
    pub fn new(sessions: usize, robbed: bool) -> Self {
        let mut all = vec![SessionGhost::new(); sessions];
        if let Some(first) = all.first_mut() {
            first.stolen = robbed.then_some(0);
        }
        Self { sessions: all, revived: false, since: [Ticks::MAX; 2], turns: None }
    }

    /// Time passes.
    pub fn tick(&mut self, shape: &Shape) {
        for session in &mut self.sessions {
            session.handed = session
                .handed
                .map(|handed| Handed { age: handed.age + 1, ..handed })
                .filter(|handed| handed.age < shape.window);
        }
        for since in &mut self.since {
            *since = if *since >= shape.settle { Ticks::MAX } else { *since + 1 };
        }
    }

    /// Whether a failover has lost a commit about this session.
    pub fn lost(&self, session: u8) -> bool {
        self.sessions.get(usize::from(session)).is_some_and(|session| session.lost)
    }

    /// Somebody got a new refresh token; returns how often that has changed hands.
    pub fn turn(&mut self, side: Side) -> u8 {
        let turns = match self.turns {
            Some((last, turns)) if last == side => turns,
            Some((_, turns)) => turns.saturating_add(1),
            None => 1,
        };
        self.turns = Some((side, turns));
        turns
    }
}

impl SessionGhost {
    /// Of a session that has just begun.
    pub fn new() -> Self {
        Self { stored: 1, ..Self::default() }
    }

    /// A number for a new secret.
    pub fn make(&mut self) -> u8 {
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// A secret is in the database.
    pub fn store(&mut self, secret: u8) {
        self.stored |= 1_u32.checked_shl(secret.into()).unwrap_or(0);
    }

    /// Judges a successor that is being handed out, and notes it.
    pub fn hand_out(&mut self, parent: Token, child: Token, broken: &mut Laws) {
        let stored = self.stored & 1_u32.checked_shl(child.secret.into()).unwrap_or(0) != 0;
        broken.demand(Law::CommitFirst, stored);
        match self.handed {
            Some(handed) if handed.parent == parent.secret => {
                broken.demand(Law::SameSuccessor, handed.child == child.secret);
            }
            _ => self.handed = Some(Handed { parent: parent.secret, child: child.secret, age: 0 }),
        }
    }
}
