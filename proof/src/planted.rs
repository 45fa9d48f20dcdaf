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
        let failing = failing::<D>(Some(bug), &checks).await?;
        match told_apart(bug, &failing) {
            Err(why) => report.refuted(claim, why.to_string()),
            Ok(()) => report.shown(claim, format!("seen by {}", names(&failing))),
        }
    }
    Ok(())
}

/// A check that failed, and why.
struct Failure {
    check: Check,
    why: String,
}

/// Whether the check that is made for the bug failed, and for the reason that the bug gives it: anything else, such
/// as a database that was too busy, shows nothing.
fn told_apart(bug: Bug, failing: &[Failure]) -> Result<()> {
    let own = failing.iter().find(|failure| failure.check == bug.seen_by());
    let why = &own.context("its own check did not see it")?.why;
    ensure!(why.contains(bug.shows_as()), "its check failed for another reason: {why}");
    Ok(())
}

/// The checks that fail, each on fresh nodes. On the real store that is an error.
async fn failing<D: Database>(bug: Option<Bug>, checks: &[Check]) -> Result<Vec<Failure>> {
    let mut failing = Vec::new();
    for check in checks {
        let gate = Gate::new(checks::BURST);
        let nodes = nodes::<D>(bug, &gate).await.context("starting")?;
        if let Err(why) = check.run(&nodes, &gate).await {
            ensure!(bug.is_some(), "{} fails on the real store: {why:#}", check.name());
            failing.push(Failure { check: *check, why: format!("{why:#}") });
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

fn names(failing: &[Failure]) -> String {
    failing.iter().map(|failure| failure.check.name()).collect::<Vec<_>>().join(", ")
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
            told_apart(bug, &seen).unwrap_or_else(|why| panic!("{}: {why}", bug.name()));
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
