//! The model's traces, replayed on the real service over real databases: what the model says a server does, the
//! real one does, step by step.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`roam`] | random walks: which parts each draws |
//! | [`exhibits`] | the counterexample of every planted bug |
//! | [`replay`], `request`, `hearing`, `refusing` | doing what the model does on two real servers |
//! | [`node`], [`gate`] | a real server, whose calls to its store wait until they are let through |
//! | [`known`], [`agree`], [`differs`] | which real thing stands for which of the model, and what must be the same |
//! | [`tally`] | the figures |

pub mod agree;
pub mod differs;
pub mod exhibits;
pub mod gate;
mod hearing;
pub mod known;
pub mod node;
mod refusing;
pub mod replay;
mod request;
pub mod roam;
pub mod tally;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, bail, ensure};
use lanyard_testbed::Harness;
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use crate::Scale;
use crate::report::Chapter;
use differs::Differs;
use exhibits::{Buggy, Exhibit, Seen};
use node::{Durations, Site};
use replay::replay;
use tally::Tally;

/// What must have been seen: every rule, both ends of rule 5, what comes before and between them, and each accident
/// that befalls a server.
const EXPECTED: [&str; 21] = [
    "rule 1",
    "rule 2",
    "rule 3",
    "rule 4",
    "rule 5",
    "rule 5, ended",
    "rule 6",
    "rule 7",
    "ended",
    "expired",
    "forged",
    "raced",
    "session changed",
    "signed out",
    "a doubled request",
    "a crash before a write",
    "a commit that nobody was told of",
    "a write that was cut off",
    "a failover",
    "a kick-out",
    "a call refused",
];

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all, or the first step at which model and service differ.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    report.progress("looking for the planted bugs, and for the limits");
    let exhibits = exhibits::all();
    let walks = scale.pick(120, 2_000);
    let on_sqlite = on::<SqliteFile>("SQLite", &exhibits, walks, report).await?;
    let on_postgres = on::<PostgresDatabase>("Postgres", &exhibits, walks, report).await?;
    ensure!(on_sqlite == on_postgres, "the databases were led different ways");
    let lacks = on_sqlite.lacks(&EXPECTED);
    ensure!(lacks.is_empty(), "the traces never came to {lacks:?}");
    report.shown("on each, what was seen", on_sqlite.by_verdict());
    report.shown("on each, what happened", on_sqlite.by_action());
    Ok(())
}

/// Everything on one kind of database.
async fn on<D: Harness>(
    name: &str,
    exhibits: &[Exhibit],
    walks: u64,
    report: &mut Chapter<'_>,
) -> anyhow::Result<Tally> {
    let site = Site::<D>::open().await?;
    let mut tally = Tally::default();
    let mut bugs = 0;
    for Exhibit { name: about, sound, buggy } in exhibits {
        ensure!(!sound.steps.is_empty(), "{about}: there is no way there");
        agrees(&site, sound, &mut tally).await.with_context(|| format!("{name}, {about}"))?;
        if let Some(buggy) = buggy {
            let breach = sound.limit().with_context(|| format!("{about}, without it"))?;
            ensure!(breach.is_none(), "{about}: it does not take the bug to break the law");
            tells_apart(&site, buggy).await.with_context(|| format!("{name}, {about}"))?;
            bugs += 1;
        }
    }
    report.shown(
        format!("{name}: on every way to a broken law the service does what the model without a bug does"),
        format!("{} traces, {} steps", tally.traces, tally.steps),
    );
    report.shown(
        format!("{name}: a model with a bug is told apart, at the step where the bug shows"),
        format!("{bugs} traces"),
    );
    let shown = tally.steps;
    for number in 0..walks {
        if number.is_multiple_of((walks / 10).max(1)) {
            report.progress(format!("{name}: {number} of {walks} walks, {} steps", tally.steps - shown));
        }
        let walk = roam::walk(number)?;
        // Looked at first: such a step may well be what the service does too.
        let limit = walk.limit().with_context(|| format!("walk {number}, by the model alone"))?;
        if let Some(limit) = limit {
            tally.saw(limit);
        }
        agrees(&site, &walk, &mut tally).await.with_context(|| format!("{name}, walk {number}"))?;
    }
    report.shown(
        format!("{name}: on random walks the service does what the model does, step by step"),
        format!("{walks} walks, {} steps", tally.steps - shown),
    );
    Ok(tally)
}

/// The service does what the model does.
async fn agrees<D: Harness>(site: &Site<D>, seen: &Seen, tally: &mut Tally) -> anyhow::Result<()> {
    replay(site, seen, Durations::of(&seen.config), tally).await
}

/// The service does what a model with a bug does up to the step at which the bug shows, and no further.
async fn tells_apart<D: Harness>(site: &Site<D>, Buggy { seen, departs }: &Buggy) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    match agrees(site, seen, &mut tally).await {
        Ok(()) => bail!("the service agrees with a model that has the bug"),
        Err(error) if error.is::<Differs>() && tally.steps == u64::try_from(departs + 1)? => Ok(()),
        Err(error) => Err(error.context(format!("the bug shows at step {departs}"))),
    }
}
