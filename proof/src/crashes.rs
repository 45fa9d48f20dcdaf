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
//! | [`client`] | an honest client: what it does |
//! | [`wire`] | one request, and as much of the answer as came |
//! | [`ledger`] | what was answered, and whether the rows bear it out |

mod campaign;
mod client;
mod ledger;
mod plan;
mod server;
mod wire;
mod world;

use std::path::PathBuf;

use anyhow::Context as _;
use lanyard_testbed::cluster::Cluster;

use crate::Scale;
use crate::report::Chapter;
use campaign::{Campaign, Victim};

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(scale: Scale, report: &mut Chapter<'_>) -> anyhow::Result<()> {
    let binary = std::env::var_os("LANYARD_BIN").map(PathBuf::from).context(
        "LANYARD_BIN must name a server that was built with failpoints, as `cargo xtask prove` does it",
    )?;
    let points = scale.pick(100, 1000);
    Campaign { name: "SQLite", database: None, victim: Victim::Server, points }.run(&binary, report).await;
    let Some(cluster) = Cluster::durable() else {
        report.progress("Postgres is left out: there is no server on this machine to start and to kill");
        return Ok(());
    };
    let database = Some(cluster.database("killed_server").await);
    Campaign { name: "Postgres", database, victim: Victim::Server, points }.run(&binary, report).await;
    let database = Some(cluster.database("killed_postgres").await);
    let victim = Victim::Postgres(cluster);
    Campaign { name: "Postgres itself killed", database, victim, points }.run(&binary, report).await;
    Ok(())
}
