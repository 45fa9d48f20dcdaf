//! How the crash harness (`proof`) ends this process at a named place. For `main` and `router`, and only with
//! the feature `failpoints`, which no release has.
//!
//! The harness writes `rotate-before-commit 3` into our standard input: from then on, whoever comes to that place
//! for the third time takes the whole process along, as SIGKILL does. The store has its places beside its
//! commits; here are the two on the answer's way out.

use std::io::stdin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use fail::fail_point;
use futures::stream;
use rustix::process::{Signal, getpid, kill_process};

/// Takes orders for as long as somebody gives them.
pub fn take_orders() {
    thread::spawn(|| stdin().lines().map_while(Result::ok).for_each(|order| arm(&order)));
}

fn arm(order: &str) {
    let Some((name, count)) = order.split_once(' ') else { return };
    let left = AtomicU32::new(count.parse().unwrap_or(1));
    let armed = fail::cfg_callback(name, move || {
        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
            die();
        }
    });
    if let Err(error) = armed {
        tracing::error!(error, "not armed");
    }
}

/// As an out-of-memory killer does it: nothing is flushed, closed or unwound.
fn die() {
    let sent = kill_process(getpid(), Signal::KILL);
    tracing::error!(?sent, "still alive");
}

/// The places before an answer of the desk, and in the middle of its body, when its head has gone out.
pub async fn answer(request: Request, next: Next) -> Response {
    let at_the_desk = request.uri().path().starts_with("/auth/");
    let answer = next.run(request).await;
    if !at_the_desk {
        return answer;
    }
    fail_point!("answer-before");
    let (head, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Response::from_parts(head, Body::empty()) };
    if body.is_empty() {
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from_stream(in_two(body)))
}

fn in_two(body: Bytes) -> impl stream::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let (first, second) = (body.slice(..body.len() / 2), body.slice(body.len() / 2..));
    stream::unfold(vec![second, first], |mut parts| async {
        let part = parts.pop()?;
        if parts.is_empty() {
            // A body that is not ready lets hyper send what it has.
            tokio::task::yield_now().await;
            fail_point!("answer-middle");
        }
        Some((Ok(part), parts))
    })
}
