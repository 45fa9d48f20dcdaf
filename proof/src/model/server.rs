//! What a server does, step by step as `lanyard_auth::service` and the stores do it: read, decide by the real
//! rule, compare and swap, answer. Planted bugs change it in the places that name them.

use lanyard_auth::refresh::SecretHash;
use lanyard_auth::rotation::{self, Decision, MAX_RECOVERIES, Relation, decide, relate};
use lanyard_auth::store::EndReason;

use super::action::{Commit, Outcome};
use super::bug::Bug;
use super::config::{Config, TICK, Ticks};
use super::law::{Law, SessionGhost};
use super::world::{Access, Answer, Client, Errand, Flight, Order, Pending, Row, Stage, Token, World};

/// As `lanyard_auth::service` has it.
const ATTEMPTS: u8 = 3;

impl Row {
    /// How a token stands to this row, by the real function.
    pub fn relate(&self, token: Token) -> Relation {
        let hash = |secret: u8| SecretHash([secret; 32]);
        let (current, previous) = (hash(self.current), self.previous.map(hash));
        let row = rotation::Row {
            generation: self.generation.into(),
            current: &current,
            previous: previous.as_ref(),
        };
        relate(row, token.generation.into(), &hash(token.secret))
    }

    /// The age as the server sees it; with `Bug::WholeSeconds` it counts whole units of two ticks.
    fn seen_age(&self, late_half: bool) -> Ticks {
        (self.age + Ticks::from(self.late_half)).saturating_sub(Ticks::from(late_half))
    }
}

impl Config {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether a use confirms, by a clock that is so far ahead, by a client that shows the hint or does not.
    pub fn confirms(&self, confirms_in: Option<Ticks>, ahead: Ticks, shows: bool) -> bool {
        let due = confirms_in.is_some_and(|wait| wait <= ahead || self.has(Bug::ConfirmAtFirstUse));
        due && (shows || self.has(Bug::ConfirmWithoutHint))
    }
}

impl World {
    /// A server reads the row and decides, or does all that a sign-out or sign-in asks.
    pub(super) fn read(&mut self, config: &Config, place: u8, server: u8) -> Option<Outcome> {
        let flight = (*self.flights.get(usize::from(place))?)?;
        match flight.errand {
            Errand::Refresh { expected } => match self.judge(config, &flight, expected, server) {
                Ok(decision) => self.act(config, place, flight, server, decision),
                Err(answer) => Some(self.answer(config, place, answer)),
            },
            Errand::SignOut => {
                if let Some(session) = flight.token.map(|token| token.session) {
                    self.end(config, session, EndReason::SignedOut)?;
                }
                Some(self.answer(config, place, Answer::SignedOut))
            }
            Errand::SignIn => {
                let answer = self.sign_in(config, flight.token)?;
                Some(self.answer(config, place, answer))
            }
        }
    }

    /// In the service's order: genuine, session, known, ended, expired, the rule.
    fn judge(
        &self,
        config: &Config,
        flight: &Flight,
        expected: Option<u8>,
        server: u8,
    ) -> Result<Decision, Answer> {
        let token = flight.token.ok_or(Answer::Unknown)?;
        if !token.is_genuine() && !config.has(Bug::TagNotChecked) {
            return Err(Answer::Unknown);
        }
        if expected.is_some_and(|expected| expected != token.session) {
            return Err(Answer::Changed);
        }
        let row = self.row(token.session).ok_or(Answer::Unknown)?;
        if let Some(reason) = row.ended {
            return Err(Answer::Ended(reason));
        }
        if self.version_of(row) != row.user_version {
            return Err(Answer::Ended(EndReason::KickedOut));
        }
        let idle = config.lifetimes.is_some_and(|lifetimes| row.age >= lifetimes.idle);
        if idle || row.left == Some(0) {
            return Err(Answer::Expired);
        }
        let mut relation = row.relate(token);
        let remembers = self.remembered_by.get(usize::from(token.session)) == Some(&Some(server));
        if config.has(Bug::WindowInMemory) && relation == Relation::Previous && !remembers {
            relation = Relation::Older;
        }
        Ok(rule(config, row, row.seen_age(self.late_half), relation))
    }

