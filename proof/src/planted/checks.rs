//! The checks that find a store's bugs. Each fails with an error, so that a planted bug can be seen to fail it.

use std::time::Duration;

use anyhow::{Result, ensure};
use lanyard_auth::hint::Hint;
use lanyard_auth::service::Issued;

use super::gate::Gate;
use crate::database::Database;
use crate::races::burst::burst;
use crate::races::endings::{Ending, race};
use crate::races::nodes::{LIMITS, Nodes, renew, token};

/// Renewals at once, all of which have read the row before one writes it.
pub const BURST: usize = 64;

const MILLISECOND: Duration = Duration::from_millis(1);

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
    /// No renewal survives a sign-out.
    SignOut,
    /// Nor signing out everywhere.
    KickOut,
    /// Nor a password change.
    PasswordChange,
    /// Nor the finding of a theft.
    Theft,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Burst,
        Self::Committed,
        Self::Elsewhere,
        Self::Retry,
        Self::Confirmation,
        Self::SignOut,
        Self::KickOut,
        Self::PasswordChange,
        Self::Theft,
    ];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Burst => "the burst",
            Self::Committed => "the answer known elsewhere",
            Self::Elsewhere => "the retry elsewhere",
            Self::Retry => "the window's last millisecond",
            Self::Confirmation => "who confirms what",
            Self::SignOut => "the race with a sign-out",
            Self::KickOut => "the race with signing out everywhere",
            Self::PasswordChange => "the race with a password change",
            Self::Theft => "the race with a theft's finding",
        }
    }

    /// Runs it once, small.
    ///
    /// # Errors
    /// What did not hold.
    pub async fn run<D: Database>(self, nodes: &Nodes<D>, gate: &Gate) -> Result<()> {
        let against = async |ending, races| race(nodes, ending, races).await.map(drop);
        match self {
            Self::Burst => burst(nodes, &signed_in(nodes).await?, BURST, Some(gate)).await.map(drop),
            Self::Committed => committed(nodes).await,
            Self::Elsewhere => elsewhere(nodes).await,
            Self::Retry => retry(nodes).await,
            Self::Confirmation => confirmation(nodes).await,
            Self::SignOut => against(Ending::SignOut, 60).await,
            Self::KickOut => against(Ending::KickOut, 20).await,
            Self::PasswordChange => against(Ending::PasswordChange, 20).await,
            Self::Theft => against(Ending::Theft, 20).await,
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
        here.authenticate(badge.access_token.reveal(), Some(&hint))?;
        here.flush().await;
        ensure!(nodes.row(sid).await?.confirmed == confirms, "confirmed: {}", !confirms);
    }
    Ok(())
}
