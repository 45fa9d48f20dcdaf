//! An honest client, with a cookie jar or without one, and the thief who has an old token of its. For `campaign`.
//!
//! It does one thing at a time, and whatever has no answer it does again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use lanyard_auth::hint::Hint;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::store::{EndReason, SessionId};
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::time::sleep;

use super::ledger::Fate;
use super::plan::{Dice, Mood};
use super::wire::{Answer, Rest, Shown, send};
use super::world::{Door, News, SETTLE, World};
use crate::report::now;

const PASSWORD: &str = "correct horse battery";

/// A client.
pub struct Client {
    world: Arc<World>,
    dice: Dice,
    number: usize,
    /// Whether it has a cookie jar.
    jar: bool,
    state: State,
    renew_at: Instant,
    /// Up to which epoch it was let in.
    let_in: u64,
    /// The epoch of its last renewal.
    renewed: u64,
    /// Its last session that was ended, and the epoch in which it last saw that.
    gone: Option<(Held, EndReason, u64)>,
}

/// What a client holds, and what it is about.
enum State {
    /// It has no account yet.
    New,
    /// It has nothing.
    SignedOut,
    /// It has a session.
    SignedIn(Held),
    /// It has a session, and signs in over it.
    SigningInAgain(Held),
    /// It signs out.
    SigningOut(Held),
    /// Somebody else uses an old token of its session.
    Robbed(Held, RefreshToken),
    /// Its session was ended: now to see that every token of it is refused, and why.
    Ended(Held, EndReason),
}

/// The tokens of a session.
#[derive(Clone)]
struct Held {
    sid: SessionId,
    refresh: String,
    hint: String,
    access: Option<String>,
}

impl Client {
    /// Every other one has a cookie jar.
    pub fn new(world: Arc<World>, dice: Dice, number: usize) -> Self {
        let jar = number.is_multiple_of(2);
        Self {
            world,
            dice,
            number,
            jar,
            state: State::New,
            renew_at: now(),
            let_in: 0,
            renewed: 0,
            gone: None,
        }
    }

    /// Goes on until the door is shut for good; then returns itself.
    pub async fn live(mut self) -> Self {
        let world = Arc::clone(&self.world);
        loop {
            sleep(self.dice.millis(120)).await;
            let door = world.door.read().await;
            let Door::Open { address, epoch, mood } = *door else { return self };
            if let Err(error) = self.step(address, epoch, mood).await {
                let error = error.context(format!("client {}", self.number));
                // Nobody listens any more once the first one was heard.
                let _ = world.news.send(News::Wrong(error));
                return self;
            }
        }
    }

    async fn step(&mut self, address: SocketAddr, epoch: u64, mood: Mood) -> anyhow::Result<()> {
        if let Some((held, reason, seen)) = self.gone.take_if(|(_, _, seen)| *seen < epoch) {
            let told = self.refused(address, &held, reason).await?;
            self.gone = Some((held, reason, if told { epoch } else { seen }));
        }
        // Taken out, and put back by whoever leaves it as it is.
        match std::mem::replace(&mut self.state, State::SignedOut) {
            State::New => self.register(address).await,
            State::SignedOut => self.sign_in(address, None).await,
            State::SigningInAgain(held) => self.sign_in(address, Some(held)).await,
            State::SignedIn(held) => self.go_on(address, held, epoch, mood).await,
            State::SigningOut(held) => self.sign_out(address, held).await,
            State::Robbed(held, stolen) => self.steal(address, held, stolen).await,
            State::Ended(held, reason) => {
                self.state = if self.refused(address, &held, reason).await? {
                    self.gone = Some((held, reason, epoch));
                    State::SignedOut
                } else {
                    State::Ended(held, reason)
                };
                Ok(())
            }
        }
    }

