//! The extractor of every protected endpoint.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lanyard_app::api::desk::authenticate;
use lanyard_auth::access::Claims;

use crate::layers::errors::Answer;
use crate::router::App;

/// What the access token says that came with the request. Looks nothing up in the database, unless more sessions were
/// ended of late than the revocation set holds.
pub struct Badge(pub Claims);

impl FromRequestParts<App> for Badge {
    /// 401, with the reason that `authenticate` gives.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        authenticate(&app.service, &parts.headers).await.map(Self).map_err(Answer)
    }
}
