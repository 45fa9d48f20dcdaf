//! Bugs of a store that could be made, and the checks that find each of them, on both databases.
//!
//! A check that can't fail shows nothing. So each bug is planted between the real store and the real service,
//! and the chapter on races says which checks saw it; the real store passes them all.

pub mod bug;
pub mod checks;
pub mod gate;
pub mod store;
mod wrong;

use anyhow::{Context as _, Result, ensure};

use crate::Scale;
use crate::database::Database;
use crate::races::nodes::Nodes;
use crate::report::Chapter;

use bug::Bug;
use checks::Check;

/// Runs the checks on the real store and on every bug: at full scale all of them, else on each bug those that
/// are made for it. A bug that one of these does not see is refuted.
///
/// # Errors
/// What kept it from being shown at all; a check that fails on the real store, or that no bug is made for.
pub async fn show<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> Result<()> {
    each_has_a_bug()?;
    // At quick scale the chapter has just run the races, and more of them.
    let sound: Vec<_> =
        Check::all().into_iter().filter(|check| scale == Scale::Full || !check.is_race()).collect();
    failing::<D>(None, &sound).await?;
    for bug in Bug::ALL {
        let claim = format!("{}, planted: {}", D::NAME, bug.name());
        let checks = scale.pick(bug.seen_by().to_vec(), Check::all());
        let failing = failing::<D>(Some(bug), &checks).await?;
        report.outcome(claim, told_apart(bug, &failing).map(|()| format!("seen by {}", names(&failing))));
    }
    Ok(())
}

/// A check that failed, and why.
struct Failure {
    check: Check,
    why: String,
}

/// A check that no bug must fail might be none.
fn each_has_a_bug() -> Result<()> {
    for check in Check::all() {
        let made_for_one = Bug::ALL.iter().any(|bug| bug.seen_by().contains(&check));
        ensure!(made_for_one, "no bug shows that this can fail: {}", check.name());
    }
    Ok(())
}

/// Whether the checks that are made for the bug failed, and for the reason that the bug gives them: anything else,
/// such as a database that was too busy, shows nothing.
fn told_apart(bug: Bug, failing: &[Failure]) -> Result<()> {
    for check in bug.seen_by() {
        let own = failing.iter().find(|failure| failure.check == *check);
        let why = &own.with_context(|| format!("it was not seen by {}", check.name()))?.why;
        ensure!(why.contains(bug.shows_as()), "{} failed for another reason: {why}", check.name());
    }
    Ok(())
}

/// The checks that fail, each on fresh nodes. On the real store that is an error.
async fn failing<D: Database>(bug: Option<Bug>, checks: &[Check]) -> Result<Vec<Failure>> {
    let mut failing = Vec::new();
    for check in checks {
        let nodes = Nodes::<D>::with(bug).await.context("starting")?;
        if let Err(why) = check.run(&nodes).await {
            ensure!(bug.is_some(), "{} fails on the real store: {why:#}", check.name());
            failing.push(Failure { check: *check, why: format!("{why:#}") });
        }
    }
    Ok(failing)
}

fn names(failing: &[Failure]) -> String {
    failing.iter().map(|failure| failure.check.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use lanyard_testbed::postgres::PostgresDatabase;
    use lanyard_testbed::sqlite::SqliteFile;

    use super::*;

    async fn every_bug_is_seen_by_its_checks<D: Database>() {
        failing::<D>(None, &Check::all()).await.unwrap();
        for bug in Bug::ALL {
            let seen = failing::<D>(Some(bug), bug.seen_by()).await.unwrap();
            told_apart(bug, &seen).unwrap_or_else(|why| panic!("{}: {why}", bug.name()));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_bug_is_seen_by_its_checks_on_sqlite() {
        every_bug_is_seen_by_its_checks::<SqliteFile>().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_bug_is_seen_by_its_checks_on_postgres() {
        every_bug_is_seen_by_its_checks::<PostgresDatabase>().await;
    }

    #[test]
    fn every_check_has_a_bug_that_it_must_see() {
        each_has_a_bug().unwrap();
    }
}
