//! A thousand renewals of one session at once, on two nodes: one rotation, one successor, no error.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use lanyard_auth::service::Issued;

use super::nodes::{Nodes, renew, token};
use crate::database::Database;
use crate::report::now;

/// What one burst showed.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    /// Until the last of them had its answer.
    pub took: Duration,
}

/// Lets the session settle and then renews it so many times at once. Fails unless everybody gets the same
/// successor, by one rotation.
///
/// If it is gated, nobody writes before all have read.
///
/// # Errors
/// What did not hold.
pub async fn burst<D: Database>(
    nodes: &Nodes<D>,
    session: &Issued,
    parallel: usize,
    gated: bool,
) -> Result<Burst> {
    nodes.settle().await;
    let parent = token(session)?;
    let before = nodes.row(session.sid).await?.generation;
    if gated {
        nodes.gate.close(parallel);
    }
    let started = now();
    let tasks: Vec<_> = nodes
        .services
        .iter()
        .cycle()
        .take(parallel)
        .map(|service| {
            let (service, parent) = (Arc::clone(service), parent.clone());
            tokio::spawn(async move { renew(&service, &parent).await })
        })
        .collect();
    let (mut successors, mut without, mut errors) = (HashSet::new(), 0, Vec::new());
    for task in tasks {
        match task.await? {
            Ok(Issued { refresh_token: Some(successor), .. }) => {
                successors.insert(successor.text.reveal().to_owned());
            }
            Ok(_) => without += 1,
            Err(error) => errors.push(error.to_string()),
        }
    }
    let took = now().duration_since(started);
    let rotations = nodes.row(session.sid).await?.generation - before;
    ensure!(
        errors.is_empty(),
        "{} of {parallel} got an error: {}",
        errors.len(),
        errors.first().map_or("", String::as_str)
    );
    ensure!(successors.len() == 1, "{} different successors", successors.len());
    ensure!(without == 0, "{without} of {parallel} got no successor");
    ensure!(rotations == 1, "{rotations} rotations");
    Ok(Burst { took })
}
