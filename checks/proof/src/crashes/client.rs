//! An honest client, with a cookie jar or without one, and the thief who has an old token of its. For `campaign`;
//! what it does to several sessions at once is in `sweep`.
//!
//! It does one thing at a time, and whatever has no answer it does again. Renewals alone go out twice now and then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::store::EndReason;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::held::Held;
use super::ledger::Fate;
use super::plan::{Dice, Mood};
use super::sweep::{Sweep, Sweeping};
use super::wire::{Answer, Visit};
use super::world::{Door, News, SETTLE, World};
use crate::report::now;

/// So many ended sessions are looked at again after each restart.
const REMEMBERED: usize = 2;

/// A client.
pub struct Client {
    world: Arc<World>,
    dice: Dice,
    number: usize,
    /// Whether it has a cookie jar.
    pub(super) jar: bool,
    /// The password that it has, and the one that it changes it into.
    pub(super) passwords: [&'static str; 2],
    pub(super) state: State,
    renew_at: Instant,
    /// Up to which epoch it was let in.
    let_in: u64,
    /// The epoch of its last renewal.
    renewed: u64,
    /// Its last sessions that were ended, and the epoch in which it last saw that.
    gone: Vec<(Held, EndReason, u64)>,
}

/// What a client holds, and what it is about.
pub(super) enum State {
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
    /// It signs in on a second device, too, before it ends several sessions at once.
    Joining(Held, Sweep),
    /// It has two sessions, and does that.
    Sweeping(Sweeping),
    /// Somebody else uses an old token of its session.
    Robbed(Held, RefreshToken),
    /// Its session was ended: now to see that every token of it is refused, and why.
    Ended(Held, EndReason),
}

impl Client {
    /// Every other one has a cookie jar.
    pub fn new(world: Arc<World>, dice: Dice, number: usize) -> Self {
        Self {
            world,
            dice,
            number,
            jar: number.is_multiple_of(2),
            passwords: ["correct horse battery", "nine staples in a row"],
            state: State::New,
            renew_at: now(),
            let_in: 0,
            renewed: 0,
            gone: Vec::new(),
        }
    }

    /// Goes on until the door is shut for good; then returns itself.
    pub async fn live(mut self) -> Self {
        let world = Arc::clone(&self.world);
        loop {
            sleep(self.dice.millis(120)).await;
            let door = world.door.read().await;
            let Door::Open { address, epoch, mood } = *door else { return self };
            if let Err(error) = self.step(Visit { world: &world, address, epoch, mood }).await {
                let error = error.context(format!("client {}", self.number));
                // Nobody listens any more once the first one was heard.
                let _ = world.news.send(News::Wrong(error));
                return self;
            }
        }
    }

    async fn step(&mut self, visit: Visit<'_>) -> anyhow::Result<()> {
        for (held, reason, seen) in &mut self.gone {
            if *seen < visit.epoch && refused(visit, held, *reason).await? {
                *seen = visit.epoch;
            }
        }
        // Taken out, and put back by whoever leaves it as it is.
        match std::mem::replace(&mut self.state, State::SignedOut) {
            State::New => self.register(visit).await,
            State::SignedOut => self.sign_in(visit, None).await,
            State::SigningInAgain(held) => self.sign_in(visit, Some(held)).await,
            State::SignedIn(held) => self.go_on(visit, held).await,
            State::SigningOut(held) => self.sign_out(visit, held).await,
            State::Joining(held, sweep) => self.join(visit, held, sweep).await,
            State::Sweeping(sweeping) => self.sweep(visit, sweeping).await,
            State::Robbed(held, stolen) => self.steal(visit, held, stolen).await,
            State::Ended(held, reason) => {
                if refused(visit, &held, reason).await? {
                    self.remember(held, reason, visit.epoch);
                } else {
                    self.state = State::Ended(held, reason);
                }
                Ok(())
            }
        }
    }

    async fn register(&mut self, visit: Visit<'_>) -> anyhow::Result<()> {
        let answer = visit.register(&self.account()).await;
        if let Some((status, ..)) = answer.outcome()
            && !matches!(status, 200 | 409 | 503)
        {
            bail!("registering: {:?}", answer.outcome());
        }
        self.arrive(visit, answer)
    }

