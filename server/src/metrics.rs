//! Figures for Prometheus, at an address of their own: they are nobody's business but the operator's.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4";

/// Counts from now on, and serves `/metrics` in the background. Call it before anything is counted.
///
/// # Errors
/// The address can't be listened on.
pub async fn serve(addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let listener =
        TcpListener::bind(addr).await.map_err(|error| format!("can't serve metrics on {addr}: {error}"))?;
    let figures = PrometheusBuilder::new().install_recorder()?;
    let page = get(move || async move { ([(CONTENT_TYPE, TEXT)], figures.render()) });
    tokio::spawn(axum::serve(listener, Router::new().route("/metrics", page)).into_future());
    Ok(())
}