    async fn register(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let request = self.post(address, "/auth/register").json(&self.credentials());
        let answer = send(request, Shown::Nothing).await;
        if let Some(rest) = &answer.rest
            && !matches!(rest.status, 200 | 409 | 503)
        {
            bail!("registering: {:?}", rest.outcome());
        }
        self.arrive(answer)
    }

    /// With a session that it has already, the new one takes that one's place.
    async fn sign_in(&mut self, address: SocketAddr, over: Option<Held>) -> anyhow::Result<()> {
        let request = self.post(address, "/auth/login").json(&self.credentials());
        let shown = over.as_ref().map_or(Shown::Nothing, |held| self.shown(held));
        if let Some(held) = &over {
            self.world.ledger().fate(held.sid, Fate::Asked(EndReason::Replaced));
        }
        let answer = send(request, shown).await;
        match answer.rest.as_ref().map(|rest| (rest.status, &*rest.body.error)) {
            Some((200, _)) => {
                if let Some(held) = over {
                    self.world.ledger().fate(held.sid, Fate::Ended(EndReason::Replaced));
                }
                self.world.tally.sign_ins.add();
                self.arrive(answer)
            }
            // Its registration was lost, and never happened.
            Some((401, "invalid_credentials")) if over.is_none() => {
                self.state = State::New;
                Ok(())
            }
            Some((503, _)) | None => {
                // A jar that has a new cookie shows that one from now on.
                if answer.cookies.is_some() {
                    return self.arrive(answer);
                }
                self.state = over.map_or(State::SignedOut, State::SigningInAgain);
                Ok(())
            }
            Some(other) => bail!("signing in: {other:?}"),
        }
    }

    /// Takes up a new session, as far as the answer came.
    fn arrive(&mut self, answer: Answer) -> anyhow::Result<()> {
        self.state = State::SignedOut;
        self.count(&answer);
        let body = answer.rest.map(|rest| rest.body).unwrap_or_default();
        let tokens = if self.jar { answer.cookies } else { body.refresh_token.zip(Some(String::new())) };
        if let Some((refresh, hint)) = tokens {
            let token = RefreshToken::parse(&refresh)?;
            let sid = token.sid;
            self.world.ledger().handed(token)?;
            self.state = State::SignedIn(Held { sid, refresh, hint, access: body.access_token });
        }
        Ok(())
    }

    async fn go_on(
        &mut self,
        address: SocketAddr,
        mut held: Held,
        epoch: u64,
        mood: Mood,
    ) -> anyhow::Result<()> {
        // As a page that is loaded again, or a machine that woke up.
        let due = self.renewed < epoch || now() >= self.renew_at;
        match held.access.clone() {
            Some(access) if !due => self.use_access(address, &mut held, &access, epoch).await?,
            _ if !self.renew(address, &mut held, epoch).await? => return Ok(()),
            _ => {}
        }
        self.state = if self.let_in < epoch { State::SignedIn(held) } else { self.next(held, mood) };
        Ok(())
    }

    /// What it does next.
    fn next(&self, held: Held, mood: Mood) -> State {
        let chance = |wanted| if mood == wanted { 150 } else { 2 };
        let dice = self.dice.below(1000);
        let (again, out) = (chance(Mood::SignIn), chance(Mood::SignOut));
        if dice < again {
            return State::SigningInAgain(held);
        }
        if dice < again + out {
            return State::SigningOut(held);
        }
        if dice < again + out + chance(Mood::Steal) {
            let stolen = self.dice.pick(self.world.ledger().old_tokens(held.sid)).cloned();
            if let Some(stolen) = stolen {
                return State::Robbed(held, stolen);
            }
        }
        State::SignedIn(held)
    }

