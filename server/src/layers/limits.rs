//! How long a body may be.
//!
//! A server that answers and hangs up while a body is still arriving resets the connection, and the client
//! never sees the answer. So a body that is too long is read to its end and thrown away, up to a point.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use futures::StreamExt as _;

/// No request of ours is longer; the longest is a registration.
const LONGEST: usize = 16 * 1024;

/// Whoever sends more than this may miss the answer.
const READ_AT_MOST: usize = 8 * 1024 * 1024;

/// Reads the whole body, with and without a Content-Length. 413 for one that is too long, 400 for one that
/// breaks off.
pub async fn body(request: Request, next: Next) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (mut kept, mut length) = (Vec::new(), 0);
    let mut chunks = body.into_data_stream();
    while length <= READ_AT_MOST
        && let Some(chunk) = chunks.next().await
    {
        let Ok(chunk) = chunk else { return StatusCode::BAD_REQUEST.into_response() };
        length += chunk.len();
        if length <= LONGEST {
            kept.extend_from_slice(&chunk);
        }
    }
    if length > LONGEST {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(Request::from_parts(parts, Body::from(kept))).await
}
