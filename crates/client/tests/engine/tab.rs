//! One engine with a clock and a cookie jar that tests move by hand.

use lanyard_client::*;

pub const TIMEOUT: u64 = 10_000;
pub const LIFETIME: u64 = 60_000;

pub const ADA: SessionId = SessionId(1);
pub const GRACE: SessionId = SessionId(2);

pub fn mark(session: SessionId) -> Mark {
    Mark(session.0 as u64 + 1_000)
}

pub fn grant(session: SessionId) -> Grant {
    Grant { session, mark: mark(session), lifetime: LIFETIME }
}

/// News of a badge that another tab asked for at this time of the wall clock.
pub fn news(session: SessionId, since: u64) -> Input {
    Input::Peer(Announcement::Issued { grant: grant(session), since })
}

pub struct Tab {
    pub engine: Engine,
    pub now: Now,
    calls: u64,
}

impl Tab {
    /// A page that starts with this session in its cookie jar.
    pub fn boot(session: Option<SessionId>) -> (Self, Effects) {
        Self::boot_with(session, Patterns::default(), None)
    }

    pub fn boot_with(session: Option<SessionId>, patterns: Patterns, owed: Option<Who>) -> (Self, Effects) {
        let now = Now { monotonic: 1_000, wall: 1_000_000, hint: session.map(mark), owed, random: 0 };
        let mut tab = Self { engine: Engine::new(TIMEOUT, patterns), now, calls: 0 };
        let effects = tab.give(Input::Boot);
        (tab, effects)
    }

    /// Signed in as Ada, with a fresh badge.
    pub fn ada() -> Self {
        Self::ada_with(Patterns::default())
    }

    pub fn ada_with(patterns: Patterns) -> Self {
        let (mut tab, _) = Self::boot_with(Some(ADA), patterns, None);
        let attempt = tab.win_lock();
        tab.grant(attempt, ADA);
        tab.now.random = 0;
        tab
    }

    pub fn give(&mut self, input: Input) -> Effects {
        let effects = self.engine.step(&self.now, input);
        for effect in &effects {
            match *effect {
                Effect::Owe(who) => self.now.owed = Some(who),
                Effect::Settle(who) => self.now.owed = self.now.owed.filter(|&owed| owed != who),
                _ => {}
            }
        }
        effects
    }

    /// Both clocks go on, and the timer fires.
    pub fn after(&mut self, wait: u64) -> Effects {
        self.sleep(wait);
        self.give(Input::Deadline)
    }

    /// Both clocks go on, and nothing fires.
    pub fn sleep(&mut self, wait: u64) {
        self.now.monotonic += wait;
        self.now.wall += wait;
    }

    pub fn call(&mut self) -> (CallId, Effects) {
        self.calls += 1;
        let call = CallId(self.calls);
        let effects = self.give(Input::Call { call, made_for: None });
        (call, effects)
    }

    pub fn answer(&mut self, call: CallId, answer: CallAnswer) -> Effects {
        self.give(Input::Answered { call, answer })
    }

    /// The lock that was asked for last is granted, uncontended; the number of the refresh that follows.
    pub fn win_lock(&mut self) -> Attempt {
        let effects = self.lock(false);
        refresh(&effects).unwrap_or_else(|| panic!("no refresh was sent: {effects:?}"))
    }

    /// The lock that was asked for last is granted.
    pub fn lock(&mut self, waited: bool) -> Effects {
        // Turns count up by one, and a grant of any other is refused.
        for turn in (1..100).rev().map(Turn) {
            let won = self.engine.clone().step(&self.now, Input::LockWon { turn, waited });
            if !won.contains(&Effect::ReleaseLock { turn }) {
                return self.give(Input::LockWon { turn, waited });
            }
        }
        panic!("nobody asked for the lock");
    }

    pub fn grant(&mut self, attempt: Attempt, session: SessionId) -> Effects {
        self.refreshed(attempt, RefreshAnswer::Granted(grant(session)))
    }

    pub fn refreshed(&mut self, attempt: Attempt, answer: RefreshAnswer) -> Effects {
        self.give(Input::RefreshAnswered { attempt, answer })
    }

    pub fn fails(&mut self, attempt: Attempt, retry_after: Option<u64>) -> Effects {
        self.refreshed(attempt, RefreshAnswer::Failed { status: Some(503), retry_after })
    }

    pub fn ended(&self) -> Option<EndReason> {
        match *self.engine.standing() {
            Standing::Nobody { ended, .. } => ended,
            Standing::Somebody { .. } => None,
        }
    }

    pub fn shows(&self) -> Option<Mark> {
        match *self.engine.standing() {
            Standing::Somebody { who, .. } => Some(who.mark),
            Standing::Nobody { .. } => None,
        }
    }
}

pub fn refresh(effects: &[Effect]) -> Option<Attempt> {
    effects.iter().find_map(|effect| match effect {
        Effect::SendRefresh { attempt, .. } => Some(*attempt),
        _ => None,
    })
}

pub fn logout(effects: &[Effect]) -> Option<Attempt> {
    effects.iter().find_map(|effect| match effect {
        Effect::SendLogout { attempt, .. } => Some(*attempt),
        _ => None,
    })
}

pub fn takes_lock(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::TakeLock { .. }))
}

pub fn releases_lock(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::ReleaseLock { .. }))
}

pub fn timer(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|effect| match effect {
        Effect::ArmTimer(wait) => Some(u64::from(*wait)),
        _ => None,
    })
}

pub fn rejects(effects: &[Effect], call: CallId) -> Option<Rejection> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reject { call: rejected, why } if *rejected == call => Some(*why),
        _ => None,
    })
}
