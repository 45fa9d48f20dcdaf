//! One line a request: method, path, status, time. Never a query, a header or a body.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::{DefaultOnBodyChunk, DefaultOnEos, TraceLayer};
use tracing::{Span, info, info_span};

type Opened = fn(&Request<Body>) -> Span;
type Started = fn(&Request<Body>, &Span);
type Answered = fn(&Response<Body>, Duration, &Span);

/// The layer.
pub fn layer() -> TraceLayer<
    SharedClassifier<ServerErrorsAsFailures>,
    Opened,
    Started,
    Answered,
    DefaultOnBodyChunk,
    DefaultOnEos,
    (),
> {
    TraceLayer::new_for_http()
        .make_span_with(opened as Opened)
        .on_request(started as Started)
        .on_response(answered as Answered)
        .on_failure(())
}

fn opened(request: &Request<Body>) -> Span {
    info_span!("request", method = %request.method(), path = request.uri().path())
}

fn started(_: &Request<Body>, _: &Span) {}

fn answered(response: &Response<Body>, took: Duration, _: &Span) {
    info!(status = response.status().as_u16(), ms = took.as_millis(), "answered");
}
