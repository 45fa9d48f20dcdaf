//! Many at once on real databases, two nodes each: bursts of renewals, and renewals against what ends their
//! session.

pub mod burst;
pub mod endings;
pub mod nodes;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use crate::Scale;
use crate::database::Database;
use crate::planted::{self, gate::Gate};
use crate::report::Chapter;

use endings::{Ending, Tally};
use nodes::Nodes;

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
        let races = scale.pick(300, 10_000);
        report.progress(format!("{}: {races} renewals against {}", D::NAME, ending.name()));
        let tally = endings::race(&Nodes::<D>::start().await?, ending, races).await;
        let claim = format!("{}: no renewal survives {}", D::NAME, ending.name());
        report.outcome(claim, tally.and_then(figure));
    }
    planted::show::<D>(scale, report).await
}

async fn bursts<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let sessions = scale.pick(4, 50);
    report.progress(format!("{}: {PARALLEL} renewals at once, of each of {sessions} sessions", D::NAME));
    let figure = |slowest: Duration| {
        format!("{sessions} bursts, no error, the slowest answer after {} ms", slowest.as_millis())
    };
    let slowest = slowest_burst(&Nodes::<D>::start().await?, sessions, PARALLEL, None).await;
    let claim = format!("{}: of {PARALLEL} renewals at once one rotates, all get its successor", D::NAME);
    report.outcome(claim, slowest.map(figure));

    // Three statements each, all at once: too much for a machine that is busy with other tests.
    let parallel = scale.pick(200, PARALLEL);
    let gate = Gate::new(parallel);
    let nodes = planted::nodes::<D>(None, &gate).await?;
    let slowest = slowest_burst(&nodes, sessions, parallel, Some(&gate)).await;
    let claim = format!("{}: and so if all {parallel} have read the row before one writes it", D::NAME);
    report.outcome(claim, slowest.map(figure));
    Ok(())
}

async fn slowest_burst<D: Database>(
    nodes: &Nodes<D>,
    sessions: usize,
    parallel: usize,
    gate: Option<&Gate>,
) -> anyhow::Result<Duration> {
    let user = nodes.user().await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..sessions {
        let session = nodes.sign_in(&user).await?;
        slowest = slowest.max(burst::burst(nodes, &session, parallel, gate).await?.took);
    }
    Ok(slowest)
}

/// A race that always ends the same way is none.
fn figure(tally: Tally) -> anyhow::Result<String> {
    let Tally { races, overlapped, renewed, refused, accepted_elsewhere } = tally;
    // Two renewals take part in each, so that in one race a renewal may come first, and the end too.
    let rare = overlapped / 20;
    ensure!(renewed > rare && refused > rare, "no race: {tally:?}");
    Ok(format!(
        "{overlapped} races of two renewals with an end (and {} that missed each other); a renewal was first in \
         {renewed}, the end in {refused}; on the node that ended the session no access token was good any more, on the other \
         one {accepted_elsewhere} were, for as long as it looks at no row",
        races - overlapped
    ))
}
