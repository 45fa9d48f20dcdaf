//! The server's build, and running it with the demo accounts. Called by the command line and `test`.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{Error, Workspace, line, run};
use crate::{site, tools};

/// Builds the site, then the server; returns the binary.
///
/// # Errors
/// See [`Error`].
pub fn build(workspace: &Workspace, release: bool) -> Result<PathBuf, Error> {
    tools::wasm_target(workspace)?;
    site::build(workspace, release)?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "lanyard-server"]);
    if release {
        cargo.arg("--release");
    }
    run(&mut cargo)?;
    Ok(binary(workspace, release))
}

/// Where [`build`] leaves the binary.
pub fn binary(workspace: &Workspace, release: bool) -> PathBuf {
    let name = format!("lanyard{}", env::consts::EXE_SUFFIX);
    workspace.target.join(if release { "release" } else { "debug" }).join(name)
}

/// Builds, then becomes the server. It runs in the workspace's root, where its database is `data`, with the
/// demo accounts unless `LANYARD_DEMO` says otherwise.
///
/// # Errors
/// See [`Error`].
pub fn serve(workspace: &Workspace, release: bool, flags: &[OsString]) -> Result<(), Error> {
    let mut server = workspace.command(build(workspace, release)?);
    if env::var_os("LANYARD_DEMO").is_none() {
        server.arg("--demo");
    }
    server.args(flags);
    println!("$ {}", line(&server));
    become_program(server)
}

/// On Unix the server takes this process's place, so that Ctrl-C and signals reach nobody else and the
/// terminal comes back only once it has stopped.
#[cfg(unix)]
fn become_program(mut server: Command) -> Result<(), Error> {
    use std::os::unix::process::CommandExt as _;
    let source = server.exec();
    Err(Error::Start { command: line(&server), source })
}

#[cfg(not(unix))]
fn become_program(mut server: Command) -> Result<(), Error> {
    run(&mut server)
}
