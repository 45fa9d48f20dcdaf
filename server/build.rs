//! Tells cargo that the release binary carries `target/site`: rust-embed watches the files that were there,
//! not those that came later. And makes that folder, if there is none yet: a debug binary that was compiled without
//! it would never find what is put there afterwards.
#![allow(clippy::print_stdout, reason = "how a build script talks to cargo")]

fn main() {
    // Where that can't be, nothing can be put there either.
    let _ = std::fs::create_dir_all("../target/site");
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../target/site");
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
}
