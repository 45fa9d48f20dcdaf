//! What the server says on standard output and standard error. Whatever can't be said is lost, and nothing else is:
//! a full disk, a pipe whose reader is gone or has stopped reading, hold up nobody.
//!
//! So nothing in this crate uses Rust's own print macros, which panic where they can't write. Called by `main`.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::EnvFilter;

/// What is logged when nobody says otherwise.
const USUAL: &str = "info";

/// A reader that pauses for so long loses the first lines. After that nobody waits until it goes on.
const PAUSE: Duration = Duration::from_millis(50);

/// How many lines were lost since the last one that was written.
static LOST: Mutex<u64> = Mutex::new(0);

/// Logs from now on, as `RUST_LOG` says, and says what is wrong with that.
pub fn start(asked: Option<OsString>) {
    let (filter, complaint) = filter(asked.as_deref());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Line)
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .init();
    if let Some(complaint) = complaint {
        note(complaint);
    }
}

/// A panic is a line of the log like any other. Not through `tracing`, in the middle of which it may have happened.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        metrics::counter!("lanyard_panics_total").increment(1);
        let backtrace = std::backtrace::Backtrace::capture();
        let traced = backtrace.status() == std::backtrace::BacktraceStatus::Captured;
        say(&if traced { format!("lanyard: {info}\n{backtrace}") } else { format!("lanyard: {info}") });
    }));
}

/// What is allowed but worth a word.
pub fn note(text: impl Display) {
    say(&format!("lanyard: note: {text}"));
}

/// Why the program ends.
pub fn failed(error: impl Display) {
    say(&format!("lanyard: {error}"));
}

/// What somebody who starts a server wants to see, on standard output.
pub fn show(line: &str) {
    let _ = write_all(Stream::Output, format!("{line}\n").as_bytes(), PAUSE);
}

fn say(line: &str) {
    put(format!("{line}\n").as_bytes());
}

/// What `RUST_LOG` asks for, and what is wrong with it. Nothing at all counts as not set.
fn filter(asked: Option<&OsStr>) -> (EnvFilter, Option<String>) {
    let usual = || EnvFilter::new(USUAL);
    let Some(asked) = asked else { return (usual(), None) };
    let Some(text) = asked.to_str() else {
        return (usual(), Some(format!("RUST_LOG is no text, so it counts as {USUAL}")));
    };
    if text.split(',').all(|part| part.trim().is_empty()) {
        return (usual(), None);
    }
    match EnvFilter::builder().parse(text) {
        Ok(filter) => (filter, (!is_heard(text)).then(|| unheard(text))),
        Err(error) => (usual(), Some(format!("RUST_LOG={text:?} counts as {USUAL}: {error}"))),
    }
}

/// Whether it says anything about this program: a level for everybody, or something of ours.
fn is_heard(text: &str) -> bool {
    text.split(',').map(str::trim).any(|part| {
        let level = part.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
        level || part.starts_with("lanyard") || part.starts_with('[')
    })
}

fn unheard(text: &str) -> String {
    format!(
        "RUST_LOG={text:?} shows nothing of Lanyard's own; a level for everything is one of error, warn, info, debug, \
         trace and off"
    )
}

/// One line of the log.
struct Line;

impl io::Write for Line {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        put(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line, or counts it as lost. The next one that is written says how many were.
fn put(line: &[u8]) {
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    let pause = if *lost == 0 { PAUSE } else { Duration::ZERO };
    let told = match *lost {
        0 => Ok(()),
        lines => {
            let gap = format!("lanyard: note: {lines} lines of the log could not be written\n");
            write_all(Stream::Error, gap.as_bytes(), pause)
        }
    };
    if told.is_ok() {
        *lost = 0;
        if write_all(Stream::Error, line, pause).is_ok() {
            return;
        }
    }
    *lost = lost.saturating_add(1);
    metrics::counter!("lanyard_log_lines_lost_total").increment(1);
}

#[derive(Clone, Copy)]
enum Stream {
    Output,
    Error,
}

/// Writes all of it if that can be done without waiting for longer than `pause`.
#[cfg(unix)]
fn write_all(to: Stream, mut text: &[u8], pause: Duration) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::stdio::{stderr, stdout};

    /// So much a pipe takes at once if it takes anything (POSIX's PIPE_BUF, on Linux).
    const AT_ONCE: usize = 4096;

    let to = match to {
        Stream::Output => stdout(),
        Stream::Error => stderr(),
    };
    let pause = Timespec::try_from(pause).unwrap_or_default();
    while !text.is_empty() {
        let mut ready = [PollFd::new(&to, PollFlags::OUT)];
        match poll(&mut ready, Some(&pause)) {
            Ok(0) => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let part = text.get(..AT_ONCE.min(text.len())).unwrap_or(text);
        match rustix::io::write(to, part) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => text = text.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes all of it, however long that takes.
#[cfg(not(unix))]
fn write_all(to: Stream, text: &[u8], _: Duration) -> io::Result<()> {
    use std::io::Write as _;

    match to {
        Stream::Output => io::stdout().lock().write_all(text),
        Stream::Error => io::stderr().lock().write_all(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> (String, Option<String>) {
        let (filter, complaint) = filter(Some(OsStr::new(text)));
        (filter.to_string(), complaint)
    }

    #[test]
    fn nothing_in_rust_log_counts_as_not_set() {
        assert_eq!(filter(None).0.to_string(), "info");
        for text in ["", " ", ",", " , "] {
            assert_eq!(judged(text), ("info".to_owned(), None), "{text:?}");
        }
    }

    #[test]
    fn what_can_not_be_used_is_told_and_counts_as_not_set() {
        for text in ["lanyard=loud", "=", "info,lanyard=loud", "a=b=c"] {
            let (filter, complaint) = judged(text);
            assert_eq!(filter, "info", "{text:?}");
            assert!(complaint.is_some_and(|it| it.contains(&format!("{text:?}"))), "{text:?}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt as _;
            let (filter, complaint) = filter(Some(OsStr::from_bytes(b"\xff")));
            assert!(filter.to_string() == "info" && complaint.is_some());
        }
    }

    #[test]
    fn what_is_asked_for_is_done_and_a_word_that_is_no_level_told() {
        for text in ["warn", "off", "lanyard=debug", "sqlx=warn,info"] {
            assert_eq!(judged(text).1, None, "{text:?}");
        }
        for text in ["verbose", "hyper=trace"] {
            assert!(judged(text).1.is_some_and(|it| it.contains("nothing of Lanyard's")), "{text:?}");
        }
    }
}
