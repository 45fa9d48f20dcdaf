//! Lets many read before one of them writes: the worst that can happen to a compare-and-swap. For `planted`, and
//! the bursts of `races`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Barrier;

/// Between a store's reads and whoever asked for them. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    readers: usize,
    barrier: Arc<Barrier>,
    /// How many reads are still to wait.
    expected: Arc<AtomicUsize>,
}

impl Gate {
    /// A gate for so many readers at a time, open for now.
    pub fn new(readers: usize) -> Self {
        Self { readers, barrier: Arc::new(Barrier::new(readers)), expected: Arc::default() }
    }

    /// For so many.
    pub fn readers(&self) -> usize {
        self.readers
    }

    /// Closes it: of the next readers, none gets its row before all have read it.
    pub fn close(&self) {
        self.expected.store(self.readers, Ordering::SeqCst);
    }

    /// After a read.
    pub async fn pass(&self) {
        let one_less = |expected: usize| expected.checked_sub(1);
        if self.expected.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            self.barrier.wait().await;
        }
    }
}
