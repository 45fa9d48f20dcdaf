//! One error shape from every layer: whatever failed, a program gets [`ApiError`] as JSON with a real status.

use axum::body::{self, Body};
use axum::extract::Request;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use lanyard_app::api::{ApiError, ErrorCode};

/// leptos marks a server function's failures, which are all 500, with this header.
const SERVER_FN_ERROR: HeaderName = HeaderName::from_static("serverfnerror");

/// Errors of ours are short; anything longer is not one.
const MAX_ERROR: usize = 4096;

/// An [`ApiError`] as a response.
#[derive(Debug)]
pub struct Answer(pub ApiError);

impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let Self(error) = self;
        let status = StatusCode::from_u16(error.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&error)).into_response();
        // For who counts.
        response.extensions_mut().insert(error.error);
        let headers = response.headers_mut();
        if let Some(seconds) = error.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge(error.error) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// RFC 6750, 3: no error code when no token was presented.
const fn challenge(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::TokenMissing => Some("Bearer"),
        ErrorCode::TokenExpired | ErrorCode::TokenInvalid | ErrorCode::SessionRevoked => {
            Some("Bearer error=\"invalid_token\"")
        }
        ErrorCode::InsufficientScope => Some("Bearer error=\"insufficient_scope\""),
        _ if code.status() == 401 => Some("Bearer"),
        _ => None,
    }
}

/// Gives every failed answer its status and shape, except for pages, which say it to people.
pub async fn shape(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    if response.headers_mut().remove(SERVER_FN_ERROR).is_some() {
        return Answer(read(response.into_body()).await).into_response();
    }
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let has_shape = content_type == b"application/json" || content_type.starts_with(b"text/html");
    if (status.is_client_error() || status.is_server_error()) && !has_shape {
        let error = match code(status) {
            ErrorCode::Unavailable => ApiError::unavailable(),
            code => ApiError::new(code),
        };
        let mut shaped = Answer(error).into_response();
        // RFC 9110, 15.5.6: a 405 names what is allowed.
        if let Some(allowed) = response.headers_mut().remove(ALLOW) {
            shaped.headers_mut().insert(ALLOW, allowed);
        }
        return shaped;
    }
    if status == StatusCode::NO_CONTENT {
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
    }
    response
}

/// An answer from outside of all layers, with what those would have added.
pub fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Answer(ApiError::new(code(status))).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The same as it is sent, for what could not be read as a request.
pub fn unread(status: StatusCode) -> Vec<u8> {
    let body = serde_json::to_vec(&ApiError::new(code(status))).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// The error in a failed answer's body.
pub async fn read(body: Body) -> ApiError {
    let bytes = body::to_bytes(body, MAX_ERROR).await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| ApiError::new(ErrorCode::Internal))
}

/// What a status says that a library set.
fn code(status: StatusCode) -> ErrorCode {
    match status {
        // Only the cross-site check answers a bare 403.
        StatusCode::FORBIDDEN => ErrorCode::CrossSite,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => ErrorCode::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Unavailable,
        status if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => ErrorCode::Internal,
    }
}

#[cfg(test)]
mod tests;
