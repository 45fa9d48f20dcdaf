//! The hint: what the readable cookie says about the cookie jar it lies in.
//!
//! It names a session without revealing its id, and the generation whose refresh token lies beside it, so
//! that the server knows what a browser really holds. It entitles to nothing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::store::SessionId;

/// `<base64url of the first 8 bytes of SHA-256(sid)>.<generation>`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    session: [u8; 8],
    /// The generation of the refresh token beside it.
    pub generation: u32,
}

impl Hint {
    /// The hint that is set together with a refresh cookie.
    pub fn new(sid: SessionId, generation: u32) -> Self {
        Self { session: digest(sid), generation }
    }

    /// Reads a cookie's value; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (session, generation) = text.split_once('.')?;
        let session = URL_SAFE_NO_PAD.decode(session).ok()?.try_into().ok()?;
        Some(Self { session, generation: generation.parse().ok()? })
    }

    /// Whether it names this session.
    pub fn names(&self, sid: SessionId) -> bool {
        self.session == digest(sid)
    }
}

fn digest(sid: SessionId) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(sid.0.as_bytes()).into();
    [a, b, c, d, e, f, g, h]
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", URL_SAFE_NO_PAD.encode(self.session), self.generation)
    }
}
