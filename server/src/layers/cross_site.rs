//! Requests from other sites change nothing here, sign-in included.
//!
//! tower-http's layer judges by Sec-Fetch-Site and Origin. It lets requests with neither pass, which programs
//! send; here they pass only without cookies, so that no browser is ever judged by its cookie alone.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{COOKIE, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use tower_http::csrf::{ConfigError, CsrfLayer};

/// Says where a browser's request comes from (Fetch Metadata Request Headers).
pub const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// tower-http's layer, which trusts our own origin whatever a proxy does to `Host`. Its refusal is a bare
/// 403; `errors` gives it our shape.
///
/// # Errors
/// [`ConfigError`] when `origin` is none.
pub fn layer(origin: &str) -> Result<CsrfLayer, ConfigError> {
    CsrfLayer::new().add_trusted_origin(origin)
}

/// Refuses unsafe requests that carry cookies and nothing that says where they come from.
pub async fn require_origin(request: Request, next: Next) -> Response<Body> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    // tower-http's layer takes an empty header for none, and so must this one.
    let says_nothing =
        [ORIGIN, SEC_FETCH_SITE].iter().all(|name| headers.get(name).is_none_or(HeaderValue::is_empty));
    if !safe && says_nothing && headers.contains_key(COOKIE) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}
