//! Figures for Prometheus, at an address of their own: they are nobody's business but the operator's.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use lanyard_auth::tasks::{Task, Tasks};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;

use crate::connections::{self, Patience};

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4";

/// A few scrapers, and a person who looks.
const PLACES: usize = 8;

/// Counts from now on, and serves `/metrics` in the background for as long as what is returned is kept. Call it before
/// anything is counted.
///
/// # Errors
/// The address can't be listened on.
pub async fn serve(addr: SocketAddr, tasks: &Tasks) -> Result<Task, Box<dyn Error + Send + Sync>> {
    let listener =
        TcpListener::bind(addr).await.map_err(|error| format!("can't serve metrics on {addr}: {error}"))?;
    let listener = Arc::new(listener);
    let figures = PrometheusBuilder::new().install_recorder()?;
    let page = get(move || async move { ([(CONTENT_TYPE, TEXT)], figures.render()) });
    let router = Router::new().route("/metrics", page);
    let patience = Patience { places: PLACES, ..Patience::default() };
    // It waits for scrapers, so nobody can tell from outside whether it hangs.
    Ok(tasks.spawn("metrics", Duration::MAX, move |heart| {
        heart.beat();
        connections::serve(Arc::clone(&listener), router.clone(), patience, std::future::pending())
    }))
}
