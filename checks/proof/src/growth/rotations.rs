//! One session, rotated ten thousand times: the database does not grow.

use anyhow::{Context as _, Result, ensure};
use lanyard_auth::hint::Hint;

use crate::database::Database;
use crate::races::nodes::{Nodes, renew, token};

/// So many rotations, and the database has its size.
const FIRST: u32 = 10;

/// What became of the database.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes after the first ten rotations.
    pub first: u64,
    /// Bytes after all of them.
    pub last: u64,
}

/// Signs in once and rotates so often, each generation confirmed by use. Fails if the database has grown.
///
/// # Errors
/// What did not hold.
pub async fn rotate<D: Database>(rotations: u32, mut tell: impl FnMut(u32)) -> Result<Sizes> {
    let nodes = Nodes::<D>::start().await?;
    let [here, _] = &nodes.services;
    let mut session = nodes.sign_in(&nodes.user().await?).await?;
    let mut first = None;
    for rotation in 1..=rotations {
        nodes.settle().await;
        // The hint of the jar that holds what was handed out last.
        let hint = Hint::new(session.sid, token(&session)?.generation);
        let claims = here.authenticate(session.access_token.reveal(), Some(&hint)).await?;
        ensure!(claims.generation == rotation - 1, "generation {}", claims.generation);
        here.flush().await;
        ensure!(nodes.row(session.sid).await?.confirmed, "generation {} is not confirmed", claims.generation);
        session = renew(here, &token(&session)?).await?;
        ensure!(token(&session)?.generation == rotation, "it was not rotated");
        if rotation == FIRST {
            first = Some(nodes.db.size().await?);
        }
        if rotation % 1_000 == 0 {
            tell(rotation);
        }
    }
    ensure!(nodes.row(session.sid).await?.generation == rotations, "some rotations are missing");
    let first = first.context("too few rotations")?;
    let last = nodes.db.size().await?;
    ensure!(last <= first, "{first} bytes after {FIRST} rotations, {last} after {rotations}");
    Ok(Sizes { first, last })
}
