//! Requests to `/auth/*`: each goes to the real service at the model's first step of it, and waits at the gate
//! wherever the model lets others act in between. Part of `replay`.

use std::sync::Arc;

use anyhow::Context as _;
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

/// A renewal that waits at a server's gate.
pub struct Request {
    renewal: JoinHandle<Result<Issued, RefreshError>>,
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

impl<D: Harness> Replay<'_, D> {
    /// The thief's requests arrive as they are sent, from the first free place.
    pub(super) async fn by_thief(
        &mut self,
        before: &World,
        step: &Step,
        token: Token,
        server: u8,
    ) -> anyhow::Result<()> {
        let place = before.flights.iter().position(Option::is_none).context("a free place")?;
        let errand = Errand::Refresh { expected: None };
        let (token, stage) = (Some(token), Stage::Sent);
        let flight = Flight { from: Client::Thief, errand, token, orphan: false, age: 0, stage };
        self.read(before, step, u8::try_from(place)?, flight, server).await
    }

    /// A request reaches a server, and goes on until it is to write or is answered.
    pub(super) async fn read(
        &mut self,
        before: &World,
        step: &Step,
        place: u8,
        flight: Flight,
        server: u8,
    ) -> anyhow::Result<()> {
        let token = flight.token.context("a token that comes along")?;
        match flight.errand {
            Errand::Refresh { expected } => {
                let raced = self.place(place)?.take();
                let progress = match raced {
                    Some(Request { renewal, waiting }) => (renewal, Progress::AtGate(waiting)),
                    None => self.arrive(flight.from, token, expected, server).await?,
                };
                self.judge(before, step, place, flight, server, progress).await
            }
            Errand::SignOut => self.sign_out(step, token, server).await,
            Errand::SignIn => {
                let Outcome::Answered(Answer::Granted { access, .. }) = step.outcome else {
                    return differs("a sign-in", step.outcome, "it always succeeds");
                };
                let displaced = self.genuine(token, server)?;
                let [_, user] = self.users.clone();
                self.sign_in(server, user, access, Delivery::Cookie, &displaced).await
            }
        }
    }

    /// A renewal reaches a server for the first time, and its gate if it gets that far.
    async fn arrive(
        &mut self,
        from: Client,
        token: Token,
        expected: Option<u8>,
        server: u8,
    ) -> anyhow::Result<(JoinHandle<Result<Issued, RefreshError>>, Progress<Result<Issued, RefreshError>>)>
    {
        let shown = self.known.token(token, &self.site.keys)?;
        let expected = expected.map(|session| self.known.sid(session)).transpose()?;
        let delivery = if from == Client::Native { Delivery::Body } else { Delivery::Cookie };
        let node = self.node(server)?;
        let service = Arc::clone(&node.service);
        let mut renewal = tokio::spawn(async move { service.refresh(&shown, expected, delivery).await });
        let progress = node.next(&mut renewal).await?;
        Ok((renewal, progress))
    }

    /// A renewal looks at the row, and what it does then must be what the model decided.
    async fn judge(
        &mut self,
        before: &World,
        step: &Step,
        place: u8,
        flight: Flight,
        server: u8,
        (mut renewal, mut progress): (
            JoinHandle<Result<Issued, RefreshError>>,
            Progress<Result<Issued, RefreshError>>,
        ),
    ) -> anyhow::Result<()> {
        if let Progress::AtGate(waiting) = progress {
            if !matches!(waiting.call, Call::Read) {
                return differs("the first thing that a server does", "it reads", waiting.call);
            }
            waiting.go(Pass::Through);
            progress = self.node(server)?.next(&mut renewal).await?;
        }
        let waiting = match progress {
            Progress::Done(result) => return self.answered(before, step, flight, server, result.into()),
            Progress::AtGate(waiting) => waiting,
        };
        let after = step.after.flights.get(usize::from(place)).copied().flatten();
        let Some(Flight { stage: Stage::Decided(pending), token: Some(token), .. }) = after else {
            return differs("what is done", step.outcome, waiting.call);
        };
        let row = before.row(token.session).context("a row")?;
        agree::decision(pending, row, &waiting.call)?;
        self.tally.saw(agree::verdict(row, token, Some(pending.decision), None));
        *self.place(place)? = Some(Request { renewal, waiting });
        Ok(())
    }

    /// A renewal's write passes the gate, or is cut off there.
    pub(super) async fn write(
        &mut self,
        before: &World,
        step: &Step,
        place: u8,
        commit: Commit,
    ) -> anyhow::Result<()> {
        let flight = before.flights.get(usize::from(place)).copied().flatten().context("a request")?;
        let (server, token) = flight.server().zip(flight.token).context("a write that was decided")?;
        let Request { mut renewal, waiting } = self.place(place)?.take().context("a request at the gate")?;
        if before.row(token.session) != step.after.row(token.session) {
            self.written(step, token.session, &waiting.call)?;
        }
        waiting.go(match commit {
            Commit::Known => Pass::Through,
            Commit::UnknownDone => Pass::CutAfter,
            Commit::UnknownUndone => Pass::CutBefore,
        });
        match self.node(server)?.next(&mut renewal).await? {
            Progress::Done(result) => self.answered(before, step, flight, server, result.into()),
            Progress::AtGate(waiting) if step.outcome == Outcome::Raced => {
                self.tally.saw("raced");
                *self.place(place)? = Some(Request { renewal, waiting });
                Ok(())
            }
            Progress::AtGate(waiting) => differs("after the write", step.outcome, waiting.call),
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
    fn answered(
        &mut self,
        before: &World,
        step: &Step,
        flight: Flight,
        server: u8,
        told: Told,
    ) -> anyhow::Result<()> {
        let Outcome::Answered(answer) = step.outcome else {
            return differs("the answer", step.outcome, told);
        };
        agree::refusal(answer, &told)?;
        if flight.server().is_none_or(|_| matches!(flight.stage, Stage::Raced { .. }))
            && let Some(token) = flight.token
            && let Some(row) = before.row(token.session)
        {
            self.tally.saw(agree::verdict(row, token, None, Some(answer)));
        }
        match (answer, told) {
            (Answer::Granted { access, successor }, Told::Issued(issued)) => {
                self.handed_out(server, access, successor, *issued)
            }
            _ => Ok(()),
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
        self.known.begin_session(access.session, &issued)?;
        self.handed_out(server, access, Some(Token::first(access.session)), issued)
    }

    async fn sign_out(&mut self, step: &Step, token: Token, server: u8) -> anyhow::Result<()> {
        let sids = self.genuine(token, server)?;
        self.node(server)?.service.sign_out(&sids).await?;
        match step.outcome {
            Outcome::Answered(answer) => agree::refusal(answer, &Told::SignedOut),
            other => differs("a sign-out", other, Told::SignedOut),
        }
    }

    /// The session that a token speaks for, if it is genuine.
    fn genuine(&mut self, token: Token, server: u8) -> anyhow::Result<Vec<SessionId>> {
        let shown = self.known.token(token, &self.site.keys)?;
        let genuine = self.node(server)?.service.is_genuine(&shown)?;
        Ok(genuine.then_some(shown.sid).into_iter().collect())
    }

    fn place(&mut self, place: u8) -> anyhow::Result<&mut Option<Request>> {
        self.requests.get_mut(usize::from(place)).context("a place among the requests")
    }
}
