//! The protocol as a state machine, searched state by state: real rule, small world.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`config`] | which parts take part, how often each may act, and the durations in ticks |
//! | [`bug`] | the bugs that can be planted |
//! | [`world`] | a state |
//! | [`action`] | what can happen, as plain data |
//! | `step`, `server`, `time` | an action's consequences |
//! | [`law`] | what must hold |
//! | [`search`] | stateright at work |

pub mod action;
pub mod bug;
pub mod combinations;
pub mod config;
mod converge;
pub mod law;
pub mod limits;
pub mod planted;
pub mod search;
mod server;
mod step;
mod time;
pub mod world;

use crate::Scale;
use crate::report::Chapter;

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(_scale: Scale, _report: &mut Chapter<'_>) -> anyhow::Result<()> {
    Ok(())
}
