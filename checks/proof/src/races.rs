//! Many at once on real databases, two nodes each: bursts of renewals, and renewals against what ends their
//! session.

pub mod burst;
pub mod endings;
pub mod line;
pub mod nodes;
pub mod race;
pub mod rivals;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use crate::Scale;
use crate::database::Database;
use crate::planted;
use crate::report::Chapter;

use endings::Ending;
use nodes::{LIMITS, Nodes};
use race::race;
use rivals::Rivals;

/// Renewals at once.
const PARALLEL: usize = 1_000;

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    on::<SqliteFile>(scale, report).await.context(SqliteFile::NAME)?;
    on::<PostgresDatabase>(scale, report).await.context(PostgresDatabase::NAME)
}

async fn on<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    bursts::<D>(scale, report).await?;
    for ending in Ending::ALL {
        races::<D>(Rivals::Renewals, ending, scale.pick(100, 10_000), report).await?;
    }
    for ending in Ending::OF_SIGN_INS {
        races::<D>(Rivals::SignIns, ending, scale.pick(60, 10_000), report).await?;
    }
    planted::show::<D>(scale, report).await
}

async fn bursts<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let sessions = scale.pick(4, 50);
    // Three statements each if all have read first: too much at once for a machine that is busy with other tests.
    let gated = scale.pick(200, PARALLEL);
    for (parallel, gate, claim) in [
        (PARALLEL, false, format!("of {PARALLEL} renewals at once one rotates, all get its successor")),
        (gated, true, format!("and so if all {gated} have read the row before one writes it")),
    ] {
        report.progress(format!("{}: {parallel} renewals at once, of each of {sessions} sessions", D::NAME));
        let slowest = slowest_burst::<D>(sessions, parallel, gate).await;
        let figure = slowest.and_then(|slowest| in_time(scale, sessions, slowest));
        report.outcome(format!("{}: {claim}", D::NAME), figure);
    }
    Ok(())
}

async fn slowest_burst<D: Database>(
    sessions: usize,
    parallel: usize,
    gated: bool,
) -> anyhow::Result<Duration> {
    let nodes = Nodes::<D>::start().await?;
    let user = nodes.user().await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..sessions {
        let session = nodes.sign_in(&user).await?;
        slowest = slowest.max(burst::burst(&nodes, &session, parallel, gated).await?.took);
    }
    Ok(slowest)
}

/// A client gives up after T. At quick scale other tests take the machine's time, and nothing is timed.
fn in_time(scale: Scale, sessions: usize, slowest: Duration) -> anyhow::Result<String> {
    let patience = LIMITS.client_timeout();
    ensure!(scale == Scale::Quick || slowest < patience, "the slowest answer came after {slowest:?}");
    Ok(format!("{sessions} bursts, no error, the slowest answer after {} ms", slowest.as_millis()))
}

async fn races<D: Database>(
    rivals: Rivals,
    ending: Ending,
    races: usize,
    report: &mut Chapter<'_>,
) -> anyhow::Result<()> {
    let (who, singular) = match rivals {
        Rivals::Renewals => ("renewals", "renewal"),
        Rivals::SignIns => ("sign-ins", "sign-in that was under way"),
    };
    report.progress(format!("{}: {races} races of {who} with {}", D::NAME, ending.name()));
    let tally = race(&Nodes::<D>::start().await?, rivals, ending, races).await;
    let claim = format!("{}: no {singular} survives {}", D::NAME, ending.name());
    report.outcome(claim, tally.map(|tally| tally.to_string()));
    Ok(())
}
