//! The model's traces, replayed on the real service over real databases: what the model says a server does, the
//! real one does, step by step.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`roam`] | random walks: which parts each draws |
//! | [`exhibits`] | the counterexample of every planted bug |
//! | [`replay`], `request`, `hearing` | doing what the model does on two real servers |
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
pub mod replay;
mod request;
pub mod roam;
pub mod tally;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use lanyard_testbed::Harness;
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use crate::Scale;
use crate::model::search;
use crate::report::Chapter;
use differs::Differs;
use exhibits::Exhibit;
use node::{Durations, Site};
use replay::replay;
use tally::Tally;

/// Steps of one walk, if nothing ends it before.
const STEPS: usize = 150;

/// Every rule, and what else a renewal must have met.
const EXPECTED: [&str; 12] = [
    "rule 1",
    "rule 2",
    "rule 3",
    "rule 4",
    "rule 5",
    "rule 5, ended",
    "rule 6",
    "rule 7",
    "forged",
    "ended",
    "expired",
    "raced",
];

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    report.progress("looking for the planted bugs' counterexamples");
    let exhibits = exhibits::all();
    on::<SqliteFile>("SQLite", scale, &exhibits, report).await?;
    on::<PostgresDatabase>("Postgres", scale, &exhibits, report).await
}

/// All of it on one kind of database.
async fn on<D: Harness>(
    name: &str,
    scale: Scale,
    exhibits: &[Exhibit],
    report: &mut Chapter<'_>,
) -> anyhow::Result<()> {
    let site = Site::<D>::open().await?;
    let mut tally = Tally::default();
    for exhibit in exhibits {
        let replayed = replay_exhibit(&site, exhibit, &mut tally).await;
        replayed.with_context(|| format!("{name}, {:?}", exhibit.planted.bug))?;
    }
    let bugs = format!("{} traces, {} steps", exhibits.len(), tally.steps);
    report.shown(
        format!("{name}: where a planted bug breaks a law, the service does what the rule says"),
        bugs,
    );
    report.shown(
        format!("{name}: the service is told apart from a model with any of the bugs"),
        format!("{} of {}", exhibits.len(), exhibits.len()),
    );
    roam_about(name, &site, scale.pick(200, 20_000), &mut tally, report).await?;
    let missing: Vec<_> = EXPECTED.into_iter().filter(|what| !tally.verdicts.contains_key(what)).collect();
    anyhow::ensure!(missing.is_empty(), "{name}: the traces never came to {missing:?}");
    report.shown(
        format!("{name}: model and service agree, step by step"),
        format!("{} walks and traces, {} steps", tally.traces, tally.steps),
    );
    report.shown(format!("{name}: what was decided of renewals"), tally.by_verdict());
    report.shown(format!("{name}: what happened"), tally.by_action());
    Ok(())
}

/// Random walks.
async fn roam_about<D: Harness>(
    name: &str,
    site: &Site<D>,
    walks: u64,
    tally: &mut Tally,
    report: &Chapter<'_>,
) -> anyhow::Result<()> {
    for seed in 0..walks {
        if seed % (walks / 10).max(1) == 0 {
            report.progress(format!("{name}: {seed} of {walks} walks, {} steps", tally.steps));
        }
        let config = roam::config(seed)?;
        let steps = search::walk(&config, seed, STEPS)?;
        let replayed = replay(site, &config, Durations::of(&config), &steps, tally).await;
        replayed.with_context(|| format!("{name}, walk {seed}"))?;
    }
    Ok(())
}

/// The service agrees with the model without the bug, and does not with the one that has it.
async fn replay_exhibit<D: Harness>(
    site: &Site<D>,
    exhibit: &Exhibit,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let sound = exhibit.planted.config;
    replay(site, &sound, Durations::of(&sound), &exhibit.sound, tally).await?;
    let buggy = exhibit.buggy_config();
    let told = replay(site, &buggy, Durations::of(&buggy), &exhibit.buggy, &mut Tally::default()).await;
    match told {
        Ok(()) => anyhow::bail!("the service agrees with a model that has the bug"),
        Err(error) if error.is::<Differs>() => Ok(()),
        Err(error) => Err(error.context("with the bug")),
    }
}
