//! What must be installed, and installing it. Called by `serve`, `prove` and `test`.
//!
//! rustup's target and components and npm's packages are installed without asking; they stay inside the
//! toolchain and the workspace. A browser belongs to the machine: its command is printed, and only CI runs it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Error, Workspace, output, run, succeeds};

const WASM: &str = "wasm32-unknown-unknown";

/// Sees to it that Rust can compile for browsers.
///
/// # Errors
/// [`Error::Missing`] without rustup.
pub fn wasm_target(workspace: &Workspace) -> Result<(), Error> {
    let libraries = output(workspace.command("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    rustup(workspace, "Rust's target for browsers", &["target", "add", WASM])
}

/// Sees to it that rustfmt and clippy are there.
///
/// # Errors
/// [`Error::Missing`] without rustup.
pub fn components(workspace: &Workspace) -> Result<(), Error> {
    let there = |subcommand| succeeds(workspace.cargo().args([subcommand, "--version"]));
    if there("fmt") && there("clippy") {
        return Ok(());
    }
    rustup(workspace, "rustfmt or clippy", &["component", "add", "rustfmt", "clippy"])
}

fn rustup(workspace: &Workspace, what: &str, arguments: &[&str]) -> Result<(), Error> {
    if !succeeds(workspace.command("rustup").arg("--version")) {
        return Err(missing(what, &[&format!("rustup {}", arguments.join(" "))]));
    }
    run(workspace.command("rustup").args(arguments))
}

/// Whether this subcommand of cargo is installed.
pub fn has_cargo(workspace: &Workspace, subcommand: &str) -> bool {
    succeeds(workspace.cargo().args([subcommand, "--version"]))
}

/// Sees to it that tests and proofs find a Postgres server to start (`checks/testbed/src/cluster.rs` looks in the same
/// places), or one to use.
///
/// # Errors
/// [`Error::Missing`] without either.
pub fn postgres(workspace: &Workspace) -> Result<(), Error> {
    if env::var_os("TEST_DATABASE_URL").is_some() || has_postgres(workspace) {
        return Ok(());
    }
    let apt = ["install", "-y", "--no-install-recommends", "postgresql"];
    if may_use_apt(workspace) {
        run(workspace.command("apt-get").arg("update"))?;
        run(workspace.command("apt-get").args(apt))?;
        if has_postgres(workspace) {
            return Ok(());
        }
    }
    let debian = format!("apt-get {}    # Debian, as root", apt.join(" "));
    let given = "or set TEST_DATABASE_URL to a database whose user may create others";
    Err(missing("Postgres's server, to test with", &[&debian, given]))
}

fn has_postgres(workspace: &Workspace) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let config = output(workspace.command("pg_config").arg("--bindir"));
    let config = config.ok().map(|folder| PathBuf::from(folder.trim()));
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let mut folders = env::split_paths(&path).chain(config).chain(debian);
    folders.any(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Sees to it that Playwright is installed as `package-lock.json` says, and that it finds its browsers: Chromium,
/// Firefox and, where Debian's packages are to be had, WebKit. Returns its folder.
///
/// # Errors
/// [`Error::Missing`] without Node or a browser.
pub fn playwright(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.root.join("end2end");
    if !succeeds(workspace.command("node").arg("--version"))
        || !succeeds(workspace.command("npm").arg("--version"))
    {
        return Err(missing(
            "Node.js (20 or newer, with npm)",
            &["apt-get install -y nodejs npm    # or https://nodejs.org"],
        ));
    }
    packages(workspace, &folder)?;
    browsers(workspace, &folder)?;
    Ok(folder)
}

/// `npm ci`, when the lock file is not the one that was installed last.
fn packages(workspace: &Workspace, folder: &Path) -> Result<(), Error> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(Error::file("read", &lock))?;
    let installed = folder.join("node_modules").join(".installed-lock.json");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    run(workspace.command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    fs::write(&installed, wanted).map_err(Error::file("write", &installed))
}

fn browsers(workspace: &Workspace, folder: &Path) -> Result<(), Error> {
    let lacking = lacking_browsers(workspace, folder)?;
    if lacking.is_empty() {
        return Ok(());
    }
    let mut apt = vec!["install", "-y", "--no-install-recommends"];
    apt.extend(lacking.iter().flat_map(|name| debian_packages(name)));
    if may_use_apt(workspace) {
        run(workspace.command("apt-get").arg("update"))?;
        run(workspace.command("apt-get").args(&apt))?;
        if lacking_browsers(workspace, folder)?.is_empty() {
            return Ok(());
        }
    }
    let what = format!("A browser ({})", lacking.join(", "));
    let mut commands = vec![format!("apt-get {}    # Debian, as root", apt.join(" "))];
    // WebKit is asked for on Debian alone, and of Playwright's own there is no use.
    let own: Vec<_> = lacking.into_iter().filter(|name| name != "webkit").collect();
    if !own.is_empty() {
        let own = own.join(" ");
        commands
            .push(format!("cd end2end && npx playwright install {own}    # Playwright's own, anywhere else"));
        commands.push("or set CHROMIUM_PATH and FIREFOX_PATH to the ones that you have".to_owned());
    }
    Err(missing(&what, &commands.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// What a browser takes on Debian.
fn debian_packages(browser: &str) -> &[&str] {
    match browser {
        "firefox" => &["firefox-esr"],
        "webkit" => &["webkit2gtk-driver", "xvfb", "openssl"],
        _ => &["chromium"],
    }
}

/// The browsers that the tests would not find. `browsers.mjs` holds the rule, for its configuration too.
fn lacking_browsers(workspace: &Workspace, folder: &Path) -> Result<Vec<String>, Error> {
    let names = output(workspace.command("node").arg("browsers.mjs").current_dir(folder))?;
    Ok(names.split_whitespace().map(str::to_owned).collect())
}

/// A CI machine is thrown away afterwards; nobody minds what is installed there.
fn may_use_apt(workspace: &Workspace) -> bool {
    let ci = env::var_os("CI").is_some_and(|value| value == "true" || value == "1");
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    ci && root && succeeds(workspace.command("apt-get").arg("--version"))
}

fn missing(what: &str, commands: &[&str]) -> Error {
    let commands: Vec<_> = commands.iter().map(|command| format!("    {command}")).collect();
    Error::Missing { what: what.to_owned(), commands: commands.join("\n") }
}
