//! The lanyard binary: configuration, then one of the commands, or the router and serving until it is told to stop.

mod activity;
mod api;
mod client_address;
mod command;
mod config;
mod connections;
mod demo;
#[cfg(feature = "failpoints")]
mod failpoints;
mod key_check;
mod keys;
mod layers;
mod log;
mod metrics;
mod readiness;
mod removal;
mod router;
mod signals;
mod site;

use std::error::Error;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use lanyard_app::session::PageSettings;
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::records::Records;
use lanyard_auth::scope::Role;
use lanyard_auth::service::Immediate;
use lanyard_auth::tasks::{Task, Tasks};
use lanyard_auth::time::Clock;
use lanyard_auth::{Service, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use activity::Activity;
use client_address::ClientAddress;
use config::{Cli, Command, Config};
use connections::Patience;
use readiness::Readiness;
use router::{App, router};
use signals::Signals;

/// So long confirmations that were noted may take to be written at the end, with a database that is away.
const FLUSH: Duration = Duration::from_secs(5);

/// What went wrong, in one sentence.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    log::catch_panics();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::failed(format_args!("the runtime can't be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run());
    // A password that is still being hashed holds up nobody.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    let done = match Signals::listen() {
        Ok(signals) => obey(signals).await,
        Err(error) => Err(format!("signals can't be listened for: {error}").into()),
    };
    done.unwrap_or_else(|error| {
        log::failed(error);
        ExitCode::FAILURE
    })
}

/// Does what the command line says, or ends when it is told to.
async fn obey(signals: Signals) -> Result<ExitCode, Failure> {
    let (command, kept) = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit()).command();
    if let Command::Serve(flags) = command {
        return match Config::new(*flags, kept) {
            Ok(config) => serve(config, signals).await,
            Err(error) => {
                log::failed(error);
                Ok(ExitCode::from(2))
            }
        };
    }
    signals.end_at_once();
    let done = match command {
        Command::Migrate => command::migrate(&kept).await,
        Command::User(user) => user.run(&kept).await,
        Command::Sessions(sessions) => sessions.run(&kept).await,
        Command::Serve(_) => Ok(()),
    };
    done.map(|()| ExitCode::SUCCESS).map_err(|error| error.to_string().into())
}

/// A server that is about to serve.
struct Started {
    service: Arc<Service>,
    router: Router,
    listener: TcpListener,
    patience: Patience,
    /// Kept, since they end when nobody does.
    tasks: Vec<Task>,
}

async fn serve(config: Config, mut signals: Signals) -> Result<ExitCode, Failure> {
    log::start(std::env::var_os("RUST_LOG"));
    for warning in config.warnings() {
        log::note(warning);
    }
    // In a task of its own: making keys keeps a thread busy for a while, and nobody may have to wait for it.
    let started = tokio::select! {
        started = tokio::spawn(start(config)) => started??,
        _ = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(until(started, async { drop(stopped.await) }));
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        _ = signals.next() => {
            drop(stop);
            tokio::select! {
                ended = &mut serving => ended?,
                code = signals.next() => return Ok(ExitCode::from(code)),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until it is told to stop, and writes what was noted and not yet written.
async fn until(started: Started, stop: impl Future<Output = ()>) {
    let Started { service, router, listener, patience, tasks } = started;
    connections::serve(Arc::new(listener), router, patience, stop).await;
    if timeout(FLUSH, service.flush()).await.is_err() {
        tracing::warn!("confirmations were not written: the database is away");
    }
    drop(tasks);
}

async fn start(config: Config) -> Result<Started, Failure> {
    #[cfg(feature = "failpoints")]
    failpoints::take_orders();
    let places = connections::descriptors();
    keys::prepare(&config.data_dir)?;
    let (tasks, mut running) = (Tasks::default(), Vec::new());
    for warning in keys::exposed(&config.data_dir, config.database.file().as_deref()) {
        log::note(warning);
    }
    if let Some(addr) = config.metrics_addr {
        running.push(metrics::serve(addr, &tasks).await?);
    }
    let (clock, random) = (Clock::System, Random::System);
    let (service, records) = open(&config, clock.clone(), &random, &tasks).await?;
    let accounts = if config.demo {
        demo::accounts(&service, &*records, &config.data_dir, &random).await?
    } else {
        Vec::new()
    };
    let app = App {
        client_address: Arc::new(ClientAddress::new(config.client_ip)),
        service: Arc::clone(&service),
        throttle: Arc::default(),
        watch: Arc::default(),
        activity: Arc::new(Activity::new(clock.clone())),
        readiness: Arc::new(Readiness::new(Arc::clone(&service), tasks.clone(), clock)),
        records: Arc::clone(&records),
        settings: page_settings(&config),
        assets: site::assets(),
    };
    let router = router(app, &config)?;
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|error| format!("can't listen on {}: {error}", config.addr))?;
    if !site::is_built() {
        log::note("the browser's half is missing; `cargo xtask build` makes it");
    }
    log::show(&format!("Lanyard is at {}", config.public_url));
    accounts.iter().for_each(show_account);
    let (removing, audit_ttl) = (Arc::clone(&service), config.audit_ttl);
    // Says what it has found, once.
    tokio::spawn(key_check::run(Arc::clone(&service), records));
    running.push(tasks.spawn("removal", removal::PATIENCE, move |heart| {
        removal::run(Arc::clone(&removing), audit_ttl, heart)
    }));
    let patience = Patience { places, ..Patience::default() };
    Ok(Started { service, router, listener, patience, tasks: running })
}

/// So many people whose address is kept as it was are counted at start.
const MOST_COUNTED: u32 = 1_000;

fn show_account(account: &demo::Account) {
    let may = if account.role == Role::Admin { ", an administrator," } else { "" };
    let unless = if account.is_new { "" } else { ", unless you have changed it" };
    let password = account.password.as_str();
    log::show(&format!("  sign in as {}{may} with the password {password}{unless}", account.email));
}

async fn open(
    config: &Config,
    clock: Clock,
    random: &Random,
    tasks: &Tasks,
) -> Result<(Arc<Service>, Arc<dyn Records>), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let database = lanyard_store::open(config.database.clone(), clock.clone()).await?;
    if let old @ 1.. = database.records.old_addresses(MOST_COUNTED).await?.len() {
        tracing::warn!(
            people = old,
            "some addresses are kept as they were: `lanyard migrate` says whose, and why"
        );
    }
    let settings = Settings {
        limits: config.limits,
        access: keys::access_tokens(config, clock.now())?,
        keys: keys::master(&config.data_dir, random)?,
        // One core stays free for everything else.
        passwords: Passwords::new(random.clone(), cores.saturating_sub(1))?,
        clock,
        random: random.clone(),
        immediate: config.immediate_revocation.then(Immediate::default),
    };
    let service = Service::start_among(database.store, settings, tasks).await?;
    Ok((Arc::new(service), database.records))
}

fn page_settings(config: &Config) -> PageSettings {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let limits = &config.limits;
    PageSettings {
        timeout_ms: u32::try_from(limits.client_timeout().as_millis()).unwrap_or(u32::MAX),
        access_ttl_ms: millis(config.access_ttl),
        settle_ms: millis(limits.settle),
        idle_ttl_ms: millis(limits.idle),
        absolute_ttl_ms: millis(limits.absolute),
        immediate_revocation: config.immediate_revocation,
        demo: config.demo,
    }
}