    /// Renews; whether the session goes on.
    async fn renew(&mut self, address: SocketAddr, held: &mut Held, epoch: u64) -> anyhow::Result<bool> {
        let answer = send(self.post(address, "/auth/refresh"), self.shown(held)).await;
        self.take(held, &answer)?;
        match answer.rest.map(|rest| (rest.status, rest.body)) {
            Some((200, body)) => {
                self.world.tally.renewals.add();
                held.access = Some(body.access_token.context("a renewal without an access token")?);
                self.renewed = epoch;
                self.renew_at = now() + SETTLE / 2 + self.dice.millis(1500);
            }
            Some((401, body)) if body.error == "session_revoked" && body.reason == "unconfirmed" => {
                // The ledger judges whether that was within the rule's limits.
                self.world.ledger().fate(held.sid, Fate::Ended(EndReason::Unconfirmed));
                self.state = State::Ended(held.clone(), EndReason::Unconfirmed);
                return Ok(false);
            }
            Some((503, _)) | None => {}
            Some((status, body)) => {
                bail!("renewing: {status} {} {}, session {}", body.error, body.reason, held.sid)
            }
        }
        Ok(true)
    }

    /// Puts away a refresh token, if one came: out of the head into the jar, or out of the body.
    fn take(&self, held: &mut Held, answer: &Answer) -> anyhow::Result<()> {
        self.count(answer);
        let body = answer.rest.as_ref().and_then(|rest| rest.body.refresh_token.as_ref());
        let (refresh, hint) = match (self.jar, &answer.cookies, body) {
            (true, Some((refresh, hint)), None) => (refresh, hint.as_str()),
            (false, None, Some(refresh)) => (refresh, ""),
            (_, None, None) => return Ok(()),
            _ => bail!("a refresh token in the wrong place"),
        };
        self.world.ledger().handed(RefreshToken::parse(refresh)?)?;
        (held.refresh, held.hint) = (refresh.clone(), hint.to_owned());
        Ok(())
    }

    async fn use_access(
        &mut self,
        address: SocketAddr,
        held: &mut Held,
        access: &str,
        epoch: u64,
    ) -> anyhow::Result<()> {
        let answer = self.call(address, held, access).await;
        self.count(&answer);
        match answer.rest.as_ref().map(Rest::outcome) {
            Some((200, ..)) => {
                if self.let_in < epoch {
                    self.let_in = epoch;
                    let _ = self.world.news.send(News::LetIn { client: self.number, epoch });
                }
            }
            Some((401, "token_expired", _)) => held.access = None,
            Some((503, ..)) | None => {}
            Some(other) => bail!("using an access token: {other:?}"),
        }
        Ok(())
    }

    async fn sign_out(&mut self, address: SocketAddr, held: Held) -> anyhow::Result<()> {
        self.world.ledger().fate(held.sid, Fate::Asked(EndReason::SignedOut));
        let answer = send(self.post(address, "/auth/logout"), self.shown(&held)).await;
        self.count(&answer);
        self.state = match answer.rest.as_ref().map(Rest::outcome) {
            Some((204, ..)) => {
                self.world.tally.sign_outs.add();
                self.ended(held, EndReason::SignedOut)
            }
            Some((503, ..)) | None => State::SigningOut(held),
            Some(other) => bail!("signing out: {other:?}"),
        };
        Ok(())
    }

    /// Uses an old token, as a thief would.
    async fn steal(&mut self, address: SocketAddr, held: Held, stolen: RefreshToken) -> anyhow::Result<()> {
        let theft = EndReason::TokenReused;
        self.world.ledger().fate(held.sid, Fate::Asked(theft));
        let refresh = stolen.text();
        let hint = Hint::new(stolen.sid, stolen.generation).to_string();
        let loot = Held { sid: held.sid, refresh: refresh.reveal().to_owned(), hint, access: None };
        let answer = send(self.post(address, "/auth/refresh"), self.shown(&loot)).await;
        self.count(&answer);
        self.state = match answer.rest.as_ref().map(Rest::outcome) {
            // The second, when the first one's answer was lost.
            Some((401, "token_reused", _) | (401, "session_revoked", "token_reused")) => {
                self.world.tally.thefts.add();
                self.ended(held, theft)
            }
            Some((503, ..)) | None => State::Robbed(held, stolen),
            Some(other) => bail!("an old token, generation {}: {other:?}", stolen.generation),
        };
        Ok(())
    }

