//! SQLite: the conformance suite, and what is true of a file alone.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

#[path = "../conformance/mod.rs"]
mod conformance;
mod faults;
mod file;
mod harness;
mod urls;

conformance::conformance_suite!(crate::harness::SqliteFile);
