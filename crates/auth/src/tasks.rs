//! Background tasks that somebody watches: one that panics or hangs is told of and started again.
//!
//! A task that nobody awaits dies in silence, and what it kept in order goes stale. So each runs under a supervisor,
//! which starts it again after a pause that grows; [`Tasks::down`] and the gauge `lanyard_task_up` tell of one that has
//! not been at work again since. Called by `service` and by `server`, for `/health/ready`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Before the first restart; each further one takes twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// No restart waits longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A task that has gone round so often since its start was well: its next restart is a first one.
const WELL: u64 = 100;

/// The tasks of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Arc<Mutex<BTreeMap<&'static str, Arc<State>>>>);

#[derive(Debug, Default)]
struct State {
    down: AtomicBool,
    beats: AtomicU64,
}

/// A task under its supervisor. It ends when this is dropped.
#[derive(Debug)]
pub struct Task(JoinHandle<()>);

/// With what a task shows that it is at work.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    name: &'static str,
    state: Arc<State>,
}

impl Tasks {
    /// The tasks that have failed and are not at work again.
    pub fn down(&self) -> Vec<&'static str> {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let down = tasks.iter().filter(|(_, state)| state.down.load(Ordering::SeqCst));
        down.map(|(name, _)| *name).collect()
    }

    /// Starts a task, and starts it again whenever it panics, or shows no [`Heartbeat::beat`] for `patience`. One that
    /// returns is done.
    ///
    /// Must be called within a tokio runtime.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(
        &self,
        name: &'static str,
        patience: Duration,
        work: impl FnMut(Heartbeat) -> F + Send + 'static,
    ) -> Task {
        metrics::describe_gauge!("lanyard_task_up", "1 while a background task is at work, else 0");
        let state = Arc::<State>::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&state));
        gauge(name, true);
        Task(tokio::spawn(supervise(Heartbeat { name, state }, patience, work)))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Heartbeat {
    /// It has gone round once more.
    pub fn beat(&self) {
        self.state.beats.fetch_add(1, Ordering::SeqCst);
        if self.state.down.swap(false, Ordering::SeqCst) {
            gauge(self.name, true);
            tracing::info!(task = self.name, "a background task is at work again");
        }
    }

    fn beats(&self) -> u64 {
        self.state.beats.load(Ordering::SeqCst)
    }

    fn fail(&self, why: &str) {
        self.state.down.store(true, Ordering::SeqCst);
        gauge(self.name, false);
        metrics::counter!("lanyard_task_failures_total", "task" => self.name).increment(1);
        tracing::error!(task = self.name, why, "a background task is down, and is started again");
    }
}

async fn supervise<F: Future<Output = ()> + Send + 'static>(
    heart: Heartbeat,
    patience: Duration,
    mut work: impl FnMut(Heartbeat) -> F,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = heart.beats();
        let Some(why) = end(tokio::spawn(work(heart.clone())), &heart, patience).await else { return };
        heart.fail(why);
        if heart.beats().saturating_sub(begun) >= WELL {
            pause = FIRST_PAUSE;
        }
        sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// Why a run of it is over; `None` when it is done, or everything is.
async fn end(running: JoinHandle<()>, heart: &Heartbeat, patience: Duration) -> Option<&'static str> {
    // Taken along when the supervisor goes.
    let mut running = Task(running);
    loop {
        let seen = heart.beats();
        match timeout(patience, &mut running.0).await {
            Ok(Err(error)) if error.is_panic() => return Some("it panicked"),
            Ok(_) => return None,
            Err(_) if heart.beats() == seen => return Some("it hangs"),
            Err(_) => {}
        }
    }
}

fn gauge(name: &'static str, up: bool) {
    metrics::gauge!("lanyard_task_up", "task" => name).set(f64::from(u8::from(up)));
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    async fn until(what: impl Fn() -> bool) {
        let found = async {
            while !what() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, found).await.unwrap();
    }

    #[tokio::test]
    async fn a_task_that_panics_is_down_until_its_next_run_is_at_work() {
        let (tasks, go) = (Tasks::default(), Arc::new(Notify::new()));
        let (mut runs, waiting) = (0, Arc::clone(&go));
        let _task = tasks.spawn("fragile", SOON, move |heart| {
            runs += 1;
            let (run, go) = (runs, Arc::clone(&waiting));
            async move {
                if run == 1 {
                    heart.beat();
                    panic!("on its first run");
                }
                go.notified().await;
                heart.beat();
                std::future::pending().await
            }
        });
        until(|| tasks.down() == ["fragile"]).await;
        sleep(2 * FIRST_PAUSE).await;
        assert_eq!(tasks.down(), ["fragile"], "it runs, but has not got to anything");
        go.notify_one();
        until(|| tasks.down().is_empty()).await;
    }

    #[tokio::test]
    async fn a_task_that_hangs_is_given_up_and_started_again() {
        let tasks = Tasks::default();
        let dropped = Arc::new(AtomicBool::new(false));
        struct Given(Arc<AtomicBool>);
        impl Drop for Given {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let (mut runs, given) = (0, Arc::clone(&dropped));
        let _task = tasks.spawn("sleepy", Duration::from_millis(50), move |heart| {
            runs += 1;
            let held = (runs == 1).then(|| Given(Arc::clone(&given)));
            async move {
                if held.is_some() {
                    std::future::pending::<()>().await;
                }
                loop {
                    heart.beat();
                    sleep(Duration::from_millis(5)).await;
                }
            }
        });
        until(|| dropped.load(Ordering::SeqCst)).await;
        until(|| tasks.down().is_empty()).await;
        sleep(Duration::from_millis(200)).await;
        assert!(tasks.down().is_empty(), "it beats, and is left alone");
    }

    #[tokio::test]
    async fn a_task_that_is_done_is_not_down_and_one_that_is_dropped_ends() {
        let tasks = Tasks::default();
        let done = tasks.spawn("done", SOON, |_| async {});
        until(|| done.0.is_finished()).await;
        let (alive, held) = (Arc::new(()), Arc::new(Mutex::new(None)));
        let (weak, keep) = (Arc::downgrade(&alive), Arc::clone(&held));
        *held.lock().unwrap() = Some(alive);
        let endless = tasks.spawn("endless", SOON, move |_| {
            let alive = keep.lock().unwrap().take();
            async move {
                std::future::pending::<()>().await;
                drop(alive);
            }
        });
        until(|| held.lock().unwrap().is_none()).await;
        drop(endless);
        until(|| weak.upgrade().is_none()).await;
        assert!(tasks.down().is_empty());
    }
}
