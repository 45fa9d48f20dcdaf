//! What ends several sessions of a client at once, and must end all of them or none. Part of `client`.

use anyhow::{bail, ensure};
use lanyard_auth::store::EndReason;

use super::client::{Client, State, ended};
use super::held::Held;
use super::ledger::Fate;
use super::wire::{Answer, Visit};

/// What ends several sessions at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Signing out everywhere.
    Everywhere,
    /// A new password: the session that asks goes on.
    NewPassword,
}

/// A client that has two sessions, and ends both of them, or the other one.
pub(super) struct Sweeping {
    sweep: Sweep,
    held: Held,
    other: Held,
    /// Whether it was asked before, and it is not known what came of that.
    asked: bool,
}

impl Client {
    /// Signs in on a second device.
    pub(super) async fn join(&mut self, visit: Visit<'_>, held: Held, sweep: Sweep) -> anyhow::Result<()> {
        let answer = visit.sign_in(&self.account(), None).await;
        if let Some(outcome) = answer.outcome()
            && !matches!(outcome.0, 200 | 429 | 503)
        {
            bail!("signing in elsewhere: {outcome:?}");
        }
        // Without an answer it thinks better of it.
        self.state = State::SignedIn(held.clone());
        if let Some((other, token)) = Held::out_of(answer, self.jar)? {
            visit.world.ledger().handed(token)?;
            self.state = State::Sweeping(Sweeping { sweep, held, other, asked: false });
        }
        Ok(())
    }

    /// Asks for it, until it is answered.
    pub(super) async fn sweep(&mut self, visit: Visit<'_>, mut at: Sweeping) -> anyhow::Result<()> {
        if let Some(access) = at.held.access.clone() {
            return match at.sweep {
                Sweep::Everywhere => self.leave_everywhere(visit, at, &access).await,
                Sweep::NewPassword => self.change_password(visit, at, &access).await,
            };
        }
        match self.renew(visit, &mut at.held).await? {
            None => self.state = State::Sweeping(at),
            Some(EndReason::Unconfirmed) => self.state = ended(visit, at.held, EndReason::Unconfirmed),
            Some(EndReason::EndedElsewhere) if at.sweep == Sweep::Everywhere && at.asked => {
                self.all_ended(visit, at);
            }
            Some(reason) => bail!("renewing before {:?}: ended as {}", at.sweep, reason.name()),
        }
        Ok(())
    }

    async fn leave_everywhere(&mut self, visit: Visit<'_>, at: Sweeping, access: &str) -> anyhow::Result<()> {
        let reason = EndReason::EndedElsewhere;
        for sid in [at.held.sid, at.other.sid] {
            visit.world.ledger().fate(sid, Fate::Asked(reason));
        }
        let answer = visit.leave_everywhere(&at.held, access).await;
        match answer.outcome() {
            Some((200, ..)) => {
                let ended = number_ended(&answer);
                ensure!(ended >= 2 || at.asked && ended == 0, "signing out everywhere: {ended} ended");
                self.all_ended(visit, at);
            }
            Some((401, "session_revoked", told)) if at.asked && told == reason.name() => {
                self.all_ended(visit, at);
            }
            outcome => self.state = at.again(outcome)?,
        }
        Ok(())
    }

    fn all_ended(&mut self, visit: Visit<'_>, at: Sweeping) {
        let reason = EndReason::EndedElsewhere;
        visit.world.tally.sweeps.add();
        visit.world.ledger().fate(at.other.sid, Fate::Ended(reason));
        self.remember(at.other, reason, 0);
        self.state = ended(visit, at.held, reason);
    }

    async fn change_password(
        &mut self,
        visit: Visit<'_>,
        mut at: Sweeping,
        access: &str,
    ) -> anyhow::Result<()> {
        let reason = EndReason::PasswordChanged;
        visit.world.ledger().fate(at.other.sid, Fate::Asked(reason));
        let [current, new] = self.passwords;
        let answer = visit.change_password(&at.held, access, current, new).await;
        match answer.outcome() {
            Some((200, ..)) => ensure!(number_ended(&answer) >= 1, "a new password ended nothing"),
            // It had been changed, though nobody was told. A server that goes on finds out a little later, and
            // refuses the other session's access token from then on.
            Some((403, "invalid_credentials", _)) if at.asked => at.other.access = None,
            outcome => {
                self.state = at.again(outcome)?;
                return Ok(());
            }
        }
        self.passwords = [new, current];
        visit.world.tally.sweeps.add();
        visit.world.ledger().fate(at.other.sid, Fate::Ended(reason));
        self.remember(at.other, reason, 0);
        self.state = State::SignedIn(at.held);
        Ok(())
    }
}

impl Sweeping {
    /// There was no answer, or none that says what came of it.
    fn again(mut self, outcome: Option<(u16, &str, &str)>) -> anyhow::Result<State> {
        match outcome {
            Some((401, "token_expired", _)) => self.held.access = None,
            Some((429, ..)) => {}
            Some((503, ..)) | None => self.asked = true,
            Some(other) => bail!("{:?}: {other:?}", self.sweep),
        }
        Ok(State::Sweeping(self))
    }
}

fn number_ended(answer: &Answer) -> usize {
    answer.body.as_ref().map_or(0, |body| body.ended)
}
