//! Confirmation: noting that a client really holds its session's newest refresh token.
//!
//! The first use of an access token, late enough after a rotation, by a client whose cookie jar shows the
//! same generation, writes `confirmed` once. The write never happens on the request's path: requests put it
//! into a short queue and go on. What does not fit, is refused, or fails is tried again at a later use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{self, mpsc, oneshot};
use tokio::time::timeout;

use crate::access::Claims;
use crate::hint::Hint;
use crate::store::{SessionId, Store};
use crate::tasks::{Heartbeat, Task, Tasks};
use crate::time::Timestamp;

/// Requests that may wait to be written.
const QUEUE: usize = 1024;

/// Sessions remembered as done before the memory is emptied; forgetting one costs one needless write.
const REMEMBERED: usize = 100_000;

/// While nothing is to be written the worker shows so often that it is there.
const IDLE: Duration = Duration::from_secs(5);

/// One write takes at most a few seconds, see the stores' time-outs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was asked for, by session.
type Noted = Arc<Mutex<HashMap<SessionId, Asked>>>;

#[derive(Clone, Copy, Debug)]
struct Asked {
    generation: u32,
    /// When it may be asked for again; never, once it is written.
    again_from: Option<Timestamp>,
}

#[derive(Debug)]
enum Order {
    Confirm(SessionId, u32),
    /// Everything before this has been tried.
    Tell(oneshot::Sender<()>),
}

/// The requests' end of the queue.
#[derive(Clone, Debug)]
pub struct Confirmations {
    noted: Noted,
    queue: mpsc::Sender<Order>,
    patience: Duration,
    _worker: Arc<Task>,
}

/// The other end. A worker that fails leaves it to the next one.
type Waiting = Arc<sync::Mutex<mpsc::Receiver<Order>>>;

impl Confirmations {
    /// Starts the queue's worker. It ends when the last clone is dropped.
    ///
    /// Must be called within a tokio runtime.
    pub fn start(store: Arc<dyn Store>, settle: Duration, tasks: &Tasks) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (noted, waiting) = (Noted::default(), Arc::new(sync::Mutex::new(waiting)));
        let known = Arc::clone(&noted);
        let worker = tasks.spawn("confirmations", PATIENCE, move |heart| {
            write(Arc::clone(&store), settle, Arc::clone(&known), Arc::clone(&waiting), heart)
        });
        Self { noted, queue, patience: settle / 4, _worker: Arc::new(worker) }
    }

    /// Notes the use of a good access token, and of the hint that came with it.
    pub fn note(&self, claims: &Claims, hint: Option<&Hint>, now: Timestamp) {
        if !confirms(claims, hint, now) {
            return;
        }
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = noted.get(&claims.sid);
        if asked.is_some_and(|asked| !asked.may_ask_again(claims.generation, now)) {
            return;
        }
        if self.queue.try_send(Order::Confirm(claims.sid, claims.generation)).is_ok() {
            if noted.len() >= REMEMBERED {
                noted.clear();
            }
            let again_from = Some(now.after(self.patience));
            noted.insert(claims.sid, Asked { generation: claims.generation, again_from });
        }
    }

    /// Waits until everything noted so far has been tried: before a server stops, and in tests.
    pub async fn flush(&self) {
        let (done, told) = oneshot::channel();
        if self.queue.send(Order::Tell(done)).await.is_ok() {
            // A worker that fails meanwhile takes the order along.
            let _ = told.await;
        }
    }
}

async fn write(store: Arc<dyn Store>, settle: Duration, noted: Noted, waiting: Waiting, heart: Heartbeat) {
    let mut waiting = waiting.lock().await;
    loop {
        heart.beat();
        let Ok(order) = timeout(IDLE, waiting.recv()).await else { continue };
        match order {
            Some(Order::Confirm(sid, generation)) => match store.confirm(sid, generation, settle).await {
                Ok(true) => written(&noted, sid, generation),
                // Too early by the database's clock, or out of date: a later use asks again.
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a confirmation was not written"),
            },
            // Whoever asked may have gone away.
            Some(Order::Tell(done)) => drop(done.send(())),
            None => return,
        }
    }
}

/// Whether the use of this token, now, shows that the client holds the token's generation.
fn confirms(claims: &Claims, hint: Option<&Hint>, now: Timestamp) -> bool {
    let due = claims.cfm.is_some_and(|from| now.millis() >= from);
    let held = !claims.jar
        || hint.is_some_and(|hint| hint.generation == claims.generation && hint.names(claims.sid));
    due && held
}

impl Asked {
    fn may_ask_again(self, generation: u32, now: Timestamp) -> bool {
        generation > self.generation
            || generation == self.generation && self.again_from.is_some_and(|from| now >= from)
    }
}

fn written(noted: &Noted, sid: SessionId, generation: u32) {
    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(asked) = noted.get_mut(&sid).filter(|asked| asked.generation == generation) {
        asked.again_from = None;
    }
}
