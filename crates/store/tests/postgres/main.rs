//! Postgres: the conformance suite, the token engine's tests, and what is true of a server alone.
//!
//! The server is a throw-away one, see `lanyard_testbed::cluster`, or the one that `TEST_DATABASE_URL` names.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

mod addresses;
#[path = "../conformance/mod.rs"]
mod conformance;
mod faults;
mod locks;
mod migrations;
mod newer;
mod pooler;
#[path = "../service/mod.rs"]
mod service;
mod switchover;
mod urls;
mod words;

use lanyard_testbed::postgres::PostgresDatabase as Database;

conformance::conformance_suite!(crate::Database);
