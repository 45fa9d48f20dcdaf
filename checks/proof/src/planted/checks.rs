//! The checks that find a store's bugs. Each fails with an error, so that a planted bug can be seen to fail it.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use lanyard_auth::access::AccessError;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::hint::Hint;
use lanyard_auth::service::{Issued, RefreshError};
use lanyard_auth::store::EndReason;

use crate::database::Database;
use crate::races::burst::burst;
use crate::races::endings::Ending;
use crate::races::nodes::{ACCESS, LIMITS, Nodes, renew, token};
use crate::races::race::race;
use crate::races::rivals::Rivals;

/// Renewals at once, all of which have read the row before one writes it.
const BURST: usize = 64;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Many renewals at once make one rotation and one successor.
    Burst,
    /// What a renewal has answered is known to the other node at once.
    Committed,
    /// A retry on the other node gets the same successor.
    Elsewhere,
    /// A retry gets the same successor to the last millisecond of the window, and none later.
    Retry,
    /// Only the newest generation is confirmed, and only once it has settled.
    Confirmation,
    /// No renewal survives this.
    Renewals(Ending),
    /// No sign-in that was under way survives this.
    SignIns(Ending),
    /// What expired more than a day ago is removed, nothing else, and a renewal does not wait for it.
    Removal,
    /// A node that starts again refuses what was ended before, as long as an access token may live.
    Restart,
}

impl Check {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let alone = [Self::Burst, Self::Committed, Self::Elsewhere, Self::Retry, Self::Confirmation];
        let races = Ending::ALL.map(Self::Renewals).into_iter().chain(Ending::OF_SIGN_INS.map(Self::SignIns));
        alone.into_iter().chain(races).chain([Self::Removal, Self::Restart]).collect()
    }

    /// For the report.
    pub fn name(self) -> String {
        match self {
            Self::Burst => "the burst".to_owned(),
            Self::Committed => "the answer known elsewhere".to_owned(),
            Self::Elsewhere => "the retry elsewhere".to_owned(),
            Self::Retry => "the window's last millisecond".to_owned(),
            Self::Confirmation => "who confirms what".to_owned(),
            Self::Renewals(ending) => format!("the race of renewals with {}", ending.name()),
            Self::SignIns(ending) => format!("the race of sign-ins with {}", ending.name()),
            Self::Removal => "the removal".to_owned(),
            Self::Restart => "the restart".to_owned(),
        }
    }

    /// Whether the chapter on races runs it too, at its own size.
    pub fn is_race(self) -> bool {
        matches!(self, Self::Burst | Self::Renewals(_) | Self::SignIns(_))
    }

    /// Runs it once, small.
    ///
    /// # Errors
    /// What did not hold.
    pub async fn run<D: Database>(self, nodes: &Nodes<D>) -> Result<()> {
        match self {
            Self::Burst => burst(nodes, &signed_in(nodes).await?, BURST, true).await.map(drop),
            Self::Committed => committed(nodes).await,
            Self::Elsewhere => elsewhere(nodes).await,
            Self::Retry => retry(nodes).await,
            Self::Confirmation => confirmation(nodes).await,
            // It takes a rotation between the look at the row and the end.
            Self::Renewals(Ending::SignOut) => {
                race(nodes, Rivals::Renewals, Ending::SignOut, 60).await.map(drop)
            }
            Self::Renewals(ending) => race(nodes, Rivals::Renewals, ending, 20).await.map(drop),
            Self::SignIns(ending) => race(nodes, Rivals::SignIns, ending, 20).await.map(drop),
            Self::Removal => removal(nodes).await,
            Self::Restart => restart(nodes).await,
        }
    }
}

async fn signed_in<D: Database>(nodes: &Nodes<D>) -> Result<Issued> {
    nodes.sign_in(&nodes.user().await?).await
}

/// A rotation at the first node.
async fn rotated<D: Database>(nodes: &Nodes<D>, session: &Issued) -> Result<Issued> {
    nodes.settle().await;
    let [here, _] = &nodes.services;
    Ok(renew(here, &token(session)?).await?)
}

async fn committed<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [_, elsewhere] = &nodes.services;
    let second = rotated(nodes, &signed_in(nodes).await?).await?;
    renew(elsewhere, &token(&second)?).await?;
    Ok(())
}

