//! Randomness as a value. The one file of this crate that may ask the system for it.
#![allow(clippy::disallowed_methods)]

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Where random bytes come from: the operating system, or a seed, so that a test can be repeated.
#[derive(Clone, Debug)]
pub enum Random {
    /// The operating system's generator.
    System,
    /// A repeatable stream of bytes, for tests only.
    Seeded(Seeded),
}

/// The operating system gave no random bytes. Nothing that needs a secret may go on.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

impl Random {
    /// A repeatable source, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Seeded(Arc::new(Mutex::new((seed, 0)))))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system has none to give.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?,
            Self::Seeded(seeded) => seeded.fill(&mut bytes),
        }
        Ok(bytes)
    }

    /// A random UUID (RFC 9562, version 4).
    ///
    /// # Errors
    /// [`NoRandomness`] when the system has none to give.
    pub fn uuid(&self) -> Result<Uuid, NoRandomness> {
        Ok(uuid::Builder::from_random_bytes(self.bytes()?).into_uuid())
    }
}

/// SHA-256 in counter mode over a seed. Repeatable, and no secret.
#[derive(Clone, Debug)]
pub struct Seeded(Arc<Mutex<(u64, u64)>>);

impl Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let block = Sha256::new().chain_update(state.0.to_be_bytes()).chain_update(state.1.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block.finalize()) {
                *to = from;
            }
        }
    }
}
