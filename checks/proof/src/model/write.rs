//! What a server writes, as the stores do it: compare and swap, and what must hold of every rotation.

use lanyard_auth::rotation::{Decision, MAX_RECOVERIES, Relation};
use lanyard_auth::store::EndReason;

use super::action::{Commit, Outcome};
use super::bug::Bug;
use super::config::{Config, spend};
use super::law::{Law, SessionGhost};
use super::world::{Answer, Client, Errand, Flight, Pending, Replica, Row, Stage, Token, World};

/// As `lanyard_auth::service` has it.
const ATTEMPTS: u8 = 3;

impl World {
    /// The write begins: what it looks at first is the user.
    pub(super) fn begin(&mut self, place: u8) -> Option<Outcome> {
        let flight = (*self.flights.get(usize::from(place))?)?;
        let Stage::Decided(pending) = flight.stage else { return None };
        let row = self.row(flight.token?.session);
        let user_agrees = row.is_some_and(|row| self.version_of(row) == row.user_version);
        let flight = Flight { stage: Stage::Begun { pending, user_agrees }, ..flight };
        *self.flights.get_mut(usize::from(place))? = Some(flight);
        Some(Outcome::Begun)
    }

    /// The compare-and-swap, and the answer to it.
    pub(super) fn write(&mut self, config: &Config, place: u8, commit: Commit) -> Option<Outcome> {
        let flight = (*self.flights.get(usize::from(place))?)?;
        let token = flight.token?;
        let (pending, user_agrees) = match flight.stage {
            Stage::Decided(pending) => {
                let row = self.row(token.session);
                (pending, row.is_some_and(|row| self.version_of(row) == row.user_version))
            }
            Stage::Begun { pending, user_agrees } => (pending, user_agrees),
            _ => return None,
        };
        let rotates = rotates(pending.decision);
        let row = self.row(token.session);
        let agrees = row.is_some_and(|row| agrees(config, row, &pending)) && (user_agrees || !rotates);
        if !agrees && commit == Commit::Known {
            return Some(self.raced(config, place, flight, pending));
        }
        if rotates && self.left.rotations == 0 {
            return Some(self.answer(config, place, Answer::Unavailable));
        }
        if commit != Commit::Known {
            spend(&mut self.left.unknown_commits)?;
        }
        let answer = match commit {
            Commit::UnknownUndone => Answer::Unavailable,
            _ if !agrees => return None,
            _ if rotates => self.rotate(config, flight.from, token, pending)?,
            _ => self.judged(config, token, pending.decision)?,
        };
        let known = commit == Commit::Known;
        Some(self.answer(config, place, if known { answer } else { Answer::Unavailable }))
    }

    fn raced(&mut self, config: &Config, place: u8, flight: Flight, pending: Pending) -> Outcome {
        let attempts = pending.attempts + 1;
        if attempts >= ATTEMPTS {
            return self.answer(config, place, Answer::Unavailable);
        }
        let stage = Stage::Raced { server: pending.server, attempts };
        if let Some(held) = self.flights.get_mut(usize::from(place)) {
            *held = Some(Flight { stage, ..flight });
        }
        Outcome::Raced
    }

    /// Rules 2 and 5, and what must hold of every rotation.
    fn rotate(&mut self, config: &Config, from: Client, token: Token, pending: Pending) -> Option<Answer> {
        spend(&mut self.left.rotations)?;
        let session = usize::from(token.session);
        let before = self.rows.get(session)?.clone();
        let allowed = before.ended.is_none() && self.version_of(&before) == before.user_version;
        self.broken.demand(Law::RevokedForGood, allowed);
        let ghost = self.ghost.sessions.get_mut(session)?;
        let secret = ghost.make();
        ghost.store(secret);
        let recovers = pending.decision == Decision::Recover;
        let after = Row {
            generation: pending.generation + 1,
            current: secret,
            previous: Some(token.secret),
            age: 0,
            confirmed: false,
            recoveries: if recovers { before.recoveries + 1 } else { 0 },
            late_half: self.late_half,
            ..before.clone()
        };
        self.broken.demand(Law::Rises, after.generation > before.generation);
        self.broken.demand(Law::OneSuccessor, displaces(&before, &after, token));
        self.broken.demand(Law::TheftIsFound, after.recoveries <= MAX_RECOVERIES);
        if !recovers {
            self.ghost.sessions.get_mut(session)?.rides = 0;
        }
        let successor = Token { session: token.session, generation: after.generation, secret };
        self.commit(config, token.session, after)?;
        if config.has(Bug::WindowInMemory) {
            *self.remembered_by.get_mut(session)? = Some(pending.server);
        }
        self.ghost.sessions.get_mut(session)?.hand_out(token, successor, &mut self.broken);
        let access = self.grant(config, from, token.session)?;
        Some(Answer::Granted { access, successor: Some(successor) })
    }

