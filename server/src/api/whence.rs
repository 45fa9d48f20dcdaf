//! The extractor that tells where a request came from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_client_ip::ClientIp;
use lanyard_app::api::desk::device;
use lanyard_app::api::{ApiError, ErrorCode};
use lanyard_auth::device::{Device, Network};

use crate::layers::errors::Answer;
use crate::router::App;

/// The client's network: of the connection, or what the proxy in front says (`--client-ip`).
pub struct Whence(pub Network);

impl FromRequestParts<App> for Whence {
    /// 500: a proxy in front that does not say it is set up wrongly.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        let address = ClientIp::from_request_parts(parts, app).await;
        address.map(|ClientIp(address)| Self(Network::from(address))).map_err(|error| {
            tracing::error!(%error, "--client-ip does not fit the proxy in front");
            Answer(ApiError::new(ErrorCode::Internal))
        })
    }
}

/// Where a request comes from, as far as that is kept: the browser and the system that it names, and its network.
pub struct Here(pub Device);

impl FromRequestParts<App> for Here {
    /// As [`Whence`].
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        let Whence(from) = Whence::from_request_parts(parts, app).await?;
        Ok(Self(device(&parts.headers, from)))
    }
}