    pub(super) fn version_of(&self, row: &Row) -> u8 {
        self.versions.get(usize::from(row.user)).copied().unwrap_or_default()
    }

    fn act(
        &mut self,
        config: &Config,
        place: u8,
        flight: Flight,
        server: u8,
        decision: Decision,
    ) -> Option<Outcome> {
        let token = flight.token?;
        let answer = match decision {
            Decision::Keep => self.keep_current(config, flight.from, token)?,
            Decision::Repeat => self.repeat(config, flight.from, token)?,
            Decision::Bridge => self.bridge(config, flight.from, token)?,
            Decision::Unknown => Answer::Unknown,
            Decision::Rotate | Decision::Recover if config.has(Bug::AnswerBeforeCommit) => {
                self.promise(config, flight.from, token)?
            }
            Decision::Rotate | Decision::Recover | Decision::EndReused | Decision::EndUnconfirmed => {
                let row = self.row(token.session)?;
                let attempts = match flight.stage {
                    Stage::Raced { attempts, .. } => attempts,
                    _ => 0,
                };
                let (generation, confirmed) = (row.generation, row.confirmed);
                let pending = Pending { server, decision, generation, confirmed, attempts };
                let flight = Flight { stage: Stage::Decided(pending), ..flight };
                *self.flights.get_mut(usize::from(place))? = Some(flight);
                return Some(Outcome::Decided(decision));
            }
        };
        Some(self.answer(config, place, answer))
    }

    /// Rule 1.
    fn keep_current(&mut self, config: &Config, from: Client, token: Token) -> Option<Answer> {
        let access = self.grant(config, from, token.session)?;
        Some(Answer::Granted { access, successor: config.has(Bug::CookieInRule1).then_some(token) })
    }

    /// Rule 3.
    fn repeat(&mut self, config: &Config, from: Client, token: Token) -> Option<Answer> {
        let access = self.grant(config, from, token.session)?;
        let row = self.rows.get(usize::from(token.session))?;
        let ghost = self.ghost.sessions.get_mut(usize::from(token.session))?;
        let secret = if config.has(Bug::FreshOnRetry) { ghost.make() } else { row.current };
        let successor = Token { session: token.session, generation: row.generation, secret };
        ghost.hand_out(token, successor, &mut self.broken);
        Some(Answer::Granted { access, successor: Some(successor) })
    }

    /// Rule 4.
    fn bridge(&mut self, config: &Config, from: Client, token: Token) -> Option<Answer> {
        let newest = self.grant(config, from, token.session)?;
        let row = self.row(token.session)?;
        let shape = &config.shape;
        let short = (shape.settle + shape.timeout).saturating_sub(row.age);
        let left = newest.left.map(|left| left.min(short));
        let access = Access { generation: token.generation, confirms_in: None, left, ..newest };
        let successor = if config.has(Bug::SuccessorInRule4) {
            Some(Token { session: token.session, generation: row.generation, secret: row.current })
        } else {
            config.has(Bug::CookieInRule4).then_some(token)
        };
        Some(Answer::Granted { access, successor })
    }

    /// `Bug::AnswerBeforeCommit`: the successor goes out while nobody has stored it.
    fn promise(&mut self, config: &Config, from: Client, token: Token) -> Option<Answer> {
        let access = self.grant(config, from, token.session)?;
        let generation = self.row(token.session)?.generation + 1;
        let ghost = self.ghost.sessions.get_mut(usize::from(token.session))?;
        let successor = Token { session: token.session, generation, secret: ghost.make() };
        ghost.hand_out(token, successor, &mut self.broken);
        Some(Answer::Granted { access, successor: Some(successor) })
    }

