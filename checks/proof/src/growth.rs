//! Ten thousand rotations of a session, a million sessions, and the removal of those that have expired.

pub mod fill;
pub mod latency;
pub mod rotations;

use anyhow::{Context as _, ensure};
use lanyard_testbed::postgres::PostgresDatabase;
use lanyard_testbed::sqlite::SqliteFile;

use crate::Scale;
use crate::database::Database;
use crate::races::nodes::LIMITS;
use crate::report::Chapter;

use latency::{Compared, Filled, Removal, beside_removal, in_turns};

/// So many times as long a renewal may take at most among many sessions: generous, since one machine's noise is in it.
const MOST: u32 = 10;

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    on::<SqliteFile>(scale, report).await.context(SqliteFile::NAME)?;
    on::<PostgresDatabase>(scale, report).await.context(PostgresDatabase::NAME)
}

async fn on<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    rotations::<D>(scale, report).await;
    sessions::<D>(scale, report).await?;
    removal::<D>(scale, report).await
}

async fn rotations<D: Database>(scale: Scale, report: &mut Chapter<'_>) {
    let rotations = scale.pick(1_000, 10_000);
    report.progress(format!("{}: {rotations} rotations of one session", D::NAME));
    let tell = |done| report.progress(format!("{}: {done} rotations", D::NAME));
    let sizes = rotations::rotate::<D>(rotations, tell).await;
    report.outcome(
        format!(
            "{}: after {rotations} rotations of a session the database is no larger than after 10",
            D::NAME
        ),
        sizes.map(|sizes| format!("{} against {} bytes", sizes.last, sizes.first)),
    );
}

async fn sessions<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let (few, many) = scale.pick((1_000, 50_000), (10_000, 1_000_000));
    let renewals = scale.pick(150, 1_500);
    report.progress(format!("{}: makes {few} and {many} sessions", D::NAME));
    let small = Filled::<D>::new(few, renewals).await?;
    let large = Filled::<D>::new(many, renewals).await?;
    let bytes = large.bytes_a_session().await;
    report.progress(format!("{}: renews {renewals} sessions of each in turns", D::NAME));
    let compared = in_turns(&large, &small).await;
    report.outcome(
        format!(
            "{}: a renewal among {many} sessions takes less than {MOST} times as long as among {few}",
            D::NAME
        ),
        compared.and_then(not_much_longer),
    );
    report.measured(
        format!("{}: bytes a session among {many}, its share of a user and all indexes included", D::NAME),
        bytes?.to_string(),
    );
    Ok(())
}

fn not_much_longer(compared: Compared) -> anyhow::Result<String> {
    ensure!(compared.median() < f64::from(MOST), "{compared}");
    Ok(compared.to_string())
}

async fn removal<D: Database>(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let expired = scale.pick(2_000, 100_000);
    let (sessions, renewals) = scale.pick((5_000, 500), (150_000, 20_000));
    report.progress(format!(
        "{}: removes {expired} expired sessions and their entries in the log while others are renewed",
        D::NAME
    ));
    let filled = Filled::<D>::new(sessions, renewals).await?;
    let removal = beside_removal(&filled, expired, scale.pick(100, 2_000)).await;
    report.outcome(
        format!(
            "{}: {expired} expired sessions and their entries in the log are removed, no others, and no renewal beside it waits {} s",
            D::NAME,
            LIMITS.client_timeout().as_secs()
        ),
        removal.map(|removal| {
            let seconds = removal.took.as_secs_f64();
            let Removal { sessions, entries, renewals, .. } = removal;
            let slowest = renewals.these.slowest().as_millis();
            format!("{sessions} and {entries} in {seconds:.1} s; a renewal beside it, against alone: {renewals}; the slowest {slowest} ms")
        }),
    );
    Ok(())
}
