//! `lanyard-proof [CHAPTER...] [--quick]`: runs the chapters one after the other, then prints what they showed.
#![allow(clippy::print_stdout, reason = "what was shown is printed")]

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use lanyard_proof::report::Report;
use lanyard_proof::{Scale, crashes, growth, model, races, traces};

/// Shows that the rotation holds: by a model, by races, by crashes and by growth, on SQLite and on Postgres.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask prove", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What to show; everything, if none is named
    chapters: Vec<Chapter>,
    /// As much as fits into a few minutes
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    instead: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put many sessions into a database, to see how it does; nobody can sign in with them
    Fill {
        /// sqlite:path or postgres://...
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
        /// How many; every third begins with a new user
        #[arg(long)]
        sessions: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Chapter {
    /// Search the protocol's states, with and without planted bugs
    Model,
    /// Replay the model's traces on the real service
    Traces,
    /// Many at once on real databases
    Races,
    /// Kill the real server, and Postgres, while clients renew
    Crashes,
    /// Ten thousand rotations, a million sessions
    Growth,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { chapters, quick, instead } = Arguments::parse();
    if let Some(Command::Fill { database_url, sessions }) = instead {
        return match growth::fill::fill_url(&database_url, sessions, |done| println!("{done} sessions")).await
        {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                println!("{error:#}");
                ExitCode::FAILURE
            }
        };
    }
    let scale = if quick { Scale::Quick } else { Scale::Full };
    let chosen = if chapters.is_empty() { Chapter::value_variants() } else { &chapters };
    let mut report = Report::default();
    for chapter in chosen {
        let mut report = report.chapter(name(*chapter));
        let shown = match chapter {
            Chapter::Model => model::show(scale, &mut report).await,
            Chapter::Traces => traces::show(scale, &mut report).await,
            Chapter::Races => races::show(scale, &mut report).await,
            Chapter::Crashes => crashes::show(scale, &mut report).await,
            Chapter::Growth => growth::show(scale, &mut report).await,
        };
        if let Err(error) = shown {
            report.refuted("everything else in this chapter", format!("{error:#}"));
        }
    }
    println!("{report}");
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn name(chapter: Chapter) -> String {
    chapter.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
