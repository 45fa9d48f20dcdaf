//! Configuration: flags of the one binary, each with an environment variable.
//!
//! What can't be right is refused here, before anything is opened, in one clear sentence.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use http::Uri;
use lanyard_auth::access::SigningAlgorithm;
use lanyard_auth::rotation::{BadLimits, LONGEST, Limits};
use lanyard_store::Place;

use crate::client_address::Source;
use crate::command::{sessions, user};

/// Sign people in, keep them signed in: short-lived access tokens, rotating refresh tokens.
#[derive(Debug, Parser)]
#[command(name = "lanyard", version)]
pub struct Cli {
    /// What to do; serve when nothing is said.
    #[command(subcommand)]
    command: Option<Command>,
    /// Where everything is kept, wherever on the line that is said.
    #[command(flatten)]
    kept: Kept,
    #[command(flatten)]
    serve: Flags,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the app (the default)
    Serve(Box<Flags>),
    /// Bring the database's tables up to date, as serve does, and do nothing else
    Migrate,
    /// See, make, close and change accounts
    User(user::User),
    /// See and end sessions
    Sessions(sessions::Sessions),
}

/// The flags of `lanyard serve`.
#[derive(Clone, Debug, Args)]
pub struct Flags {
    /// Address to listen on
    #[arg(long, env = "LANYARD_ADDR", default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// The origin at which browsers reach the app; the default is http://localhost and the port of --addr
    #[arg(long, env = "LANYARD_PUBLIC_URL")]
    public_url: Option<String>,
    /// How long an access token lives
    #[arg(long, env = "LANYARD_ACCESS_TTL", default_value = "15m", value_parser = duration)]
    access_ttl: Duration,
    /// A session ends when it was not renewed for so long
    #[arg(long, env = "LANYARD_IDLE_TTL", default_value = "7d", value_parser = duration)]
    idle_ttl: Duration,
    /// A session ends so long after its sign-in, whatever happens
    #[arg(long, env = "LANYARD_ABSOLUTE_TTL", default_value = "30d", value_parser = duration)]
    absolute_ttl: Duration,
    /// So long after a rotation a retry gets the same refresh token again
    #[arg(long, env = "LANYARD_RETRY_WINDOW", default_value = "30s", value_parser = duration)]
    retry_window: Duration,
    /// So long after a rotation the use of an old refresh token is judged as theft
    #[arg(long, env = "LANYARD_SETTLE", default_value = "120s", value_parser = duration)]
    settle: Duration,
    /// How access tokens are signed
    #[arg(long, env = "LANYARD_SIGNING_ALG", default_value = "EdDSA")]
    signing_alg: SigningAlg,
    /// Where a client's address is told: by the connection itself, or by the header that the proxy in front sets
    #[arg(
        long,
        env = "LANYARD_CLIENT_IP",
        default_value = "ConnectInfo",
        value_name = "SOURCE",
        ignore_case = true
    )]
    client_ip: Source,
    /// Whether an ended session's access tokens are refused at once, or run to their expiry (then no call looks at
    /// anything but the token itself)
    #[arg(long, env = "LANYARD_REVOCATION", default_value = "immediate")]
    revocation: Revocation,
    /// So long entries of the audit log are kept
    #[arg(long, env = "LANYARD_AUDIT_TTL", default_value = "90d", value_parser = duration)]
    audit_ttl: Duration,
    /// Where /metrics is served, for Prometheus; nowhere by default. Keep it private
    #[arg(long, env = "LANYARD_METRICS_ADDR")]
    metrics_addr: Option<SocketAddr>,
    /// Make two demo accounts and print their passwords; on loopback addresses only
    #[arg(long, env = "LANYARD_DEMO", value_parser = clap::builder::FalseyValueParser::new())]
    demo: bool,
}

/// Where everything is kept: the flags that all commands share, before or behind the command.
#[derive(Clone, Args)]
pub struct Kept {
    /// Database: sqlite:path or postgres://...; the default is a SQLite file in the data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// Folder for keys and the database; `serve` makes it if it isn't there
    #[arg(long, env = "LANYARD_DATA_DIR", default_value = "data", global = true)]
    data_dir: PathBuf,
}