    fn ended(&self, held: Held, reason: EndReason) -> State {
        self.world.ledger().fate(held.sid, Fate::Ended(reason));
        State::Ended(held, reason)
    }

    /// Sees that an ended session's tokens are refused, and why; whether there was an answer.
    async fn refused(&self, address: SocketAddr, held: &Held, reason: EndReason) -> anyhow::Result<bool> {
        // The access token first: a renewal looks at the row, and learns of the end from it.
        let call = match &held.access {
            Some(access) => self.call(address, held, access).await.rest,
            None => None,
        };
        let renewal = send(self.post(address, "/auth/refresh"), self.shown(held)).await;
        for rest in renewal.rest.iter().chain(&call) {
            match rest.outcome() {
                (401, "session_revoked", told) if told == reason.name() => {}
                (401, "token_expired", _) | (503, ..) => {}
                other => bail!("after the end ({}): {other:?}", reason.name()),
            }
        }
        Ok(renewal.rest.is_some_and(|rest| rest.status == 401))
    }

    /// At the very end, with nothing killed any more: rotates once, and asks for the same again; then an old token
    /// ends it all.
    pub async fn take_leave(mut self, address: SocketAddr) -> anyhow::Result<()> {
        while !matches!(self.state, State::SignedIn(_)) {
            self.step(address, u64::MAX, Mood::Renew).await?;
        }
        let State::SignedIn(mut held) = std::mem::replace(&mut self.state, State::SignedOut) else {
            bail!("signed out");
        };
        for _ in 0..3 {
            sleep(SETTLE).await;
            let before = held.clone();
            self.renew(address, &mut held, u64::MAX).await?;
            ensure!(held.refresh != before.refresh, "no successor after the settling time");
            // Judged by the ledger: it has to be the same.
            let again = send(self.post(address, "/auth/refresh"), self.shown(&before)).await;
            let status = again.rest.as_ref().map(|rest| rest.status);
            ensure!(status == Some(200), "a retry inside the window: {status:?}");
            self.take(&mut held, &again)?;
        }
        let stolen = self.world.ledger().old_tokens(held.sid).first().cloned().context("no old token")?;
        self.steal(address, held, stolen).await?;
        let ended = matches!(self.state, State::Ended(..));
        ensure!(ended, "an old token's use had no answer");
        self.step(address, u64::MAX, Mood::Renew).await
    }

    /// A call that is answered without a look at the database.
    async fn call(&self, address: SocketAddr, held: &Held, access: &str) -> Answer {
        let request = self.post(address, "/api/stamp").json(&json!({"message": "here"}));
        send(request, Shown::Access { token: access, hint: &held.hint }).await
    }

    fn post(&self, address: SocketAddr, path: &str) -> RequestBuilder {
        self.world.post(address, path)
    }

    fn shown<'a>(&self, held: &'a Held) -> Shown<'a> {
        if self.jar {
            Shown::Jar { refresh: &held.refresh, hint: &held.hint }
        } else {
            Shown::Bearer(&held.refresh)
        }
    }

    /// What registering and signing in take; the latter overlooks the name.
    fn credentials(&self) -> serde_json::Value {
        let email = format!("client-{}@people.example", self.number);
        let delivery = if self.jar { "cookie" } else { "body" };
        json!({"name": "Ada", "email": email, "password": PASSWORD, "token_delivery": delivery})
    }

    fn count(&self, answer: &Answer) {
        match &answer.rest {
            None => self.world.tally.lost.add(),
            Some(rest) if rest.status == 503 => self.world.tally.unavailable.add(),
            Some(_) => {}
        }
    }
}
