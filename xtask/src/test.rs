//! Every check there is, step by step. The first that fails ends it. Called by the command line.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::Args;

use crate::run::{Error, Workspace, output, run};
use crate::{prove, serve, tools};

/// What of the tests to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Only formatting, lints, Rust tests and the quick proofs
    #[arg(long, group = "half")]
    rust: bool,
    /// Only the build and Playwright
    #[arg(long, group = "half")]
    e2e: bool,
    /// Passed on to the one half's test runner, such as a filter
    #[arg(last = true, value_name = "ARGUMENTS", requires = "half")]
    arguments: Vec<OsString>,
}

type Check = fn(&Workspace, &[OsString]) -> Result<(), Error>;

const RUST: [(&str, Check); 7] = [
    ("Formatting", formatting),
    ("Lints", lints),
    ("Lints for the browser", browser_lints),
    ("Directions of dependencies", dependencies),
    ("Licences and advisories", deny),
    ("Rust tests", rust_tests),
    ("Proofs, the quick ones", proofs),
];

const E2E: [(&str, Check); 4] = [
    ("Browsers and npm packages", |workspace, _| tools::playwright(workspace).map(drop)),
    ("Types of the browser tests", types),
    ("Build", |workspace, _| serve::build(workspace, false).map(drop)),
    ("Playwright in Chromium, Firefox and WebKit", playwright),
];

/// Runs the checks in order, each under a headline, until one fails.
///
/// # Errors
/// [`Error::Step`], which names the step.
pub fn test(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    let rust = RUST.iter().filter(|_| !options.e2e);
    let e2e = E2E.iter().filter(|_| !options.rust);
    let steps: Vec<_> = rust.chain(e2e).collect();
    let started = now();
    for (index, (step, check)) in steps.iter().enumerate() {
        println!("\n━━ {}/{} {step}", index + 1, steps.len());
        let started = now();
        check(workspace, &options.arguments)
            .map_err(|problem| Error::Step { step, problem: Box::new(problem) })?;
        println!("   {step}: {}", since(started));
    }
    println!("\nAll {} steps passed in {}.", steps.len(), since(started));
    Ok(())
}

/// For the durations that are printed; no test depends on it.
#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

fn since(started: Instant) -> String {
    let passed = now().duration_since(started);
    if passed < Duration::from_secs(60) {
        return format!("{:.1} s", passed.as_secs_f64());
    }
    format!("{} min {} s", passed.as_secs() / 60, passed.as_secs() % 60)
}

fn formatting(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    tools::components(workspace)?;
    run(workspace.cargo().args(["fmt", "--all", "--", "--check"]))
}

fn lints(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn browser_lints(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    tools::wasm_target(workspace)?;
    run(workspace
        .cargo()
        .args(["clippy", "--package", "lanyard-frontend", "--package", "lanyard-app"])
        .args(["--features", "lanyard-app/hydrate", "--target", "wasm32-unknown-unknown"])
        .args(["--", "-D", "warnings"]))
}

/// The two engines stay free of frameworks and of the rest of the workspace.
fn dependencies(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    for package in ["lanyard-client", "lanyard-auth"] {
        let mut tree = workspace.cargo();
        tree.args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none"]);
        if let Some(found) = output(&mut tree)?.lines().find(|dependency| is_foreign(package, dependency)) {
            return Err(Error::WrongDependency { package, found: found.to_owned() });
        }
        println!("{package} depends on none of leptos, axum, sqlx, web-sys or our other packages");
    }
    Ok(())
}

/// Whether a line of `cargo tree`, such as `axum-core v0.5.0`, is none of `package`'s business.
fn is_foreign(package: &str, dependency: &str) -> bool {
    let name = dependency.split_whitespace().next().unwrap_or_default();
    let family =
        |of: &str| name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
    name != package && ["axum", "lanyard", "leptos", "sqlx", "web-sys"].into_iter().any(family)
}

fn deny(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    if tools::has_cargo(workspace, "deny") {
        return run(workspace.cargo().args(["deny", "check"]));
    }
    println!("Skipped: cargo-deny is not installed (cargo install --locked cargo-deny).");
    Ok(())
}

fn rust_tests(workspace: &Workspace, arguments: &[OsString]) -> Result<(), Error> {
    tools::postgres(workspace)?;
    if !tools::has_cargo(workspace, "nextest") {
        return run(workspace.cargo().args(["test", "--workspace"]).args(arguments));
    }
    run(workspace.cargo().args(["nextest", "run", "--workspace"]).args(arguments))?;
    // `.config/nextest.toml` says why these are left out above; asked for something else, it stays out.
    if arguments.is_empty() {
        run(workspace.cargo().args(["test", "--package", "lanyard-store", "--test", "postgres"]))?;
    }
    // nextest leaves out the examples in the documentation.
    run(workspace.cargo().args(["test", "--workspace", "--doc"]))
}

fn proofs(workspace: &Workspace, arguments: &[OsString]) -> Result<(), Error> {
    // A filter names Rust tests.
    if !arguments.is_empty() {
        return Ok(());
    }
    prove::prove(workspace, &prove::Options { chapters: Vec::new(), quick: true })
}

fn types(workspace: &Workspace, _: &[OsString]) -> Result<(), Error> {
    let folder = tools::playwright(workspace)?;
    run(workspace.command("node").args(["node_modules/typescript/bin/tsc", "--noEmit"]).current_dir(folder))
}

fn playwright(workspace: &Workspace, arguments: &[OsString]) -> Result<(), Error> {
    let folder = tools::playwright(workspace)?;
    run(workspace
        .command("node")
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .args(arguments)
        .env("LANYARD_BIN", serve::binary(workspace, false))
        .current_dir(folder))
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn frameworks_and_our_other_packages_are_foreign() {
        for foreign in
            ["axum v0.8.9", "axum-core v0.5.0", "leptos_axum v0.8.10", "sqlx-core v0.9.0", "web-sys v0.3.0"]
        {
            assert!(is_foreign("lanyard-auth", foreign), "{foreign}");
        }
        assert!(is_foreign("lanyard-client", "lanyard-auth v0.1.0 (/somewhere)"));
    }

    #[test]
    fn the_package_itself_and_plain_libraries_are_not() {
        for own in ["lanyard-auth v0.1.0 (/somewhere)", "serde v1.0.0", "axumatic v1.0.0", "webpki v1.0.0"] {
            assert!(!is_foreign("lanyard-auth", own), "{own}");
        }
    }
}
