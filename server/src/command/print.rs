//! How the commands say what was asked for.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use lanyard_auth::text::is_legible;
use serde::Serialize;

use super::Failure;

/// One value as JSON, on lines.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    Ok(put(&serde_json::to_string_pretty(value)?)?)
}

/// One sentence.
pub fn line(text: &str) -> Result<(), Failure> {
    Ok(put(&plain(text))?)
}

/// Rows under their headings, each column as wide as its widest cell.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| plain(cell))).collect();
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let headings = headings.map(str::to_owned);
    let lines = std::iter::once(&headings).chain(&rows).map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    Ok(put(&lines.collect::<Vec<_>>().join("\n"))?)
}

/// A moment, in seconds since the Unix epoch.
pub fn moment(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let at = UNIX_EPOCH.checked_add(since).map(humantime::format_rfc3339_seconds);
    let mut text = String::new();
    // It fails from the year 10,000 on.
    match at.map(|at| write!(text, "{at}")) {
        Some(Ok(())) => text,
        Some(Err(_)) | None => seconds.to_string(),
    }
}

/// What somebody wrote, without what a terminal would obey or hide.
fn plain(text: &str) -> String {
    if is_legible(text) {
        return text.to_owned();
    }
    let as_is = |c: &char| c.is_ascii_graphic() || *c == ' ';
    text.chars().map(|c| if as_is(&c) { c.to_string() } else { c.escape_debug().to_string() }).collect()
}

/// Whoever reads no further than he likes, as `head` does, has done nothing wrong.
fn put(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_shown_letters_and_obeys_none() {
        assert_eq!(plain("Zoë O'Hara \\ \"x\" 数"), "Zoë O'Hara \\ \"x\" 数");
        assert_eq!(plain("संयुक्ता علی\u{200c}رضا"), "संयुक्ता علی\u{200c}رضا");
        assert_eq!(plain("a\u{1b}[2J\u{202e}b\r\n\u{9b}"), "a\\u{1b}[2J\\u{202e}b\\r\\n\\u{9b}");
    }

    #[test]
    fn moments_are_said_as_rfc_3339_has_it() {
        assert_eq!(moment(1_800_000_000), "2027-01-15T08:00:00Z");
        for impossible in [i64::MIN, -1, i64::MAX] {
            assert!(!moment(impossible).is_empty());
        }
    }
}
