//! The real server, killed again and again while real clients renew over HTTP.
//!
//! After each kill everything starts again, and then: every client is let in with the token it holds, every token
//! has one successor, nothing that was answered is missing, and every older token is still known as one.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`campaign`] | one victim, killed so many times |
//! | [`plan`] | when and where it is killed |
//! | [`server`] | the server's process |
//! | [`world`] | what the clients and the campaign share |
//! | [`client`], [`sweep`] | an honest client: what it does |
//! | [`held`] | the tokens of a session, as its client keeps them |
//! | [`wire`] | the requests, and as much of each answer as came |
//! | [`ledger`] | what was answered, and whether the rows bear it out |

mod campaign;
mod client;
mod held;
mod ledger;
mod plan;
mod server;
mod sweep;
mod wire;
mod world;

use std::path::PathBuf;

use anyhow::Context as _;
use lanyard_testbed::cluster::Cluster;

use crate::Scale;
use crate::report::Chapter;
use campaign::{Campaign, Findings, Victim};

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let binary = std::env::var_os("LANYARD_BIN").map(PathBuf::from).context(
        "LANYARD_BIN must name a server that was built with failpoints, as `cargo xtask prove` does it",
    )?;
    let points = scale.pick(100, 1000);
    let sqlite = Campaign { name: "SQLite", database: None, victim: Victim::Server, points };
    let cluster = || {
        Cluster::durable().context("no Postgres server to start and to kill: `apt-get install -y postgresql`")
    };
    let (cluster, spared) = (cluster()?, cluster()?);
    let database = Some(spared.database("lanyard").await);
    let postgres = Campaign { name: "Postgres", database, victim: Victim::Server, points };
    let database = Some(cluster.database("lanyard").await);
    let victim = Victim::Postgres(cluster);
    let killed = Campaign { name: "Postgres itself killed", database, victim, points };
    // At once: each of them waits most of the time.
    let shown =
        tokio::join!(sqlite.run(&binary, report), postgres.run(&binary, report), killed.run(&binary, report));
    for (name, shown) in <[_; 3]>::from(shown) {
        tell(report, name, shown);
    }
    Ok(())
}

fn tell(report: &mut Chapter<'_>, name: &str, shown: anyhow::Result<Findings>) {
    match shown {
        Ok(findings) => {
            findings.into_iter().for_each(|(claim, figure)| report.shown(format!("{name}: {claim}"), figure));
        }
        Err(error) => report.refuted(format!("{name}: nothing is lost, nothing forks"), format!("{error:#}")),
    }
}
