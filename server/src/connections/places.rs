//! Who is connected, and who of them keeps us waiting. For `connections` alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// Left for standard input and output, the runtime, listeners, the database, files that are read, and metrics.
#[cfg(unix)]
const RESERVED: usize = 48;

/// Each takes memory too, so more are not allowed, however many descriptors there are.
const MOST: usize = 16_384;

/// Fewer are of no use, whatever is left.
#[cfg(unix)]
const FEWEST: usize = 8;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The next request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// A request's body.
    Body,
    /// Us.
    Work,
    /// The client, to take the answer.
    Answer,
    /// The client, to notice that what it sent was refused unread.
    Refused,
}

impl Phase {
    /// Who is asked to go first; whoever waits for us is not.
    const fn rank(self) -> Option<u8> {
        match self {
            Self::Idle | Self::Head | Self::Body | Self::Refused => Some(0),
            Self::Answer => Some(1),
            Self::Work => None,
        }
    }
}

/// When a connection began to wait for its client, and how much it matters.
type Turn = (u8, u64);

/// The places of one listener.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    one_more: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    turns: BTreeMap<Turn, Arc<Notify>>,
}

impl Places {
    /// So many.
    pub fn new(places: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(places.clamp(1, MOST)));
        Arc::new(Self { free, waiting: Mutex::default(), one_more: Notify::new() })
    }

    /// Waits for a place. If all are taken, those who keep us waiting make room, the longest first.
    pub async fn take(&self) -> OwnedSemaphorePermit {
        // What happened before somebody asked.
        let _ = self.one_more.notified().now_or_never();
        loop {
            let free = Arc::clone(&self.free);
            if let Ok(place) = Arc::clone(&free).try_acquire_owned() {
                return place;
            }
            self.make_room();
            tokio::select! {
                Ok(place) = free.acquire_owned() => return place,
                () = self.one_more.notified() => {}
            }
        }
    }

    /// Sends away whoever has kept us waiting the longest.
    pub fn make_room(&self) {
        if let Some((_, connection)) = self.lock().turns.pop_first() {
            connection.notify_one();
        }
    }

    /// Somebody has come, and sent nothing yet.
    pub fn enter(self: &Arc<Self>) -> Arc<Pulse> {
        let pulse = Pulse {
            places: Arc::clone(self),
            phase: watch::Sender::new(Phase::Idle),
            turn: Mutex::default(),
            evicted: Arc::default(),
            fresh: AtomicBool::new(true),
            answered: AtomicBool::new(false),
        };
        Arc::new(pulse)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection is doing.
#[derive(Debug)]
pub struct Pulse {
    places: Arc<Places>,
    phase: watch::Sender<Phase>,
    turn: Mutex<Option<Turn>>,
    evicted: Arc<Notify>,
    /// It has only just come, and is not asked to go yet.
    fresh: AtomicBool,
    /// The answer's body is at its end, though perhaps not sent.
    answered: AtomicBool,
}

impl Pulse {
    /// What it waits for, as that changes.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// What it waits for now.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// It waits for something else from now on, or for the next part of the same.
    pub fn enter(&self, phase: Phase) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let rank = phase.rank().filter(|_| !self.fresh.load(Ordering::SeqCst));
        if turn.map(|(rank, _)| rank) != rank {
            let mut waiting = self.places.lock();
            if let Some(old) = turn.take() {
                waiting.turns.remove(&old);
            }
            if let Some(rank) = rank {
                waiting.last += 1;
                let new = (rank, waiting.last);
                waiting.turns.insert(new, Arc::clone(&self.evicted));
                *turn = Some(new);
                self.places.one_more.notify_one();
            }
        }
        drop(turn);
        self.phase.send_replace(phase);
    }

    /// It has had its time to begin.
    pub fn settle(&self) {
        self.fresh.store(false, Ordering::SeqCst);
        self.enter(self.phase());
    }

    /// A head has come, and with it the whole request or not.
    pub fn begin(&self, whole: bool) {
        self.answered.store(false, Ordering::SeqCst);
        self.enter(if whole { Phase::Work } else { Phase::Body });
    }

    /// Nothing is left of the answer but what is on its way.
    pub fn end(&self) {
        self.answered.store(true, Ordering::SeqCst);
    }

    /// What was on its way has been sent.
    pub fn flushed(&self) {
        if self.phase() == Phase::Answer && self.answered.load(Ordering::SeqCst) {
            self.enter(Phase::Idle);
        }
    }

    /// Ready once others need its place.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let turn = self.turn.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            self.places.lock().turns.remove(&turn);
        }
    }
}

/// Takes as many file descriptors as this process may have; so many connections leave enough of them.
#[cfg(unix)]
pub fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    // Where that is refused the old limit stays.
    let _ = setrlimit(Resource::Nofile, raised);
    let most = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    most.map_or(MOST, |most| most.saturating_sub(RESERVED).clamp(FEWEST, MOST))
}

/// So many connections.
#[cfg(not(unix))]
pub fn descriptors() -> usize {
    MOST
}