    /// With a session that it has already, the new one takes that one's place.
    async fn sign_in(&mut self, visit: Visit<'_>, over: Option<Held>) -> anyhow::Result<()> {
        if let Some(held) = &over {
            visit.world.ledger().fate(held.sid, Fate::Asked(EndReason::Replaced));
        }
        let answer = visit.sign_in(&self.account(), over.as_ref()).await;
        match answer.outcome() {
            Some((200, ..)) => {
                if let Some(held) = over {
                    visit.world.ledger().fate(held.sid, Fate::Ended(EndReason::Replaced));
                }
                visit.world.tally.sign_ins.add();
                self.arrive(visit, answer)
            }
            // Its registration was lost, and never happened.
            Some((401, "invalid_credentials", _)) if over.is_none() => {
                self.state = State::New;
                Ok(())
            }
            // So may a client be told whose network has signed in too often.
            Some((429 | 503, ..)) | None => {
                // A jar that has a new cookie shows that one from now on.
                if answer.cookies.is_some() {
                    return self.arrive(visit, answer);
                }
                self.state = over.map_or(State::SignedOut, State::SigningInAgain);
                Ok(())
            }
            Some(other) => bail!("signing in: {other:?}"),
        }
    }

    /// Takes up a new session, as far as the answer came.
    fn arrive(&mut self, visit: Visit<'_>, answer: Answer) -> anyhow::Result<()> {
        self.state = State::SignedOut;
        if let Some((held, token)) = Held::out_of(answer, self.jar)? {
            visit.world.ledger().handed(token)?;
            self.state = State::SignedIn(held);
        }
        Ok(())
    }

    async fn go_on(&mut self, visit: Visit<'_>, mut held: Held) -> anyhow::Result<()> {
        // As a page that is loaded again, or a machine that woke up.
        let due = self.renewed < visit.epoch || now() >= self.renew_at;
        match held.access.clone() {
            Some(access) if !due => self.use_access(visit, &mut held, &access).await?,
            _ => {
                if let Some(reason) = self.renew(visit, &mut held).await? {
                    // The ledger judges whether that was within the rule's limits.
                    ensure!(reason == EndReason::Unconfirmed, "renewing: ended as {}", reason.name());
                    self.state = ended(visit, held, reason);
                    return Ok(());
                }
            }
        }
        self.state = if self.let_in < visit.epoch { State::SignedIn(held) } else { self.next(visit, held) };
        Ok(())
    }

    /// What it does next.
    fn next(&self, visit: Visit<'_>, held: Held) -> State {
        let mut dice = self.dice.below(10_000);
        for mood in Mood::RARE {
            let (often, seldom) = mood.chances();
            let chance = if visit.mood == mood { often } else { seldom };
            if dice >= chance {
                dice -= chance;
                continue;
            }
            return match mood {
                Mood::SignIn => State::SigningInAgain(held),
                Mood::SignOut => State::SigningOut(held),
                Mood::Sweep(sweep) => State::Joining(held, sweep),
                Mood::Steal => match self.dice.pick(visit.world.ledger().old_tokens(held.sid)) {
                    Some(stolen) => State::Robbed(held, stolen.clone()),
                    None => State::SignedIn(held),
                },
                Mood::Renew => State::SignedIn(held),
            };
        }
        State::SignedIn(held)
    }

    /// Renews, now and then in two tabs at once; why the session is over, if an answer says so.
    pub(super) async fn renew(
        &mut self,
        visit: Visit<'_>,
        held: &mut Held,
    ) -> anyhow::Result<Option<EndReason>> {
        let answers = if self.dice.below(4) == 0 {
            Vec::from(visit.renew_twice(held).await)
        } else {
            vec![visit.renew(held).await]
        };
        let answered = |answer: &Answer| matches!(answer.outcome(), Some((200 | 401, ..)));
        if answers.len() > 1 && !answers.iter().all(answered) {
            visit.world.tally.pairs.add();
        }
        let mut over = None;
        for answer in answers {
            match answer.outcome() {
                Some((200, ..)) => {
                    visit.world.tally.renewals.add();
                    self.renewed = visit.epoch;
                    self.renew_at = now() + SETTLE / 2 + self.dice.millis(1500);
                }
                Some((401, "session_revoked", reason)) => over = EndReason::from_name(reason),
                Some((503, ..)) | None => {}
                Some(other) => bail!("renewing: {other:?}, session {}", held.sid),
            }
            if let Some(token) = held.take(answer)? {
                visit.world.ledger().handed(token)?;
            }
        }
        Ok(over)
    }

    async fn use_access(&mut self, visit: Visit<'_>, held: &mut Held, access: &str) -> anyhow::Result<()> {
        match visit.call(held, access).await.outcome() {
            Some((200, ..)) => {
                if self.let_in < visit.epoch {
                    self.let_in = visit.epoch;
                    let news = News::LetIn { client: self.number, epoch: visit.epoch };
                    let _ = visit.world.news.send(news);
                }
            }
            Some((401, "token_expired", _)) => held.access = None,
            Some((503, ..)) | None => {}
            Some(other) => bail!("using an access token: {other:?}"),
        }
        Ok(())
    }