    /// An access token of the row's newest generation.
    fn grant(&mut self, config: &Config, from: Client, session: u8) -> Option<Access> {
        let row = self.rows.get(usize::from(session))?;
        let wait = config.shape.settle.saturating_sub(row.seen_age(self.late_half));
        let alone = config.lifetimes.map(|lifetimes| lifetimes.access);
        let bound = if config.has(Bug::AccessOutlivesSession) { None } else { row.left };
        let access = Access {
            session,
            generation: row.generation,
            confirms_in: (!row.confirmed).then_some(wait),
            jar: from != Client::Native,
            left: alone.map(|alone| bound.map_or(alone, |bound| alone.min(bound))),
        };
        let mortal =
            access.left.zip(row.left).is_none_or(|(access, session)| access <= session && session > 0);
        self.broken.demand(Law::Mortal, mortal);
        Some(access)
    }

    /// The write begins: what it looks at first is the user.
    pub(super) fn begin(&mut self, _config: &Config, place: u8) -> Option<Outcome> {
        let flight = (*self.flights.get(usize::from(place))?)?;
        let Stage::Decided(pending) = flight.stage else { return None };
        let row = self.row(flight.token?.session)?;
        let user_agrees = self.version_of(row) == row.user_version;
        let flight = Flight { stage: Stage::Begun { pending, user_agrees }, ..flight };
        *self.flights.get_mut(usize::from(place))? = Some(flight);
        Some(Outcome::Begun)
    }

