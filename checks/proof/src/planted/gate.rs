//! Lets many read before one of them writes: the worst that can happen to a compare-and-swap. For `planted`, and
//! the bursts of `races`.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Barrier;

/// Between a store's reads and whoever asked for them. Clones are the same gate, which is open at first.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Closed>>);

#[derive(Debug, Default)]
struct Closed {
    /// How many reads are still to wait.
    expected: usize,
    /// Where they wait for each other.
    barrier: Option<Arc<Barrier>>,
}

impl Gate {
    /// Closes it: of the next `readers`, none gets its row before all have read it.
    pub fn close(&self, readers: usize) {
        let barrier = Some(Arc::new(Barrier::new(readers)));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Closed { expected: readers, barrier };
    }

    /// After a read.
    pub async fn pass(&self) {
        if let Some(barrier) = self.waits() {
            barrier.wait().await;
        }
    }

    fn waits(&self) -> Option<Arc<Barrier>> {
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        closed.expected = closed.expected.checked_sub(1)?;
        closed.barrier.clone()
    }
}
