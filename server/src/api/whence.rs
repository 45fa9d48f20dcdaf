//! The extractor that tells where a request came from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lanyard_app::api::desk::device;
use lanyard_auth::device::{Device, Network};

use crate::router::App;

/// The client's network: of the connection, or what the proxy in front says (`--client-ip`).
pub struct Whence(pub Network);

impl FromRequestParts<App> for Whence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(app.client_address.network(parts)))
    }
}

/// Where a request comes from, as far as that is kept: the browser and the system that it names, and its network.
pub struct Here(pub Device);

impl FromRequestParts<App> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Whence(from) = Whence::from_request_parts(parts, app).await?;
        Ok(Self(device(&parts.headers, from)))
    }
}
