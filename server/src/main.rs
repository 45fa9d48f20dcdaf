//! The lanyard binary: configuration, then one of the commands, or the router and serving until it is told to stop.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what to open and what went wrong are printed")]

mod activity;
mod api;
mod command;
mod config;
mod demo;
#[cfg(feature = "failpoints")]
mod failpoints;
mod keys;
mod layers;
mod metrics;
mod removal;
mod router;
mod site;

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lanyard_app::session::PageSettings;
use lanyard_auth::access::AccessTokens;
use lanyard_auth::password::Passwords;
use lanyard_auth::random::Random;
use lanyard_auth::records::Records;
use lanyard_auth::scope::Role;
use lanyard_auth::service::Immediate;
use lanyard_auth::time::Clock;
use lanyard_auth::{Service, Settings};
use tokio::net::TcpListener;
use tokio::signal;
use tracing_subscriber::EnvFilter;

use activity::Activity;
use config::{Cli, Command, Config};
use router::{App, router};

/// After being told to stop, requests under way may take so much longer.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let (command, kept) = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit()).command();
    let done = match command {
        Command::Serve(flags) => match Config::new(*flags, kept) {
            Ok(config) => serve(config).await,
            Err(error) => {
                eprintln!("lanyard: {error}");
                return ExitCode::from(2);
            }
        },
        Command::Migrate => command::migrate(&kept).await,
        Command::User(user) => user.run(&kept).await,
        Command::Sessions(sessions) => sessions.run(&kept).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lanyard: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    for warning in config.warnings() {
        eprintln!("lanyard: note: {warning}");
    }
    #[cfg(feature = "failpoints")]
    failpoints::take_orders();
    keys::prepare(&config.data_dir)?;
    if let Some(addr) = config.metrics_addr {
        metrics::serve(addr).await?;
    }
    let (clock, random) = (Clock::System, Random::System);
    let (service, records) = start(&config, clock.clone(), &random).await?;
    let accounts = if config.demo {
        demo::accounts(&service, &*records, &config.data_dir, &random).await?
    } else {
        Vec::new()
    };
    let app = App {
        service: Arc::clone(&service),
        throttle: Arc::default(),
        watch: Arc::default(),
        activity: Arc::new(Activity::new(clock)),
        records,
        settings: page_settings(&config),
        assets: site::assets(),
    };
    let router = router(app, &config)?.into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|error| format!("can't listen on {}: {error}", config.addr))?;
    if !site::is_built() {
        eprintln!("lanyard: note: the browser's half is missing; `cargo xtask build` makes it");
    }
    println!("Lanyard is at {}", config.public_url);
    for account in accounts {
        let may = if account.role == Role::Admin { ", an administrator," } else { "" };
        let unless = if account.is_new { "" } else { ", unless you have changed it" };
        println!(
            "  sign in as {}{may} with the password {}{unless}",
            account.email,
            account.password.as_str()
        );
    }
    tokio::spawn(removal::run(Arc::clone(&service), config.audit_ttl));
    axum::serve(listener, router).with_graceful_shutdown(told_to_stop()).await?;
    service.flush().await;
    Ok(())
}

async fn start(
    config: &Config,
    clock: Clock,
    random: &Random,
) -> Result<(Arc<Service>, Arc<dyn Records>), Box<dyn Error>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let database = lanyard_store::open(&config.database_url, clock.clone()).await?;
    let key = keys::signing(&config.data_dir, config.signing_alg)?;
    let settings = Settings {
        limits: config.limits,
        access: AccessTokens::new(key, &config.public_url, config.access_ttl),
        keys: keys::master(&config.data_dir, random)?,
        // One core stays free for everything else.
        passwords: Passwords::new(random.clone(), cores.saturating_sub(1))?,
        clock,
        random: random.clone(),
        immediate: config.immediate_revocation.then(Immediate::default),
    };
    Ok((Arc::new(Service::start(database.store, settings).await?), database.records))
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

/// Waits for Ctrl-C or SIGTERM. Connections that stay open longer than [`GRACE`] are dropped.
async fn told_to_stop() {
    let interrupted = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
    tokio::spawn(async {
        tokio::time::sleep(GRACE).await;
        std::process::exit(0);
    });
}
