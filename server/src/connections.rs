//! Connections: how many there may be, and how long each may keep us waiting.
//!
//! Nobody is waited for without an end: not for a request's head, not for its body, not for an answer to be taken. When
//! all places are taken, whoever has kept us waiting the longest makes room, so that somebody who only opens connections
//! keeps nobody out, and file descriptors are left for the database, files and health. `places` counts, `watched`
//! sees on the socket what a connection waits for.

mod body;
mod places;
#[cfg(test)]
mod tests;
mod watched;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Response, StatusCode};
use futures::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::layers::errors;
use body::{Received, Sent};
use places::{Phase, Places, Pulse};
use watched::Watched;

pub use places::descriptors;

/// How long may be waited for what, and for how many.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first request, even if others need the place.
    pub fresh: Duration,
    /// For the next request. Longer than load balancers keep a connection, which would else use one that is just being
    /// closed; many do so for 60 s.
    pub idle: Duration,
    /// For the rest of a head.
    pub head: Duration,
    /// For a body, where no layer is stricter.
    pub body: Duration,
    /// For a client to take the next part of an answer.
    pub part: Duration,
    /// For a client to take the whole answer.
    pub answer: Duration,
    /// For a client to notice that its request was refused unread.
    pub refused: Duration,
    /// For requests under way when the server is told to stop.
    pub grace: Duration,
    /// So many connections at once.
    pub places: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            fresh: Duration::from_millis(500),
            idle: Duration::from_secs(75),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            part: Duration::from_secs(30),
            answer: Duration::from_secs(300),
            refused: Duration::from_secs(1),
            grace: Duration::from_secs(5),
            places: 1024,
        }
    }
}

/// Accepting failed for a reason that may take a while to go away, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, and then whoever is being served, for a while.
pub async fn serve(
    listener: Arc<TcpListener>,
    router: Router,
    patience: Patience,
    stop: impl Future<Output = ()>,
) {
    let places = Places::new(patience.places);
    let (stopping, told) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let mut refused = false;
    loop {
        let accepted = async {
            let accepted = listener.accept().await;
            // Only now: nobody has to go for somebody who doesn't come. The others wait in the system's queue.
            (accepted, places.take().await)
        };
        let (accepted, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        // So that those which are over don't pile up.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                refused = false;
                let connection = Connection { router: router.clone(), peer, patience, told: told.clone() };
                let pulse = places.enter();
                connections.spawn(async move {
                    connection.serve(stream, pulse).await;
                    drop(place);
                });
            }
            // Whoever it was is gone.
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                // Said once, not at every try.
                if !refused {
                    tracing::error!(%error, "connections can't be accepted");
                }
                refused = true;
                places.make_room();
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let served = async { while connections.join_next().await.is_some() {} };
    if timeout(patience.grace, served).await.is_err() {
        tracing::warn!(open = connections.len(), "connections are dropped: they took too long to end");
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One of them.
struct Connection {
    router: Router,
    peer: SocketAddr,
    patience: Patience,
    told: watch::Receiver<bool>,
}

impl Connection {
    /// Until it ends, or is ended.
    ///
    /// In two tasks: what is noticed here must not poll a handler that waits for something else. It may then go on in
    /// another thread, which leptos, while it renders a page, does not always survive.
    async fn serve(self, stream: TcpStream, pulse: Arc<Pulse>) {
        let patience = self.patience;
        let mut running = JoinSet::new();
        running.spawn(self.run(stream, Arc::clone(&pulse)));
        let mut fresh = pin!(sleep(patience.fresh).fuse());
        let mut overdue = pin!(overdue(pulse.phases(), patience));
        loop {
            tokio::select! {
                _ = running.join_next() => return,
                phase = &mut overdue => {
                    tracing::debug!(?phase, "a connection is closed: its client keeps us waiting");
                    return;
                }
                () = &mut fresh => pulse.settle(),
                // Whoever waits for us by now is asked again once we have answered.
                () = pulse.evicted() => {
                    if pulse.phase() != Phase::Work {
                        tracing::debug!("a connection is closed: others need its place");
                        return;
                    }
                }
            }
        }
    }

    async fn run(self, stream: TcpStream, pulse: Arc<Pulse>) {
        let Self { router, peer, patience, mut told } = self;
        let beat = Arc::clone(&pulse);
        let service = service_fn(move |request| answer(router.clone(), peer, Arc::clone(&beat), request));
        let mut http = http1::Builder::new();
        // Ours are stricter; hyper's is there in case one of ours isn't.
        http.timer(TokioTimer::new()).header_read_timeout(2 * patience.idle);
        let stream = TokioIo::new(Watched::new(stream, pulse));
        let mut connection = pin!(http.serve_connection(stream, service));
        let mut stopping = pin!(told.wait_for(|stopping| *stopping).map(drop).fuse());
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                    return;
                }
                () = &mut stopping => connection.as_mut().graceful_shutdown(),
            }
        }
    }
}

/// What the app answers. Whatever panics in any of its layers costs this one answer.
async fn answer(
    router: Router,
    peer: SocketAddr,
    pulse: Arc<Pulse>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    pulse.begin(hyper::body::Body::is_end_stream(request.body()));
    let mut request: Request = request.map(|body| Body::new(Received::new(body, Arc::clone(&pulse))));
    request.extensions_mut().insert(ConnectInfo(peer));
    let answered = AssertUnwindSafe(async { router.oneshot(request).await }).catch_unwind().await;
    let response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => errors::bare(StatusCode::INTERNAL_SERVER_ERROR),
    };
    pulse.enter(Phase::Answer);
    Ok(response.map(|body| Body::new(Sent::new(body, pulse))))
}

/// Ready once a connection has kept us waiting for too long, with what for.
async fn overdue(mut phases: watch::Receiver<Phase>, patience: Patience) -> Phase {
    loop {
        let phase = *phases.borrow_and_update();
        let limit = match phase {
            Phase::Idle => patience.idle,
            Phase::Head => patience.head,
            Phase::Body => patience.body,
            Phase::Work => Duration::MAX,
            Phase::Answer => patience.answer,
            Phase::Refused => patience.refused,
        };
        let next = async {
            loop {
                // Each part of an answer that is taken is told as the same phase again.
                let part = if phase == Phase::Answer { patience.part } else { Duration::MAX };
                match timeout(part, phases.changed()).await {
                    Ok(Ok(())) if *phases.borrow_and_update() == phase => {}
                    Ok(Ok(())) => return true,
                    // The connection is over, which is noticed elsewhere.
                    Ok(Err(_)) => std::future::pending().await,
                    Err(_) => return false,
                }
            }
        };
        if !timeout(limit, next).await.unwrap_or(false) {
            return phase;
        }
    }
}
