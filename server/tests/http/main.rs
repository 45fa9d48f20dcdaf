//! The wire, from outside: the real binary on a free port, a folder of its own, SQLite, and every header in
//! sight. Time is moved in the database rather than waited for, wherever the rule allows it.

// For clippy, which otherwise takes only the #[test] functions themselves for tests.
#![cfg(test)]

mod access;
mod account;
mod admin;
mod admin_lists;
mod answer;
mod bad_input;
mod command;
mod configuration;
mod connections;
mod cross_site;
mod fields;
mod forms;
mod idempotency;
mod key_files;
mod log;
mod lost_keys;
mod notices;
mod pages;
mod person;
mod readiness;
mod refresh_desk;
mod revocation;
mod rotation;
mod routes;
mod secrets;
mod server;
mod sessions;
mod sign_in;
mod sign_out;
mod signals;
mod start;
mod theft;
mod throttle;
