//! Requests to `/auth/*`: each goes to the real service at the model's first step of it, and waits at the gate
//! wherever the model lets others act in between. Part of `replay`.

use std::sync::Arc;

use anyhow::Context as _;
use lanyard_auth::device::Device;
use lanyard_auth::service::{Delivery, Issued, RefreshError};
use lanyard_auth::store::{SessionId, User};
use lanyard_testbed::Harness;
use tokio::task::JoinHandle;

use super::agree::{self, Now, Told};
use super::differs::differs;
use super::gate::{Call, Pass, Waiting};
use super::node::Progress;
use super::replay::Replay;
use crate::model::action::{Commit, Outcome};
use crate::model::search::Step;
use crate::model::world::{Access, Answer, Client, Errand, Flight, Stage, Token, World};

/// What comes of a renewal.
type Renewed = Result<Issued, RefreshError>;

/// A renewal that waits at a server's gate.
pub struct Request {
    renewal: JoinHandle<Renewed>,
    waiting: Waiting,
}

impl Request {
    /// Its server dies.
    pub async fn die(self) {
        self.renewal.abort();
        // Once it is gone, nothing of the old server is left.
        let _ = self.renewal.await;
    }
}

/// A request at its server, at one step.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    before: &'a World,
    step: &'a Step,
    place: u8,
    flight: Flight,
    server: u8,
    token: Token,
}

impl<'a> Visit<'a> {
    /// The request with this place, at the server that it reaches.
    pub fn new(before: &'a World, step: &'a Step, place: u8, server: u8) -> anyhow::Result<Self> {
        let flight = before.flights.get(usize::from(place)).copied().flatten().context("a request")?;
        let token = flight.token.context("a token that comes along")?;
        Ok(Self { before, step, place, flight, server, token })
    }

    /// The request with this place, at the server that works on it.
    pub fn of_writer(before: &'a World, step: &'a Step, place: u8) -> anyhow::Result<Self> {
        let flight = before.flights.get(usize::from(place)).copied().flatten();
        let server = flight.and_then(|flight| flight.server()).context("a write that was decided")?;
        Self::new(before, step, place, server)
    }

    /// The thief's requests arrive as they are sent, from the first free place.
    pub fn of_thief(before: &'a World, step: &'a Step, token: Token, server: u8) -> anyhow::Result<Self> {
        let place = before.flights.iter().position(Option::is_none).context("a free place")?;
        let place = u8::try_from(place)?;
        let errand = Errand::Refresh { expected: None };
        let (shown, stage) = (Some(token), Stage::Sent);
        let flight = Flight { from: Client::Thief, errand, token: shown, orphan: false, age: 0, stage };
        Ok(Self { before, step, place, flight, server, token })
    }
}

