//! Starting programs, and the one error. Every other module of xtask calls this one.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a task stopped. The texts are for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("Could not {what} {}: {source}", path.display())]
    File {
        /// What was tried, such as `read`.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("Could not start `{command}`: {source}")]
    Start {
        /// Its command line.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ended with an error, which it has printed itself.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// Its command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// Something must be installed first.
    #[error("{what} is missing. Install it with:\n\n{commands}\n")]
    Missing {
        /// What.
        what: String,
        /// The commands that install it, one a line.
        commands: String,
    },
    /// A style sheet can't be put together.
    #[error("{}:{line}: {problem}", file.display())]
    Css {
        /// The file with the problem.
        file: PathBuf,
        /// Its line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// wasm-bindgen refused the module.
    #[error("wasm-bindgen: {0}")]
    Bindgen(String),
    /// A dependency that points the wrong way.
    #[error("{package} must not depend on {found}; `cargo tree --package {package}` shows how it does")]
    WrongDependency {
        /// Whose dependency.
        package: &'static str,
        /// On what, with its version.
        found: String,
    },
    /// A step of the tests failed.
    #[error("{problem}\n\nFailed: {step}")]
    Step {
        /// The step's name.
        step: &'static str,
        /// What went wrong.
        problem: Box<Error>,
    },
}

impl Error {
    /// For `map_err` after a file operation.
    pub fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { what, path: path.to_owned(), source }
    }
}

/// Where things are.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace that this xtask belongs to, from any folder inside it.
    ///
    /// # Errors
    /// [`Error::File`] when it has been moved away.
    pub fn find() -> Result<Self, Error> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&xtask).join("..");
        let root = root.canonicalize().map_err(Error::file("find", &root))?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir().map_err(Error::file("find", &root))?.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// A program, to be run in the workspace's root.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that started this.
    pub fn cargo(&self) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Set while compiling, it would be baked into the WASM's address.
        command.env_remove("LEPTOS_OUTPUT_NAME").env("CARGO_TARGET_DIR", &self.target);
        command
    }
}

/// Runs a program to its end, with its output on the terminal.
///
/// # Errors
/// [`Error::Start`] and [`Error::Failed`].
pub fn run(command: &mut Command) -> Result<(), Error> {
    println!("$ {}", line(command));
    let status = command.status().map_err(|source| Error::Start { command: line(command), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}

/// Runs a program to its end and returns what it printed on standard output.
///
/// # Errors
/// [`Error::Start`] and [`Error::Failed`].
pub fn output(command: &mut Command) -> Result<String, Error> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Start { command: line(command), source })?;
    if !output.status.success() {
        return Err(Error::Failed { command: line(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program runs and succeeds; prints nothing.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command line, as one would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words: Vec<_> =
        std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}