    async fn sign_out(&mut self, visit: Visit<'_>, held: Held) -> anyhow::Result<()> {
        visit.world.ledger().fate(held.sid, Fate::Asked(EndReason::SignedOut));
        self.state = match visit.sign_out(&held).await.outcome() {
            Some((204, ..)) => {
                visit.world.tally.sign_outs.add();
                ended(visit, held, EndReason::SignedOut)
            }
            Some((503, ..)) | None => State::SigningOut(held),
            Some(other) => bail!("signing out: {other:?}"),
        };
        Ok(())
    }

    /// Uses an old token, as a thief would.
    async fn steal(&mut self, visit: Visit<'_>, held: Held, stolen: RefreshToken) -> anyhow::Result<()> {
        let theft = EndReason::TokenReused;
        visit.world.ledger().fate(held.sid, Fate::Asked(theft));
        self.state = match visit.renew(&held.robbed_of(&stolen)).await.outcome() {
            // The second, when the first one's answer was lost.
            Some((401, "token_reused", _) | (401, "session_revoked", "token_reused")) => {
                visit.world.tally.thefts.add();
                ended(visit, held, theft)
            }
            Some((503, ..)) | None => State::Robbed(held, stolen),
            Some(other) => bail!("an old token, generation {}: {other:?}", stolen.generation),
        };
        Ok(())
    }

    /// Keeps an ended session, to see after the next restart that it still is.
    pub(super) fn remember(&mut self, held: Held, reason: EndReason, seen: u64) {
        if self.gone.len() >= REMEMBERED {
            self.gone.remove(0);
        }
        self.gone.push((held, reason, seen));
    }

    /// At the very end, with nothing killed any more: rotates three times, and asks for the same again; then an old
    /// token ends it all.
    pub async fn take_leave(mut self, address: SocketAddr) -> anyhow::Result<()> {
        let world = Arc::clone(&self.world);
        let visit = Visit { world: &world, address, epoch: u64::MAX, mood: Mood::Renew };
        while !matches!(self.state, State::SignedIn(_)) {
            self.step(visit).await?;
        }
        let State::SignedIn(mut held) = std::mem::replace(&mut self.state, State::SignedOut) else {
            bail!("signed out");
        };
        for _ in 0..3 {
            sleep(SETTLE).await;
            let before = held.clone();
            self.renew(visit, &mut held).await?;
            ensure!(held.is_newer_than(&before), "no successor after the settling time");
            let again = visit.renew(&before).await;
            let status = again.outcome().map(|(status, ..)| status);
            ensure!(status == Some(200), "a retry inside the window: {status:?}");
            // Judged by the ledger: it has to be the same.
            let token = held.take(again)?.context("a retry that hands out nothing")?;
            world.ledger().handed(token)?;
        }
        let stolen = world.ledger().old_tokens(held.sid).first().cloned().context("no old token")?;
        self.steal(visit, held, stolen).await?;
        let ended = matches!(self.state, State::Ended(..));
        ensure!(ended, "an old token's use had no answer");
        self.step(visit).await
    }

    /// What registering and signing in take; the latter overlooks the name.
    pub(super) fn account(&self) -> Value {
        let email = format!("client-{}@people.example", self.number);
        let ([password, _], delivery) = (self.passwords, if self.jar { "cookie" } else { "body" });
        json!({"name": "Ada", "email": email, "password": password, "token_delivery": delivery})
    }
}

/// A session's end was answered.
pub(super) fn ended(visit: Visit<'_>, held: Held, reason: EndReason) -> State {
    visit.world.ledger().fate(held.sid, Fate::Ended(reason));
    State::Ended(held, reason)
}

/// Sees that an ended session's tokens are refused, and why; whether there was an answer.
async fn refused(visit: Visit<'_>, held: &Held, reason: EndReason) -> anyhow::Result<bool> {
    // The access token first: a renewal looks at the row, and learns of the end from it.
    let call = match &held.access {
        Some(access) => Some(visit.call(held, access).await),
        None => None,
    };
    let renewal = visit.renew(held).await;
    for outcome in call.iter().chain([&renewal]).filter_map(Answer::outcome) {
        match outcome {
            (401, "session_revoked", told) if told == reason.name() => {}
            (401, "token_expired", _) | (503, ..) => {}
            other => bail!("after the end ({}): {other:?}", reason.name()),
        }
    }
    Ok(renewal.outcome().is_some_and(|(status, ..)| status == 401))
}
