//! Bodies that tell where a connection stands: a request's when it has come, an answer's when it is at its end. For
//! `connections` alone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, Incoming, SizeHint};

use super::places::{Phase, Pulse};

/// A request's body, as it comes.
#[derive(Debug)]
pub struct Received {
    body: Incoming,
    pulse: Arc<Pulse>,
}

impl Received {
    /// Of this connection.
    pub fn new(body: Incoming, pulse: Arc<Pulse>) -> Self {
        Self { body, pulse }
    }
}

impl hyper::body::Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let over = !matches!(frame, Some(Ok(_))) || self.body.is_end_stream();
        if over && self.pulse.phase() == Phase::Body {
            self.pulse.enter(Phase::Work);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, which hyper drops once it has all of it.
#[derive(Debug)]
pub struct Sent {
    body: Body,
    pulse: Arc<Pulse>,
}

impl Sent {
    /// On this connection.
    pub fn new(body: Body, pulse: Arc<Pulse>) -> Self {
        Self { body, pulse }
    }
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.pulse.end();
    }
}