impl Kept {
    /// Where the database is: in the data folder, unless a URL says otherwise.
    pub fn database(&self) -> Place {
        match &self.database_url {
            Some(url) => Place::from(url),
            None => Place::from(self.data_dir.join("lanyard.db")),
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SigningAlg {
    #[value(name = "EdDSA", alias = "eddsa")]
    EdDsa,
    #[value(name = "RS256", alias = "rs256")]
    Rs256,
    #[value(name = "ES256", alias = "es256")]
    Es256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Revocation {
    Immediate,
    Stateless,
}

/// What the flags add up to.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on.
    pub addr: SocketAddr,
    /// Our own origin, without a slash at its end.
    pub public_url: String,
    /// Where the database is.
    pub database: Place,
    /// The folder for keys and the database.
    pub data_dir: PathBuf,
    /// How long an access token lives.
    pub access_ttl: Duration,
    /// The rotation rule's durations.
    pub limits: Limits,
    /// How access tokens are signed.
    pub signing_alg: SigningAlgorithm,
    /// Where a client's address is told.
    pub client_ip: Source,
    /// Whether an ended session's access tokens are refused at once.
    pub immediate_revocation: bool,
    /// How long entries of the audit log are kept.
    pub audit_ttl: Duration,
    /// Where metrics are served.
    pub metrics_addr: Option<SocketAddr>,
    /// Whether to make the demo accounts.
    pub demo: bool,
}

/// A configuration that can't be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// The public URL is no origin.
    #[error("--public-url must be an origin such as https://example.com, without a path: {0}")]
    PublicUrl(String),
    /// The durations don't fit together.
    #[error("--retry-window {retry_window:?}, --settle {settle:?}, --idle-ttl {idle:?}, --absolute-ttl {absolute:?}: {why}",
        retry_window = limits.retry_window, settle = limits.settle, idle = limits.idle, absolute = limits.absolute)]
    Limits {
        /// What was asked for.
        limits: Limits,
        /// Why it can't be.
        why: BadLimits,
    },
    /// A session would be over before its access token.
    #[error(
        "--access-ttl {access:?} must be shorter than --idle-ttl {idle:?}: a renewal that is in time would find the session idle"
    )]
    AccessAboveIdle {
        /// How long an access token was to live.
        access: Duration,
        /// How long a session may idle.
        idle: Duration,
    },
    /// Access tokens count in whole seconds.
    #[error("--access-ttl must be whole seconds, at least one: a JWT counts in nothing smaller")]
    AccessTtl,
    /// What people are shown is in it.
    #[error("--audit-ttl must be at least 30d: for so long people are shown what happened to their accounts")]
    AuditTtl,
    /// Demo accounts with printed passwords, open to a network.
    #[error(
        "--demo makes accounts whose passwords are printed, so it only works on a loopback address, not on {0}"
    )]
    DemoInPublic(SocketAddr),
}

impl Cli {
    /// Reads a line. What only `serve` takes is refused before another command's name, or it would count for nothing. An
    /// environment variable that is empty counts as unset, as compose files and unit files leave it.
    ///
    /// # Errors
    /// Those of clap, each with its own way to end the program.
    pub fn read(line: impl IntoIterator<Item: Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let mut grammar = without_empty_variables(<Self as CommandFactory>::command());
        let matches = grammar.try_get_matches_from_mut(line)?;
        let typed =
            |arg: &&clap::Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        let misplaced = grammar.get_arguments().filter(|arg| !arg.is_global_set()).find(typed);
        if let (Some(arg), Some(name)) = (misplaced, matches.subcommand_name()) {
            let words = format!("'{arg}' can't stand before '{name}'");
            return Err(grammar.error(ErrorKind::ArgumentConflict, words));
        }
        Self::from_arg_matches(&matches)
    }

    /// The command that was given, and where everything is kept.
    pub fn command(self) -> (Command, Kept) {
        (self.command.unwrap_or_else(|| Command::Serve(Box::new(self.serve))), self.kept)
    }
}

/// Above this an access token is hardly short-lived.
const LONG_ACCESS: Duration = Duration::from_secs(24 * 3600);

/// So long somebody is shown what happened to his account.
pub const SHOWN: Duration = Duration::from_secs(30 * 24 * 3600);

