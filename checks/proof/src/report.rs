//! What was shown: a line when it happens, and a table of all of it at the end.
#![allow(clippy::print_stdout, reason = "progress is printed")]

use std::fmt;
use std::time::Instant;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};

/// Everything that was shown or refuted.
#[derive(Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct Finding {
    chapter: String,
    claim: String,
    figure: String,
    mark: Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Shown,
    Refuted,
    Measured,
}

/// The part of the report that one chapter writes.
#[derive(Debug)]
pub struct Chapter<'a> {
    report: &'a mut Report,
    name: String,
    started: Instant,
}

impl Report {
    /// Opens a chapter.
    pub fn chapter(&mut self, name: String) -> Chapter<'_> {
        println!("\n━━ {name}");
        Chapter { report: self, name, started: now() }
    }

    /// Whether nothing was refuted.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.mark != Mark::Refuted)
    }
}

impl Chapter<'_> {
    /// Says what is going on, for whoever waits.
    pub fn progress(&self, doing: impl fmt::Display) {
        println!("   {:>6.1} s  {doing}", now().duration_since(self.started).as_secs_f64());
    }

    /// A claim held; the figure says by how much, or how often it was tried.
    pub fn shown(&mut self, claim: impl Into<String>, figure: impl Into<String>) {
        self.note(claim.into(), figure.into(), Mark::Shown);
    }

    /// A claim did not hold.
    pub fn refuted(&mut self, claim: impl Into<String>, why: impl Into<String>) {
        self.note(claim.into(), why.into(), Mark::Refuted);
    }

    /// A figure that nothing was asked of: it is this machine's.
    pub fn measured(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.note(what.into(), figure.into(), Mark::Measured);
    }

    /// A claim with its figure, or with what refuted it: the others go on.
    pub fn outcome(&mut self, claim: impl Into<String>, outcome: anyhow::Result<String>) {
        match outcome {
            Ok(figure) => self.shown(claim, figure),
            Err(why) => self.refuted(claim, format!("{why:#}")),
        }
    }

    fn note(&mut self, claim: String, figure: String, mark: Mark) {
        self.progress(format!("{} {claim}: {figure}", mark.sign()));
        self.report.findings.push(Finding { chapter: self.name.clone(), claim, figure, mark });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(120).set_header(["", "Chapter", "Claim", "Figure"]);
        for Finding { chapter, claim, figure, mark } in &self.findings {
            table.add_row([mark.sign(), chapter, claim, figure]);
        }
        write!(f, "\n{table}")
    }
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Shown => "✓",
            Self::Refuted => "✗",
            Self::Measured => "·",
        }
    }
}

/// For the durations that are printed, and the ratios of latencies; no claim depends on the hour.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Instant {
    Instant::now()
}
