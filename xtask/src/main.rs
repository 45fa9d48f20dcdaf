//! Build, serve, test: one command each. Run as `cargo xtask`; nothing calls this crate.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`site`] | what browsers load: WASM, CSS and static files, put together in `target/site` |
//! | [`bench`] | what costs how much |
//! | [`css`] | one style sheet out of `style/main.css` and its imports |
//! | [`serve`] | the server's build, and running it with the demo accounts |
//! | [`prove`] | the proofs that the rotation holds |
//! | [`test`] | every check there is, step by step |
//! | [`tools`] | what must be installed, and installing it |
//! | [`run`] | starting programs, and the one [`run::Error`] |

// This is a program for a terminal; what it prints is its product.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod css;
mod prove;
mod run;
mod serve;
mod site;
mod test;
mod tools;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::run::{Error, Workspace};

/// Build, serve, test: one command each.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the WASM, the CSS and the server: target/debug/lanyard or target/release/lanyard
    Build {
        /// The optimised build, with everything it serves inside the binary
        #[arg(long)]
        release: bool,
    },
    /// Build, then serve http://localhost:3000 with two demo accounts and the database in ./data
    Serve {
        /// The optimised build
        #[arg(long)]
        release: bool,
        /// Further flags for the server, such as --access-ttl 10s
        #[arg(last = true, value_name = "FLAGS")]
        server: Vec<OsString>,
    },
    /// Check formatting and lints, run every Rust test, build, and run Playwright in real browsers
    Test(test::Options),
    /// Measure what costs how much, as ratios: the check of an access token, pages of a million people
    Bench,
    /// Show that the rotation holds: by a model, by races, by crashes and by growth, on both databases
    Prove(prove::Options),
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<(), Error> {
    let workspace = Workspace::find()?;
    match task {
        Task::Build { release } => serve::build(&workspace, release).map(|binary| {
            println!("Built {}", binary.display());
        }),
        Task::Serve { release, server } => serve::serve(&workspace, release, &server),
        Task::Bench => bench::bench(&workspace),
        Task::Test(options) => test::test(&workspace, &options),
        Task::Prove(options) => prove::prove(&workspace, &options),
    }
}
