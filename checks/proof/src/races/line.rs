//! The line where both sides of a race begin. What ends sessions crosses it when it hands its statement to the
//! database: what it does before, such as the hashing of a password, is no part of the race.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::yield_now;

use crate::report::now;

/// When something began and ended.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    began: Instant,
    ended: Instant,
}

impl Span {
    /// Whether both were under way at some time.
    pub fn overlaps(self, other: Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

/// By how much the end begins before its rivals, or after them, and how that is steered towards a draw.
#[derive(Clone, Copy, Debug)]
pub struct Lead {
    /// Microseconds; negative: after them.
    micros: i64,
    /// By so much it changes next.
    step: i64,
    rivals_were_first: bool,
}

/// Microseconds; longer than a busy machine takes to wake somebody up.
const FARTHEST: i64 = 50_000;

impl Default for Lead {
    fn default() -> Self {
        Self { micros: 0, step: 200, rivals_were_first: false }
    }
}

impl Lead {
    /// For the next race: whoever was first begins a little later. Always the same one first, and the steps grow.
    pub fn steered(self, rivals_first: bool) -> Self {
        let turned = rivals_first != self.rivals_were_first;
        let step = (if turned { self.step / 2 } else { self.step * 3 / 2 }).clamp(20, 5_000);
        let micros = if rivals_first { self.micros + step } else { self.micros - step };
        // A side that is always first is not waited for ever longer.
        Self { micros: micros.clamp(-FARTHEST, FARTHEST), step, rivals_were_first: rivals_first }
    }

    fn of_the_end(self) -> Duration {
        Duration::from_micros(self.micros.saturating_neg().try_into().unwrap_or(0))
    }

    fn of_the_rivals(self) -> Duration {
        Duration::from_micros(self.micros.try_into().unwrap_or(0))
    }
}

/// The line. Clones are the same one; as long as no race is set, everybody crosses it.
#[derive(Clone, Debug, Default)]
pub struct Line(Arc<Mutex<Option<Race>>>);

#[derive(Debug)]
struct Race {
    lead: Lead,
    gun: watch::Sender<bool>,
    end: Option<Span>,
}

impl Line {
    /// Sets a race, which starts when an end comes to the line.
    pub fn set(&self, lead: Lead) {
        *self.race() = Some(Race { lead, gun: watch::Sender::new(false), end: None });
    }

    /// A rival of the end: begins when the race starts, and tells when it was under way.
    pub fn rival<F: Future>(&self, work: F) -> impl Future<Output = (Span, F::Output)> + use<F> {
        let set = self.race().as_ref().map(|race| (race.lead, race.gun.subscribe()));
        async move {
            if let Some((lead, mut gun)) = set {
                // Without a gun the race is over, and nobody is to wait for ever.
                let _ = gun.wait_for(|started| *started).await;
                pause(lead.of_the_rivals()).await;
            }
            let began = now();
            let done = work.await;
            (Span { began, ended: now() }, done)
        }
    }

    /// An end: starts the race that is set.
    pub async fn end<T>(&self, work: impl Future<Output = T>) -> T {
        if let Some(lead) = self.start() {
            pause(lead.of_the_end()).await;
        }
        let began = now();
        let done = work.await;
        if let Some(race) = self.race().as_mut() {
            // One that was beaten to the row tries again: it was under way all the time.
            let began = race.end.map_or(began, |first| first.began);
            race.end = Some(Span { began, ended: now() });
        }
        done
    }

    /// The race is over; when the end was under way, if it came to the line.
    pub fn clear(&self) -> Option<Span> {
        self.race().take()?.end
    }

    fn start(&self) -> Option<Lead> {
        let race = self.race();
        let race = race.as_ref()?;
        (!race.gun.send_replace(true)).then_some(race.lead)
    }

    fn race(&self) -> MutexGuard<'_, Option<Race>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Also for waits that are shorter than a timer knows of.
async fn pause(wait: Duration) {
    const SPIN: Duration = Duration::from_millis(2);
    let from = now();
    if wait > SPIN {
        tokio::time::sleep(wait - SPIN).await;
    }
    while now().duration_since(from) < wait {
        yield_now().await;
    }
}
