//! Being told to stop. For `main` alone.
//!
//! Listened for before anything else is done: the first process of a container has no default for SIGTERM, so that one
//! that comes while nobody listens is lost. The last signal counts once more, for whoever doesn't want to wait.

use std::io;

/// The signals that end a program.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    _file_too_long: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // A log or a database at the process's limit for files is an error like a full disk, and not the end.
            _file_too_long: signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?,
        })
    }

    /// Waits for the next one; the exit code that says which (128 and its number, as shells have it).
    #[cfg(unix)]
    pub async fn next(&mut self) -> u8 {
        tokio::select! {
            Some(()) = self.interrupt.recv() => 130,
            Some(()) = self.terminate.recv() => 143,
            else => std::future::pending().await,
        }
    }

    /// The next one ends the program, whatever it is waiting for: the main thread may be waiting for a password.
    pub fn end_at_once(mut self) {
        tokio::spawn(async move {
            let code = self.next().await;
            std::process::exit(code.into());
        });
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for Ctrl-C.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        130
    }
}
