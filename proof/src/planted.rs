//! Bugs of a store that could be made, and the checks that find each of them, on both databases.
//!
//! A check that can't fail shows nothing. So each bug is planted between the real store and the real service,
//! and the chapter on races says which checks saw it; the real store passes them all.

pub mod checks;
pub mod gate;
pub mod store;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use crate::Scale;
use crate::database::Database;
use crate::races::nodes::Nodes;
use crate::report::Chapter;

use checks::Check;
use gate::Gate;
use store::{Bug, Planted};

/// Runs the checks on the real store and on every bug: at full scale all of them, else on each bug the one that
/// is made for it. A bug that no check sees is refuted.
///
/// # Errors
/// What kept it from being shown at all; a check that fails on the real store.
pub async fn show<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> Result<()> {
    failing::<D>(None, &Check::ALL).await?;
    for bug in Bug::ALL {
        let claim = format!("{}, planted: {}", D::NAME, bug.name());
        let checks = scale.pick(vec![bug.seen_by()], Check::ALL.to_vec());
        match failing::<D>(Some(bug), &checks).await?.as_slice() {
            [] => report.refuted(claim, "no check saw it"),
            seen_by => report.shown(claim, format!("seen by {}", names(seen_by))),
        }
    }
    Ok(())
}

/// The checks that fail, each on fresh nodes. On the real store that is an error.
async fn failing<D: Database>(bug: Option<Bug>, checks: &[Check]) -> Result<Vec<Check>> {
    let mut failing = Vec::new();
    for check in checks {
        let gate = Gate::new(checks::BURST);
        let nodes = nodes::<D>(bug, &gate).await.context("starting")?;
        if let Err(why) = check.run(&nodes, &gate).await {
            ensure!(bug.is_some(), "{} fails on the real store: {why:#}", check.name());
            failing.push(*check);
        }
    }
    Ok(failing)
}

/// Two nodes whose reads pass the gate, with a bug or without.
///
/// # Errors
/// They could not be started.
pub async fn nodes<D: Database>(bug: Option<Bug>, gate: &Gate) -> Result<Nodes<D>> {
    Nodes::over(|real, db| Arc::new(Planted::new(real, Arc::clone(db), bug, gate.clone()))).await
}

fn names(checks: &[Check]) -> String {
    checks.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use lanyard_testbed::postgres::PostgresDatabase;
    use lanyard_testbed::sqlite::SqliteFile;

    use super::*;

    async fn every_bug_is_seen_by_its_check<D: Database>() {
        failing::<D>(None, &Check::ALL).await.unwrap();
        for bug in Bug::ALL {
            let seen = failing::<D>(Some(bug), &[bug.seen_by()]).await.unwrap();
            assert!(!seen.is_empty(), "{} is not seen by {}", bug.name(), bug.seen_by().name());
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_bug_is_seen_by_its_check_on_sqlite() {
        every_bug_is_seen_by_its_check::<SqliteFile>().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_bug_is_seen_by_its_check_on_postgres() {
        every_bug_is_seen_by_its_check::<PostgresDatabase>().await;
    }
}
