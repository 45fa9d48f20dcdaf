//! What costs how much: runs the benchmarks. Called by the command line.

use crate::run::{Error, Workspace, run};
use crate::tools;

/// Runs every benchmark; each prints its ratios at its end.
///
/// # Errors
/// See [`Error`].
pub fn bench(workspace: &Workspace) -> Result<(), Error> {
    tools::postgres(workspace)?;
    let results = workspace.target.join("criterion");
    run(workspace.cargo().args(["bench", "--package", "lanyard-bench"]).env("CRITERION_HOME", results))
}
