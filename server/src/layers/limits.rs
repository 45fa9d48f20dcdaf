//! How long a body may be, and how long it may take.
//!
//! A server that answers and hangs up while a body is still arriving resets the connection, and the client
//! never sees the answer. So a body that is too long is read to its end and thrown away, up to a point.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use futures::StreamExt as _;
use tokio::time::timeout;

/// No request of ours is longer; the longest is a registration.
const LONGEST: usize = 16 * 1024;

/// Whoever sends more than this may miss the answer.
const READ_AT_MOST: usize = 8 * 1024 * 1024;

/// So long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the whole body, with and without a Content-Length. 413 for one that is too long, 400 for one that
/// breaks off, 408 for one that takes too long.
pub async fn body(request: Request, next: Next) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match timeout(PATIENCE, read(body)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(status)) => status.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    let (mut kept, mut length) = (Vec::new(), 0);
    let mut chunks = body.into_data_stream();
    while length <= READ_AT_MOST
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += chunk.len();
        if length <= LONGEST {
            kept.extend_from_slice(&chunk);
        }
    }
    if length > LONGEST { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok(kept) }
}
