//! SQLite: the conformance suite, the token engine's tests, and what is true of a file alone.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

mod addresses;
#[path = "../conformance/mod.rs"]
mod conformance;
mod faults;
mod file;
mod newer;
#[path = "../service/mod.rs"]
mod service;
mod urls;
mod words;

use lanyard_testbed::sqlite::SqliteFile as Database;

conformance::conformance_suite!(crate::Database);
