//! The extractors of what a request says: in its body, a form or a JSON object; and in its query. What can't be read is
//! refused with the name of the field.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use lanyard_app::api::codec::{self, fields};
use lanyard_app::api::{ApiError, ErrorCode};
use serde::de::DeserializeOwned;

use crate::layers::errors::Answer;
use crate::router::App;

/// The fields of a body, whatever its content type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    /// 400.
    type Rejection = Answer;

    async fn from_request(request: Request, app: &App) -> Result<Self, Answer> {
        // `limits` has read it already.
        let bytes = Bytes::from_request(request, app).await;
        let bytes = bytes.map_err(|_| Answer(ApiError::new(ErrorCode::InvalidRequest)))?;
        codec::read(&bytes).map(Self).map_err(|error| Answer(error.into()))
    }
}

/// The fields of a query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    /// 400.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Answer> {
        let query = parts.uri.query().unwrap_or_default();
        fields::from_form(query.as_bytes()).map(Self).map_err(|error| Answer(error.into()))
    }
}