impl Config {
    /// What these flags add up to.
    ///
    /// # Errors
    /// [`BadConfig`], in one sentence.
    pub fn new(flags: Flags, kept: Kept) -> Result<Self, BadConfig> {
        let limits = Limits {
            retry_window: flags.retry_window,
            settle: flags.settle,
            idle: flags.idle_ttl,
            absolute: flags.absolute_ttl,
        };
        limits.check().map_err(|why| BadConfig::Limits { limits, why })?;
        if flags.access_ttl.is_zero() || flags.access_ttl.subsec_nanos() != 0 {
            return Err(BadConfig::AccessTtl);
        }
        // And so below the absolute limit, which the idle limit is never above.
        if flags.access_ttl >= limits.idle {
            return Err(BadConfig::AccessAboveIdle { access: flags.access_ttl, idle: limits.idle });
        }
        if flags.audit_ttl < SHOWN {
            return Err(BadConfig::AuditTtl);
        }
        if flags.demo && !flags.addr.ip().is_loopback() {
            return Err(BadConfig::DemoInPublic(flags.addr));
        }
        Ok(Self {
            addr: flags.addr,
            public_url: match &flags.public_url {
                Some(url) => origin(url)?,
                None => origin(&format!("http://localhost:{}", flags.addr.port()))?,
            },
            database: kept.database(),
            data_dir: kept.data_dir,
            access_ttl: flags.access_ttl,
            limits,
            signing_alg: match flags.signing_alg {
                SigningAlg::EdDsa => SigningAlgorithm::EdDsa,
                SigningAlg::Rs256 => SigningAlgorithm::Rs256,
                SigningAlg::Es256 => SigningAlgorithm::Es256,
            },
            client_ip: flags.client_ip,
            immediate_revocation: flags.revocation == Revocation::Immediate,
            audit_ttl: flags.audit_ttl,
            metrics_addr: flags.metrics_addr,
            demo: flags.demo,
        })
    }

    /// Whether browsers reach us by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether the public URL means the machine of whoever opens it (RFC 6761, 6.3), which others serve on too.
    pub fn is_on_this_machine(&self) -> bool {
        let Ok(url) = self.public_url.parse::<Uri>() else { return false };
        let host = url.host().unwrap_or_default().trim_end_matches('.');
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost"
            || host.ends_with(".localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// What is allowed but worth a word at start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.limits.survives_killed_browsers() {
            warnings.push(format!(
                "the settling time of {} is short: a browser that is killed just after a renewal has not \
                 written its cookie yet and may have to sign in again (from 5/3 of --retry-window plus 30s on \
                 it does not)",
                humantime::format_duration(self.limits.settle)
            ));
        }
        if self.access_ttl > LONG_ACCESS {
            warnings.push(format!(
                "access tokens live for {}: for so long a copy of one is good, and a thief who renews is not noticed; \
                 15m is usual",
                humantime::format_duration(self.access_ttl)
            ));
        }
        if self.limits.idle <= self.access_ttl + self.limits.settle {
            warnings.push(format!(
                "--idle-ttl {} is not above --access-ttl and --settle together: that long may pass between two rotations, \
                 and whoever was there all the time is then signed out as idle",
                humantime::format_duration(self.limits.idle)
            ));
        }
        if !self.immediate_revocation {
            warnings.push(format!(
                "access tokens are checked without a look at what was ended: those of an ended session go on for up to {}",
                humantime::format_duration(self.access_ttl)
            ));
        }
        if let Some(addr) = self.metrics_addr.filter(|addr| !addr.ip().is_loopback()) {
            warnings.push(format!("whoever can reach {addr} reads the metrics; keep that network private"));
        }
        if !self.is_https() && !self.is_on_this_machine() {
            warnings.push(format!(
                "browsers refuse secure cookies from {}: nobody stays signed in there without https",
                self.public_url
            ));
        }
        warnings
    }
}

fn origin(text: &str) -> Result<String, BadConfig> {
    let bad = || BadConfig::PublicUrl(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| bad())?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(bad());
    };
    let default_port = if scheme == "https" { 443 } else { 80 };
    let host = authority.host().to_ascii_lowercase();
    // `Uri` drops fragments, and takes a port that is no number for none: nothing may be left over.
    let port = authority.port_u16();
    let rest = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    if uri.path_and_query().is_some_and(|rest| rest != "/")
        || host.is_empty()
        || text.contains('#')
        || port.map_or(!rest.is_empty(), |port| rest != format!(":{port}"))
    {
        return Err(bad());
    }
    // As browsers write it in the Origin header: lower case, without the scheme's own port.
    Ok(match port {
        Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    if let Some(unit) = text.split(|c: char| !c.is_alphabetic()).find(|unit| is_of_the_calendar(unit)) {
        return Err(format!(
            "`{unit}` is a month or a year, which have no fixed length: m is minutes, and 30d is a month"
        ));
    }
    let duration =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 15m, 4s or 30d"))?;
    if duration > LONGEST { Err("at most ten years make sense".to_owned()) } else { Ok(duration) }
}

/// Months and years, as `humantime` or people write them. Minutes are never meant by them, and always typed.
fn is_of_the_calendar(unit: &str) -> bool {
    let word = unit.to_lowercase();
    unit == "M"
        || ["mo", "mon", "month", "months", "y", "yr", "yrs", "year", "years"].contains(&word.as_str())
}

/// Without the variables that are set to nothing.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|it| it.is_empty());
    let unset = |arg: clap::Arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg };
    command.mut_args(unset).mut_subcommands(without_empty_variables)
}

#[cfg(test)]
pub mod tests;