    /// Rules 5 and 6: the session ends, although the answer is an error.
    fn judged(&mut self, config: &Config, token: Token, decision: Decision) -> Option<Answer> {
        let (reason, told) = match decision {
            Decision::EndUnconfirmed => (EndReason::Unconfirmed, Answer::Ended(EndReason::Unconfirmed)),
            _ => (EndReason::TokenReused, Answer::Reused),
        };
        let stolen = self.ghost.sessions.get(usize::from(token.session))?.stolen.is_some();
        self.broken.demand(Law::ForgedIsNothing, token.is_genuine());
        self.broken.demand(Law::NoFalseAlarm, stolen || !token.is_genuine());
        if !config.has(Bug::RollbackOnReuse) {
            self.end(config, token.session, reason)?;
        }
        self.broken.demand(Law::TheftIsFound, self.row(token.session)?.ended.is_some());
        Some(told)
    }

    /// Ends a session that is live.
    pub(super) fn end(&mut self, config: &Config, session: u8, reason: EndReason) -> Option<()> {
        if let Some(row) = self.row(session).filter(|row| row.ended.is_none()) {
            self.commit(config, session, Row { ended: Some(reason), ..row.clone() })?;
        }
        Some(())
    }

    /// A session for the second user, in place of the one whose cookie came along, in one transaction.
    pub(super) fn sign_in(&mut self, config: &Config, displaced: Option<Token>) -> Option<Answer> {
        self.begin_commit(config);
        if let Some(row) = displaced.and_then(|token| self.rows.get_mut(usize::from(token.session))) {
            row.ended.get_or_insert(EndReason::Replaced);
        }
        let session = u8::try_from(self.rows.len()).ok()?;
        self.rows.push(Row::new(config, 1, self.versions[1]));
        self.remembered_by.push(None);
        self.ghost.sessions.push(SessionGhost::new());
        let access = self.grant(config, Client::Tab(0), session)?;
        Some(Answer::Granted { access, successor: Some(Token::first(session)) })
    }

    /// A row is written.
    pub(super) fn commit(&mut self, config: &Config, session: u8, after: Row) -> Option<()> {
        self.begin_commit(config);
        *self.rows.get_mut(usize::from(session))? = after;
        Some(())
    }

    /// What comes now the other database node has not seen yet.
    fn begin_commit(&mut self, config: &Config) {
        let replica = || Replica { rows: self.rows.clone(), versions: self.versions };
        self.unreplicated = (config.budget.failovers > 0).then(replica);
    }

    /// The user's version rises, and his sessions end, in one transaction.
    pub(super) fn kick_out(&mut self, config: &Config) {
        self.begin_commit(config);
        self.versions[0] += 1;
        if config.has(Bug::KickOutUsersOnly) {
            return;
        }
        for row in self.rows.iter_mut().filter(|row| row.user == 0 && row.ended.is_none()) {
            row.ended = Some(EndReason::KickedOut);
        }
    }

    /// Whether there is something to lose. A sign-in is lost only if none comes after it, since sessions are numbered.
    pub(super) fn may_fail_over(&self) -> bool {
        let signs_in = |flight: &Flight| flight.errand == Errand::SignIn;
        let another = self.left.switches > 0 || self.flights.iter().flatten().any(signs_in);
        let loses = |replica: &Replica| replica.rows.len() < self.rows.len();
        self.unreplicated.as_ref().is_some_and(|replica| !(another && loses(replica)))
    }

    pub(super) fn fail_over(&mut self) -> Option<()> {
        let before = self.unreplicated.take()?;
        let versions_differ = before.versions != self.versions;
        for (number, session) in self.ghost.sessions.iter_mut().enumerate() {
            let (was, is) = (before.rows.get(number), self.rows.get(number));
            if was != is || versions_differ && is.is_some_and(|row| row.user == 0) {
                (session.lost, session.handed) = (true, None);
            }
            let ended = |row: Option<&Row>| row.is_some_and(|row| row.ended.is_some());
            self.ghost.revived |= was.is_some() && !ended(was) && ended(is);
        }
        (self.rows, self.versions) = (before.rows, before.versions);
        Some(())
    }
}

const fn rotates(decision: Decision) -> bool {
    matches!(decision, Decision::Rotate | Decision::Recover)
}

/// Whether the row is still as it was seen, and live.
fn agrees(config: &Config, row: &Row, seen: &Pending) -> bool {
    let rotates = rotates(seen.decision);
    let same = row.generation == seen.generation && row.confirmed == seen.confirmed;
    let ended = row.ended.is_some() && !(rotates && config.has(Bug::RotatesEnded));
    let expired = rotates && row.has_expired(config);
    (same || config.has(Bug::NoCompare)) && !ended && !expired
}

/// After a rotation the presented token is the previous one, and every other that was good is an old one.
fn displaces(before: &Row, after: &Row, presented: Token) -> bool {
    let session = presented.session;
    let displaced = [
        Some(Token { session, generation: before.generation, secret: before.current }),
        before.previous.zip(before.generation.checked_sub(1)).map(|(secret, generation)| Token {
            session,
            generation,
            secret,
        }),
    ];
    after.relate(presented) == Relation::Previous
        && displaced
            .into_iter()
            .flatten()
            .filter(|token| token.secret != presented.secret)
            .all(|token| after.relate(token) == Relation::Older)
}
