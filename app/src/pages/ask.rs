//! What protected pages ask of the API: JSON out, JSON back, with the badge.

use http::Method;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::api::{ApiError, ErrorCode};
use crate::session::{Answer, Session};

/// Asks, for the session that the page shows, and reads the answer; `()` is one without a body.
///
/// # Errors
/// What the server answered; [`ErrorCode::Unavailable`] when that is none of ours, or nothing.
pub async fn ask<T: DeserializeOwned>(
    session: Session,
    made_for: Option<Uuid>,
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<T, ApiError> {
    let Answer { status, body, .. } = session.call(made_for, method, path, body).await?;
    let foreign = || ApiError::new(ErrorCode::Unavailable);
    if (200..300).contains(&status) {
        let body = if body.is_empty() { "null" } else { &body };
        return serde_json::from_str(body).map_err(|_| foreign());
    }
    Err(serde_json::from_str(&body).unwrap_or_else(|_| foreign()))
}
