//! Bugs of a store that could be made, and the checks that find each of them, on both databases.
//!
//! A check that can't fail shows nothing. So each bug is planted between the real store and the real service,
//! and the chapter on races says which checks saw it; the real store passes them all.

pub mod checks;
pub mod store;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lanyard_auth::store::Store;

use crate::database::Database;
use crate::races::nodes::Nodes;
use crate::report::Chapter;

use checks::Check;
use store::{Bug, Planted};

/// Runs every check on the real store and on every bug. A bug that no check sees is refuted.
///
/// # Errors
/// What kept it from being shown at all; a check that fails on the real store.
pub async fn show<D: Database>(report: &mut Chapter<'_>) -> Result<()> {
    ensure!(found::<D>(None).await?.is_empty(), "a check fails on the real store");
    for bug in Bug::ALL {
        let claim = format!("{}, planted: {}", D::NAME, bug.name());
        let found = found::<D>(Some(bug)).await?;
        match found.as_slice() {
            [] => report.refuted(claim, "no check saw it"),
            found => report.shown(claim, format!("seen by {}", names(found))),
        }
    }
    Ok(())
}

/// The checks that fail on a bug, each with fresh nodes.
async fn found<D: Database>(bug: Option<Bug>) -> Result<Vec<Check>> {
    let mut found = Vec::new();
    for check in Check::ALL {
        let nodes = match bug {
            None => Nodes::<D>::start().await,
            Some(bug) => Nodes::over(|real, db| plant(real, db, bug)).await,
        };
        if let Err(why) = check.run(&nodes.context("starting")?).await {
            ensure!(bug.is_some(), "{} fails on the real store: {why:#}", check.name());
            found.push(check);
        }
    }
    Ok(found)
}

fn plant<D: Database>(real: Arc<dyn Store>, db: &Arc<D>, bug: Bug) -> Arc<dyn Store> {
    Arc::new(Planted::new(real, Arc::clone(db), bug))
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
        assert!(found::<D>(None).await.unwrap().is_empty());
        for bug in Bug::ALL {
            let found = found::<D>(Some(bug)).await.unwrap();
            assert!(found.contains(&bug.seen_by()), "{bug:?} is seen by {found:?}");
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