async fn elsewhere<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [_, elsewhere] = &nodes.services;
    let first = signed_in(nodes).await?;
    let second = rotated(nodes, &first).await?;
    same_successor(&renew(elsewhere, &token(&first)?).await?, &second)
}

async fn retry<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [here, _] = &nodes.services;
    let first = signed_in(nodes).await?;
    let second = rotated(nodes, &first).await?;
    nodes.db.pass(LIMITS.retry_window - MILLISECOND).await;
    same_successor(&renew(here, &token(&first)?).await?, &second)?;
    nodes.db.pass(MILLISECOND).await;
    let late = renew(here, &token(&first)?).await?;
    ensure!(late.refresh_token.is_none(), "a successor after the window");
    Ok(())
}

fn same_successor(retried: &Issued, first: &Issued) -> Result<()> {
    let (retried, first) = (token(retried)?.text(), token(first)?.text());
    ensure!(retried.reveal() == first.reveal(), "a retry got another successor");
    Ok(())
}

/// The first access token is of the generation before, the second one of the newest.
async fn confirmation<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [here, _] = &nodes.services;
    let second = rotated(nodes, &signed_in(nodes).await?).await?;
    let third = rotated(nodes, &second).await?;
    let (sid, newest) = (third.sid, token(&third)?.generation);
    // By a node whose clock is ahead of the database's.
    let store = nodes.store();
    ensure!(!store.confirm(sid, newest, LIMITS.settle).await?, "confirmed before it had settled");

    nodes.settle().await;
    for (badge, confirms) in [(&second, false), (&third, true)] {
        let hint = Hint::new(sid, token(badge)?.generation);
        here.authenticate(badge.access_token.reveal(), Some(&hint)).await?;
        here.flush().await;
        ensure!(nodes.row(sid).await?.confirmed == confirms, "confirmed: {}", !confirms);
    }
    Ok(())
}

/// One session expired more than a day ago, one less than that, and one was not used for six days.
async fn removal<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [here, _] = &nodes.services;
    let old = signed_in(nodes).await?;
    nodes.db.pass(DAY).await;
    let expired = signed_in(nodes).await?;
    nodes.db.pass(LIMITS.absolute - 6 * DAY).await;
    let live = signed_in(nodes).await?;
    nodes.db.pass(6 * DAY + MILLISECOND).await;

    let current = token(&live)?;
    let beside = async {
        tokio::time::sleep(100 * MILLISECOND).await;
        renew(here, &current).await
    };
    let (removed, renewed) = tokio::join!(here.remove_expired(), beside);
    let removed = removed?;
    match renewed {
        Ok(_) => {}
        Err(RefreshError::Unavailable(why)) => bail!("a renewal was held up: {why}"),
        Err(_) => bail!("a live session was removed"),
    }
    let told = renew(here, &token(&expired)?).await;
    ensure!(matches!(told, Err(RefreshError::Expired)), "who comes back a little late is told: {told:?}");
    let told = renew(here, &token(&old)?).await;
    ensure!(matches!(told, Err(RefreshError::Unknown)), "what should be removed is known: {told:?}");
    ensure!(removed == 1, "{removed} sessions were removed");
    Ok(())
}

/// One session signed out, one user kicked out, and the node starts again before their access tokens expire.
async fn restart<D: Database>(nodes: &Nodes<D>) -> Result<()> {
    let [here, _] = &nodes.services;
    let signed_out = signed_in(nodes).await?;
    here.sign_out(&[signed_out.sid], &Device::default()).await?;
    let kicked_out = signed_in(nodes).await?;
    here.end_all_sessions(kicked_out.user.id, EndReason::KickedOut, &By::default()).await?;
    nodes.db.pass(ACCESS - SECOND).await;

    let here = nodes.restarted().await?;
    for (badge, reason) in [(signed_out, EndReason::SignedOut), (kicked_out, EndReason::KickedOut)] {
        let told = here.authenticate(badge.access_token.reveal(), None).await.map(drop);
        ensure!(told.is_err(), "an access token is good again after a restart");
        ensure!(told == Err(AccessError::Revoked(reason)), "after a restart an access token gets: {told:?}");
    }
    Ok(())
}