impl<D: Harness> Replay<'_, D> {
    /// A request reaches a server, and goes on until it is to write or is answered.
    pub(super) async fn read(&mut self, visit: Visit<'_>) -> anyhow::Result<()> {
        match visit.flight.errand {
            Errand::Refresh { expected } => {
                let raced = self.place(visit.place)?.take();
                let (renewal, progress) = match raced {
                    Some(Request { renewal, waiting }) => (renewal, Progress::AtGate(waiting)),
                    None => self.arrive(visit, expected).await?,
                };
                match progress {
                    Progress::AtGate(waiting) => self.judge(visit, Request { renewal, waiting }).await,
                    // Judged by the token alone.
                    Progress::Done(renewed) => self.answered(visit, renewed.into()),
                }
            }
            Errand::SignOut => self.sign_out(visit).await,
            Errand::SignIn => {
                let Outcome::Answered(Answer::Granted { access, .. }) = visit.step.outcome else {
                    return differs("a sign-in", visit.step.outcome, "it always succeeds");
                };
                let displaced = self.genuine(visit)?;
                let [_, user] = self.users.clone();
                self.sign_in(visit.server, user, access, Delivery::Cookie, &displaced).await
            }
        }
    }

    /// A renewal reaches a server for the first time, and its gate if it gets that far.
    async fn arrive(
        &mut self,
        visit: Visit<'_>,
        expected: Option<u8>,
    ) -> anyhow::Result<(JoinHandle<Renewed>, Progress<Renewed>)> {
        let shown = self.known.token(visit.token, &self.site.keys)?;
        let expected = expected.map(|session| self.known.sid(session)).transpose()?;
        let delivery = self.delivery(visit.flight.from);
        if self.doubled.contains(&visit.place.into()) {
            self.tally.saw("a doubled request");
        }
        let node = self.node(visit.server)?;
        let service = Arc::clone(&node.service);
        let mut renewal = tokio::spawn(async move { service.refresh(&shown, expected, delivery).await });
        let progress = node.next(&mut renewal).await?;
        Ok((renewal, progress))
    }

    /// A renewal looks at the row, and what it does then must be what the model decided.
    async fn judge(&mut self, visit: Visit<'_>, request: Request) -> anyhow::Result<()> {
        let Request { mut renewal, waiting } = request;
        if !matches!(waiting.call, Call::Read) {
            return differs("the first thing that a server does", "it reads", waiting.call);
        }
        waiting.go(Pass::Through);
        let waiting = match self.node(visit.server)?.next(&mut renewal).await? {
            Progress::Done(renewed) => return self.answered(visit, renewed.into()),
            Progress::AtGate(waiting) => waiting,
        };
        let after = visit.step.after.flights.get(usize::from(visit.place)).copied().flatten();
        let Some(Flight { stage: Stage::Decided(pending), .. }) = after else {
            return differs("what is done", visit.step.outcome, waiting.call);
        };
        let row = visit.before.row(visit.token.session).context("a row")?;
        agree::decision(pending, row, &waiting.call)?;
        self.tally.saw(agree::verdict(row, visit.token, Some(pending.decision), None));
        *self.place(visit.place)? = Some(Request { renewal, waiting });
        Ok(())
    }

    /// A renewal's write passes the gate, or is cut off there.
    pub(super) async fn write(&mut self, visit: Visit<'_>, commit: Commit) -> anyhow::Result<()> {
        let waits = self.place(visit.place)?.take();
        let Request { mut renewal, waiting } = waits.context("a request at the gate")?;
        let session = visit.token.session;
        if visit.before.row(session) != visit.step.after.row(session) {
            self.written(visit.step, session, &waiting.call)?;
        }
        let (pass, what) = match commit {
            Commit::Known => (Pass::Through, None),
            Commit::UnknownDone => (Pass::CutAfter, Some("a commit that nobody was told of")),
            Commit::UnknownUndone => (Pass::CutBefore, Some("a write that was cut off")),
        };
        waiting.go(pass);
        what.into_iter().for_each(|what| self.tally.saw(what));
        match self.node(visit.server)?.next(&mut renewal).await? {
            Progress::Done(renewed) => self.answered(visit, renewed.into()),
            Progress::AtGate(waiting) if visit.step.outcome == Outcome::Raced => {
                self.tally.saw("raced");
                *self.place(visit.place)? = Some(Request { renewal, waiting });
                Ok(())
            }
            Progress::AtGate(waiting) => differs("after the write", visit.step.outcome, waiting.call),
        }
    }

    /// A renewal's write is about to be done: a new secret, and an event unless it is everyday business.
    fn written(&mut self, step: &Step, session: u8, call: &Call) -> anyhow::Result<()> {
        let sid = self.known.sid(session)?;
        match call {
            Call::Rotate(rotation) => {
                let row = step.after.row(session).context("a row")?;
                self.known.learn_secret(session, row.current, rotation.next)?;
                self.events.extend((row.recoveries > 0).then_some((sid, "recovered")));
            }
            Call::End(_, reason) => self.events.push((sid, reason.name())),
            Call::Read | Call::Confirm(..) => {}
        }
        Ok(())
    }

    /// An answer must be the model's, and what it hands out as well.
    fn answered(&mut self, visit: Visit<'_>, told: Told) -> anyhow::Result<()> {
        let Outcome::Answered(answer) = visit.step.outcome else {
            return differs("the answer", visit.step.outcome, told);
        };
        agree::answer(answer, &told)?;
        // What was decided before a write was counted then.
        let decided_now = matches!(visit.flight.stage, Stage::Sent | Stage::Raced { .. });
        if let Some(row) = visit.before.row(visit.token.session).filter(|_| decided_now) {
            self.tally.saw(agree::verdict(row, visit.token, None, Some(answer)));
        }
        match (answer, told) {
            (Answer::Granted { access, successor }, Told::Issued(issued)) => {
                // The model's thief always has a jar.
                let jar = access.jar && self.delivery(visit.flight.from) == Delivery::Cookie;
                self.handed_out(visit.server, Access { jar, ..access }, successor, *issued)
            }
            // It has done it, or seen it in the row.
            (Answer::Ended(_) | Answer::Reused | Answer::SignedOut, _) => {
                let sid = self.known.sid(visit.token.session)?;
                self.learns_end(visit.server, sid);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How a client shows its refresh token, and gets the next.
    fn delivery(&self, client: Client) -> Delivery {
        match client {
            Client::Tab(_) => Delivery::Cookie,
            Client::Native => Delivery::Body,
            Client::Thief => self.thief,
        }
    }

    /// Tokens were handed out.
    fn handed_out(
        &mut self,
        server: u8,
        access: Access,
        successor: Option<Token>,
        issued: Issued,
    ) -> anyhow::Result<()> {
        let database = self.site.database.now();
        let service = &self.node(server)?.service;
        let now = Now { database, server: service.now() };
        // Signed by a clock that is ahead, just before its session's end, it is born expired by that clock.
        let earliest = now.server.min(now.database);
        let claims = service.access().verify(issued.access_token.reveal(), earliest)?;
        agree::access(access, &claims, &self.known, now)?;
        match (successor, &issued.refresh_token) {
            (Some(token), Some(real)) => self.known.learn_token(token, real)?,
            (None, None) => {}
            (model, real) => return differs("the refresh token", model, real),
        }
        self.known.learn_badge(access, issued.access_token);
        Ok(())
    }

    /// Somebody signs in; the password is not the rotation's affair.
    pub(super) async fn sign_in(
        &mut self,
        server: u8,
        user: User,
        access: Access,
        delivery: Delivery,
        displaced: &[SessionId],
    ) -> anyhow::Result<()> {
        let started = self.node(server)?.service.start_session(user, delivery, displaced).await?;
        let issued = started.context("the user was not changed")?;
        displaced.iter().for_each(|sid| self.learns_end(server, *sid));
        self.known.begin_session(access.session, &issued)?;
        self.handed_out(server, access, Some(Token::first(access.session)), issued)
    }

    async fn sign_out(&mut self, visit: Visit<'_>) -> anyhow::Result<()> {
        let sids = self.genuine(visit)?;
        self.node(visit.server)?.service.sign_out(&sids, &Device::default()).await?;
        self.answered(visit, Told::SignedOut)
    }

    /// The session that a token speaks for, if it is genuine.
    fn genuine(&mut self, visit: Visit<'_>) -> anyhow::Result<Vec<SessionId>> {
        let shown = self.known.token(visit.token, &self.site.keys)?;
        let genuine = self.node(visit.server)?.service.is_genuine(&shown)?;
        Ok(genuine.then_some(shown.sid).into_iter().collect())
    }

    fn place(&mut self, place: u8) -> anyhow::Result<&mut Option<Request>> {
        self.requests.get_mut(usize::from(place)).context("a place among the requests")
    }
}
