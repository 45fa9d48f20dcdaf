//! Showing that the rotation holds, chapter by chapter: builds what `proof` needs, then runs it. Called by the
//! command line and `test`.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::run::{Error, Workspace, run};
use crate::{serve, tools};

/// The one chapter that runs a server.
const CRASHES: &str = "crashes";

/// What to show.
#[derive(Debug, Args)]
pub struct Options {
    /// Some of model, traces, races, crashes and growth; all of them, if none is named
    pub chapters: Vec<String>,
    /// As much as fits into a few minutes
    #[arg(long)]
    pub quick: bool,
}

/// Runs the chapters; in full, as an optimised build.
///
/// # Errors
/// See [`Error`]; a claim that does not hold is [`Error::Failed`].
pub fn prove(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    let Options { chapters, quick } = options;
    tools::postgres(workspace)?;
    let mut proof = workspace.cargo();
    proof.args(["run", "--package", "lanyard-proof"]);
    if !quick {
        proof.arg("--release");
    }
    proof.arg("--").args(chapters);
    if *quick {
        proof.arg("--quick");
    }
    if chapters.is_empty() || chapters.iter().any(|chapter| chapter == CRASHES) {
        proof.env("LANYARD_BIN", server_with_failpoints(workspace)?);
    }
    run(&mut proof)
}

/// A server that dies where it is told to. It is kept apart: `target/debug/lanyard` stays one that doesn't.
fn server_with_failpoints(workspace: &Workspace) -> Result<PathBuf, Error> {
    let (usual, kept) = (serve::binary(workspace, false), workspace.target.join("proof").join("lanyard"));
    let build = || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--package", "lanyard-server"]);
        cargo
    };
    let was_there = usual.exists();
    run(build().args(["--features", "failpoints"]))?;
    let folder = workspace.target.join("proof");
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    // Not over the old one, which may still run.
    let fresh = folder.join("lanyard-new");
    fs::copy(&usual, &fresh).map_err(Error::file("copy", &usual))?;
    fs::rename(&fresh, &kept).map_err(Error::file("write", &kept))?;
    if was_there {
        run(&mut build())?;
    }
    Ok(kept)
}
