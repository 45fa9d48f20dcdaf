//! Security headers on every answer, and what may be cached.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::header::{
    CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;

use lanyard_app::ui::address::is_for_programs;

const ALWAYS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Whether browsers are told to come to this host by TLS only, whatever its port, for a year (RFC 6797).
#[derive(Clone, Copy, Debug)]
pub struct Hsts(pub bool);

/// Adds the headers that an answer does not have yet.
pub async fn secure(State(Hsts(hsts)): State<Hsts>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let private = is_for_programs(path) && !path.starts_with("/.well-known/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if hsts {
        headers
            .entry(STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if private {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The policy of a page whose scripts carry `nonce`. Nothing inline runs without it, and nothing from
/// elsewhere loads.
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}
