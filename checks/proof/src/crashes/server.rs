//! The server's process. For `campaign` alone.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::world::{ACCESS_TTL, ORIGIN, RETRY_WINDOW, SETTLE};

/// A server that is started again and again over the same folder and database.
pub struct Server {
    binary: PathBuf,
    folder: TempDir,
    database: String,
    running: Option<Child>,
}

impl Server {
    /// Without a database of its own, a SQLite file in its folder. Nothing is started yet.
    pub fn new(binary: &Path, database: Option<String>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = || format!("sqlite:{}", folder.path().join("data/lanyard.db").display());
        let database = database.unwrap_or_else(file);
        Ok(Self { binary: binary.to_owned(), folder, database, running: None })
    }

    /// What `lanyard_store::open` takes.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Starts it; returns where it listens once it does.
    pub fn start(&mut self) -> anyhow::Result<SocketAddr> {
        for _ in 0..3 {
            if let Some((child, address)) = lanyard_testbed::server::start(&mut self.command()?) {
                self.running = Some(child);
                return Ok(address);
            }
        }
        bail!("the server did not start: {}", self.log())
    }

    /// Starts it, and kills it so long after, whether it listens by then or not.
    pub fn start_and_kill(&mut self, after: Duration) -> anyhow::Result<()> {
        let mut child = self.command()?.args(["--addr", "127.0.0.1:0"]).stdout(Stdio::null()).spawn()?;
        sleep(after);
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Orders it to die at this place, when that is reached for the n-th time.
    pub fn arm(&mut self, place: &str, nth: usize) -> anyhow::Result<()> {
        let orders = self.running.as_mut().and_then(|child| child.stdin.as_mut());
        writeln!(orders.context("no server is running")?, "{place} {nth}")?;
        Ok(())
    }

    /// Whether it has died.
    pub fn is_dead(&mut self) -> anyhow::Result<bool> {
        match &mut self.running {
            Some(child) => Ok(child.try_wait()?.is_some()),
            None => Ok(true),
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.running.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// What it said that went wrong.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"))?;
        let mut command = Command::new(&self.binary);
        command.env_clear().env("RUST_LOG", "error").env("DATABASE_URL", &self.database);
        command.env("LANYARD_PUBLIC_URL", ORIGIN).arg("--data-dir").arg(self.folder.path().join("data"));
        for (flag, duration) in
            [("--retry-window", RETRY_WINDOW), ("--settle", SETTLE), ("--access-ttl", ACCESS_TTL)]
        {
            command.arg(flag).arg(format!("{}ms", duration.as_millis()));
        }
        command.stdin(Stdio::piped()).stderr(log);
        Ok(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
