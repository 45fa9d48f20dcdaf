//! What a server does, step by step as `lanyard_auth::service` does it: read, decide by the real rule, answer; what
//! it writes is in `write`. Planted bugs change it in the places that name them.

use lanyard_auth::refresh::SecretHash;
use lanyard_auth::rotation::{self, Decision, MAX_RECOVERIES, Relation, decide, relate};
use lanyard_auth::store::EndReason;

use super::action::Outcome;
use super::bug::Bug;
use super::config::{Config, TICK, Ticks};
use super::law::Law;
use super::world::{Access, Answer, Client, Errand, Flight, Order, Pending, Row, Stage, Token, World};

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

    /// Whether its idle or its absolute limit has passed.
    pub(super) fn has_expired(&self, config: &Config) -> bool {
        self.left == Some(0) || config.lifetimes.is_some_and(|lifetimes| self.age >= lifetimes.idle)
    }

    /// The age as the server sees it; with `Bug::WholeSeconds` it counts whole units of two ticks.
    fn seen_age(&self, late_half: bool) -> Ticks {
        (self.age + Ticks::from(self.late_half)).saturating_sub(Ticks::from(late_half))
    }
}

impl Config {
    pub(super) fn has(&self, bug: Bug) -> bool {
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
        if row.has_expired(config) {
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
            // The bound: from here on the database takes no more.
            Decision::Rotate | Decision::Recover if self.left.rotations == 0 => Answer::Unavailable,
            Decision::Recover if config.has(Bug::NoRecovery) => Answer::Unavailable,
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
        ghost.rides += u8::from(row.age >= config.shape.settle);
        self.broken.demand(Law::TheftIsFound, row.recoveries + ghost.rides <= MAX_RECOVERIES);
        let secret = if config.has(Bug::FreshOnRetry) { ghost.make() } else { row.current };
        let successor = Token { session: token.session, generation: row.generation, secret };
        ghost.hand_out(token, successor, &mut self.broken);
        Some(Answer::Granted { access, successor: Some(successor) })
    }

    /// Rule 4.
    fn bridge(&mut self, config: &Config, from: Client, token: Token) -> Option<Answer> {
        let newest = self.grant(config, from, token.session)?;
        let row = self.rows.get(usize::from(token.session))?;
        let shape = &config.shape;
        let short = (shape.settle + shape.timeout).saturating_sub(row.age);
        let long = config.has(Bug::LongTokenInRule4);
        let left = newest.left.map(|left| if long { left } else { left.min(short) });
        self.broken.demand(Law::TheftIsFound, left.is_none_or(|left| left <= short));
        let access = if config.has(Bug::ConfirmsByRule4) {
            Access { left, ..newest }
        } else {
            Access { generation: token.generation, confirms_in: None, left, ..newest }
        };
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
    pub(super) fn grant(&mut self, config: &Config, from: Client, session: u8) -> Option<Access> {
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
        let good = row.ended.is_none() && self.version_of(row) == row.user_version;
        let mortal =
            access.left.zip(row.left).is_none_or(|(access, session)| access <= session && session > 0);
        self.broken.demand(Law::Mortal, mortal);
        self.broken.demand(Law::RevokedForGood, good);
        Some(access)
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
        let Some(row) = self.row(session) else { return Some(Outcome::Confirmed(false)) };
        let same = row.generation == generation || config.has(Bug::ConfirmWrongGeneration);
        let settled =
            row.seen_age(self.late_half) >= config.shape.settle || config.has(Bug::ConfirmAtFirstUse);
        let confirms = same && settled && !row.confirmed;
        if confirms {
            self.commit(config, session, Row { confirmed: true, ..row.clone() })?;
            self.ghost.sessions.get_mut(usize::from(session))?.rides = 0;
        }
        Some(Outcome::Confirmed(confirms))
    }

    /// The server answers; nobody may be there to hear it.
    pub(super) fn answer(&mut self, config: &Config, place: u8, answer: Answer) -> Outcome {
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
        Decision::Recover if config.has(Bug::SameInRule5) => Decision::Repeat,
        decision => decision,
    }
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
