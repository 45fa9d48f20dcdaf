//! Requests from other sites change nothing here, sign-in included.
//!
//! tower-http's layer judges by Sec-Fetch-Site and Origin. It lets requests with neither pass, which programs
//! send; here they pass only without cookies, so that no browser is ever judged by its cookie alone.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use lanyard_app::api::{ApiError, ErrorCode};
use tower_http::csrf::{ConfigError, CsrfLayer};

use super::errors::Answer;

/// Says where a browser's request comes from (Fetch Metadata Request Headers).
pub const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// tower-http's layer, which trusts our own origin whatever a proxy does to `Host`. Its refusal is a bare
/// 403; [`explain`] says more.
///
/// # Errors
/// [`ConfigError`] when `origin` is none.
pub fn layer(origin: &str) -> Result<CsrfLayer, ConfigError> {
    CsrfLayer::new().add_trusted_origin(origin)
}

/// Refuses unsafe requests that carry cookies and nothing that says where they come from. Browsers always say it; a program
/// with a cookie jar is told how.
pub async fn require_origin(State(origin): State<Arc<str>>, request: Request, next: Next) -> Response<Body> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    // tower-http's layer takes an empty header for none, and so must this one.
    let says_nothing =
        [ORIGIN, SEC_FETCH_SITE].iter().all(|name| headers.get(name).is_none_or(HeaderValue::is_empty));
    if !safe && says_nothing && headers.contains_key(COOKIE) {
        let message = format!(
            "A request with cookies must say where it comes from: send the header `Origin: {origin}`, or no cookies."
        );
        return Answer(ApiError::with_message(ErrorCode::CrossSite, message)).into_response();
    }
    next.run(request).await
}

/// Says where this site is, to whoever the csrf layer has refused: a page that was opened at another address than
/// `--public-url`, for one, behind a proxy that changes `Host`.
pub async fn explain(State(origin): State<Arc<str>>, request: Request, next: Next) -> Response<Body> {
    let response = next.run(request).await;
    // What handlers refuse is in our shape already.
    if response.status() != StatusCode::FORBIDDEN || response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    let message = format!("Requests from other sites are refused. This site is {origin}.");
    Answer(ApiError::with_message(ErrorCode::CrossSite, message)).into_response()
}
