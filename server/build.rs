//! Tells cargo that the release binary carries `target/site`: rust-embed watches the files that were there,
//! not those that came later.
#![allow(clippy::print_stdout, reason = "how a build script talks to cargo")]

fn main() {
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../target/site");
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
}