    /// The compare-and-swap, and the answer to it.
    pub(super) fn write(&mut self, config: &Config, place: u8, commit: Commit) -> Option<Outcome> {
        let flight = (*self.flights.get(usize::from(place))?)?;
        let token = flight.token?;
        let row = self.row(token.session)?;
        let (pending, user_agrees) = match flight.stage {
            Stage::Decided(pending) => (pending, self.version_of(row) == row.user_version),
            Stage::Begun { pending, user_agrees } => (pending, user_agrees),
            _ => return None,
        };
        let rotates = matches!(pending.decision, Decision::Rotate | Decision::Recover);
        let same = row.generation == pending.generation && row.confirmed == pending.confirmed;
        let live = row.ended.is_none() || rotates && config.has(Bug::RotatesEnded);
        let agrees = (same || config.has(Bug::NoCompare)) && live && (user_agrees || !rotates);
        if !agrees && commit == Commit::Known {
            return Some(self.raced(config, place, flight, pending));
        }
        if commit != Commit::Known {
            self.left.unknown_commits -= 1;
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
        self.left.rotations = self.left.rotations.checked_sub(1)?;
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
    fn end(&mut self, config: &Config, session: u8, reason: EndReason) -> Option<()> {
        let row = self.row(session)?;
        if row.ended.is_none() {
            self.commit(config, session, Row { ended: Some(reason), ..row.clone() })?;
        }
        Some(())
    }

    /// A session for the second user, in place of the one whose cookie came along.
    fn sign_in(&mut self, config: &Config, displaced: Option<Token>) -> Option<Answer> {
        if let Some(token) = displaced {
            self.end(config, token.session, EndReason::Replaced)?;
        }
        let session = u8::try_from(self.rows.len()).ok()?;
        self.rows.push(Row::new(config, 1, self.versions[1]));
        self.remembered_by.push(None);
        self.ghost.sessions.push(SessionGhost::new());
        let access = self.grant(config, Client::Tab(0), session)?;
        Some(Answer::Granted { access, successor: Some(Token::first(session)) })
    }

    /// A row is written.
    fn commit(&mut self, config: &Config, session: u8, after: Row) -> Option<()> {
        let row = self.rows.get_mut(usize::from(session))?;
        let before = std::mem::replace(row, after);
        if config.budget.failovers > 0 {
            self.unreplicated = Some((session, before));
        }
        Some(())
    }

    /// The user's version rises, and his sessions end, in one transaction.
    pub(super) fn kick_out(&mut self, config: &Config) {
        self.versions[0] += 1;
        if config.has(Bug::KickOutUsersOnly) {
            return;
        }
        for row in self.rows.iter_mut().filter(|row| row.user == 0 && row.ended.is_none()) {
            row.ended = Some(EndReason::KickedOut);
        }
        self.unreplicated = None;
    }

    pub(super) fn fail_over(&mut self) -> Option<()> {
        let (session, row) = self.unreplicated.take()?;
        *self.rows.get_mut(usize::from(session))? = row;
        self.ghost.sessions.get_mut(usize::from(session))?.handed = None;
        self.ghost.failed_over = true;
        Some(())
    }

    pub(super) fn crash_server(&mut self, server: u8) {
        for place in &mut self.flights {
            if place.is_some_and(|flight| flight.server() == Some(server)) {
                *place = None;
            }
        }
        self.order = self.order.filter(|order| order.server != server);
        for remembered in &mut self.remembered_by {
            *remembered = remembered.filter(|by| *by != server);
        }
    }

    /// A call reaches a server, which may confirm by it.
    pub(super) fn hear(&mut self, config: &Config, server: u8) -> Option<Outcome> {
        let call = self.call.take()?;
        let shows = !call.access.jar || call.hint == Some((call.access.session, call.access.generation));
        let ahead = if server == 1 { config.skew } else { 0 };
        if !config.confirms(call.access.confirms_in, ahead, shows) {
            return Some(Outcome::Confirmed(false));
        }
        let Access { session, generation, .. } = call.access;
        self.order = Some(Order { server, session, generation });
        if config.queue { Some(Outcome::Confirmed(false)) } else { self.confirm(config) }
    }

    /// The database's own conditions decide whether a confirmation is written.
    pub(super) fn confirm(&mut self, config: &Config) -> Option<Outcome> {
        let Order { session, generation, .. } = self.order.take()?;
        let row = self.row(session)?;
        let same = row.generation == generation || config.has(Bug::ConfirmWrongGeneration);
        let settled =
            row.seen_age(self.late_half) >= config.shape.settle || config.has(Bug::ConfirmAtFirstUse);
        let confirms = same && settled && !row.confirmed;
        if confirms {
            self.commit(config, session, Row { confirmed: true, ..row.clone() })?;
        }
        Some(Outcome::Confirmed(confirms))
    }

    /// The server answers; nobody may be there to hear it.
    fn answer(&mut self, config: &Config, place: u8, answer: Answer) -> Outcome {
        if let Some(flight) = self.take_flight(place) {
            if matches!(answer, Answer::Granted { .. }) {
                self.note_renewal(config, flight.from);
            }
            if flight.from == Client::Thief {
                self.deliver_to_thief(config, answer);
            } else if !flight.orphan
                && let Some(held) = self.flights.get_mut(usize::from(place))
            {
                *held = Some(Flight { stage: Stage::Answered(answer), ..flight });
            }
        }
        Outcome::Answered(answer)
    }
}

/// The real rule, or what a planted bug makes of it.
fn rule(config: &Config, row: &Row, age: Ticks, relation: Relation) -> Decision {
    let mut limits = config.shape.limits();
    if config.has(Bug::NoSettling) && relation == Relation::Previous {
        limits.settle = limits.retry_window;
    }
    let recoveries = if config.has(Bug::EndlessRecoveries) {
        row.recoveries.min(MAX_RECOVERIES - 1)
    } else {
        row.recoveries
    };
    let confirmed = row.confirmed || config.has(Bug::NoSettling);
    let age = i64::from(age) * i64::try_from(TICK.as_millis()).unwrap_or(i64::MAX);
    match decide(relation, age, confirmed, recoveries, &limits) {
        Decision::Repeat if config.has(Bug::WindowForks) => Decision::Rotate,
        decision => decision,
    }
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

impl Flight {
    /// The server that works on it.
    pub fn server(&self) -> Option<u8> {
        match self.stage {
            Stage::Decided(pending) | Stage::Begun { pending, .. } => Some(pending.server),
            Stage::Raced { server, .. } => Some(server),
            Stage::Sent | Stage::Answered(_) => None,
        }
    }
}
