//! Counts what was done, by what was answered.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use lanyard_app::api::ErrorCode;

use crate::activity::{Activity, Deed};

/// Around [`super::errors`], whose answers say what went wrong, and within what turns answers into redirects.
pub async fn deeds(State(activity): State<Arc<Activity>>, request: Request, next: Next) -> Response<Body> {
    let done = match request.uri().path() {
        "/auth/register" | "/auth/login" => Some(Deed::SignIn),
        "/auth/refresh" => Some(Deed::Renewal),
        _ => None,
    };
    let response = next.run(request).await;
    if let Some(deed) = done.filter(|_| response.status() == StatusCode::OK) {
        activity.count(deed);
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        activity.count(Deed::Unauthorized);
    }
    if response.extensions().get() == Some(&ErrorCode::TokenReused) {
        activity.count(Deed::Reuse);
    }
    response
}
