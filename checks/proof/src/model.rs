//! The protocol as a state machine, searched state by state: real rule, small world.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`config`] | which parts take part, how often each may act, and the durations in ticks |
//! | [`world`] | a state |
//! | [`action`] | what can happen, as plain data |
//! | `step`, `server`, `write`, `time` | an action's consequences |
//! | [`law`] | what must hold |
//! | `converge` | whether everybody gets an access token again |
//! | [`search`] | stateright at work |
//! | [`part`], [`combinations`] | the parts; a few at a time, every two of them together in one |
//! | [`engine`] | the same with the client's real engine as its tabs |
//! | [`limits`] | what is found just outside the limits that the documentation states |
//! | [`bug`], [`planted`] | the bugs that can be planted, and what finds them |
//!
//! `docs/proof.md` tells what is modelled, what is not, and what came of it.

pub mod action;
pub mod bug;
pub mod combinations;
pub mod config;
mod converge;
pub mod engine;
pub mod law;
pub mod limits;
pub mod part;
pub mod planted;
pub mod search;
mod server;
mod step;
mod time;
pub mod world;
mod write;

use anyhow::ensure;

use crate::Scale;
use crate::report::Chapter;
use bug::Bug;
use combinations::{COMBINATIONS, missing_pairs};
use engine::{ENGINES, EngineSearch};
use law::Law;
use limits::{Expected, LIMITS};
use part::Part;
use planted::PLANTED;
use search::{Found, Search, WRITES};

/// So many steps of each combination are tried at quick scale, and of each deeper one at full scale.
const QUICK_STEPS: usize = 1_200_000;
const DEEPER_STEPS: usize = 5_000_000;

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    show_bugs(report)?;
    show_limits(report);
    show_combinations(scale, report)?;
    show_engines(scale, report);
    Ok(())
}

/// Each planted bug is found, and without it the same model holds.
fn show_bugs(report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let planted = |bug: &Bug| PLANTED.iter().any(|planted| planted.bug == *bug);
    ensure!(Bug::ALL.iter().all(planted), "a bug is planted nowhere");
    let fails = |law: &Law| PLANTED.iter().any(|planted| planted.law == *law);
    ensure!(Law::ALL.iter().all(fails), "no bug breaks a law");
    for planted in PLANTED {
        let (found, without) = (planted.search(true), planted.search(false));
        let claim = format!("{:?} breaks {}", planted.bug, planted.law.name());
        let caught = found.broken.contains(&planted.law) && without.exhausted;
        judge(
            report,
            caught,
            claim,
            format!("{} actions; {} states hold without", found.trace.len(), without.states),
        );
    }
    Ok(())
}

/// Just outside each limit something is found, and nothing just inside.
fn show_limits(report: &mut Chapter<'_>) {
    for limit in LIMITS {
        let found = limit.search(limit.config);
        let outside = match limit.expected {
            Expected::Broken(law) => found.broken.contains(&law),
            Expected::Reached(_) => found.broken.is_empty() && !found.trace.is_empty(),
        };
        let inside = limit.inside.map(|config| limit.search(config));
        let holds = inside.as_ref().is_none_or(|found| found.exhausted && found.trace.is_empty());
        let states =
            inside.map_or_else(String::new, |found| format!("; {} states hold inside", found.states));
        let figure = format!("{} actions{states}", found.trace.len());
        judge(report, outside && holds, format!("limit: {}", limit.name), figure);
    }
}

/// Every combination holds: all states of it where there is time for that.
fn show_combinations(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    ensure!(missing_pairs(COMBINATIONS).is_empty(), "two parts meet in no combination");
    let mut decided = Vec::new();
    for combination in COMBINATIONS {
        let whole = Search { converge: scale.pick(64, 16), threads: 2, ..Search::of(combination.config) };
        let search = scale.pick(Search { steps: QUICK_STEPS, ..whole }, whole);
        let found = search.run();
        let idle = combination.config.idle(&found.acted);
        if scale == Scale::Full && !found.exhausted && found.broken.is_empty() {
            report.refuted(combination.name, format!("only {} states were searched", found.states));
        } else if !idle.is_empty() && found.broken.is_empty() {
            report.refuted(combination.name, format!("after a rotation nothing came of {idle:?}"));
        } else {
            tell(report, combination.name, &found);
        }
        decided.extend(found.decided);
        if scale == Scale::Full {
            let config = combination.config.with_rotations(combination.config.budget.rotations + 1);
            let deeper = Search { config, steps: DEEPER_STEPS, ..whole };
            tell(report, &format!("one rotation more: {}", combination.name), &deeper.run());
        }
    }
    let pairs = Part::ALL.len() * (Part::ALL.len() - 1) / 2;
    report.shown("every two parts meet in a combination", format!("{pairs} pairs"));
    let met = WRITES.iter().all(|decision| decided.contains(decision));
    judge(report, met, "every end that the rule knows is met in one".to_owned(), format!("{WRITES:?}"));
    Ok(())
}

/// The same laws with the client's real engine as tabs.
fn show_engines(scale: Scale, report: &mut Chapter<'_>) {
    for (name, setting) in ENGINES {
        let steps = scale.pick(QUICK_STEPS, DEEPER_STEPS);
        let found = EngineSearch { setting: *setting, rest: scale.pick(64, 16), steps }.run();
        let how = if found.exhausted { "all" } else { "the first" };
        let figure = format!("{how} {} states, up to {} events deep", found.states, found.depth);
        let holds = found.broken.is_none();
        let why = found.broken.map_or(figure, |(what, trace)| format!("{what} broken by {trace:?}"));
        judge(report, holds, (*name).to_owned(), why);
    }
}

fn tell(report: &mut Chapter<'_>, name: &str, found: &Found) {
    let how = if found.exhausted { "all" } else { "the first" };
    let figure = format!("{how} {} states, up to {} actions deep", found.states, found.depth);
    let broken: Vec<_> = found.broken.iter().map(|law| law.name()).collect();
    let why =
        if broken.is_empty() { figure } else { format!("{} broken by {:?}", broken.join(", "), found.trace) };
    judge(report, broken.is_empty(), name.to_owned(), why);
}

fn judge(report: &mut Chapter<'_>, holds: bool, claim: String, figure: String) {
    if holds {
        report.shown(claim, figure);
    } else {
        report.refuted(claim, figure);
    }
}
