//! The access token in this tab's memory, and what pages may see of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard_client::{Cause, Grant, Serial};
use serde::Deserialize;

use super::{clock, jar};
use crate::api::{AccessToken, Tokens};
use crate::session::{Badge, SignedIn};

/// An access token and what came with it. It is nowhere else: not in storage, the page or a log.
pub struct Held {
    /// As the server sent them.
    pub tokens: Tokens,
    /// Which one of this tab.
    pub serial: Serial,
    /// The refresh generation that the token names.
    pub number: u32,
    /// Why it was issued.
    pub cause: Cause,
    /// When it was asked for, on the page's monotonic clock.
    pub issued_at: f64,
}

impl Held {
    /// What pages may see of it, the same at every step. `renews_after` counts from when it was asked for.
    pub fn shown(&self, renews_after: Option<u64>) -> SignedIn {
        let lifetime = f64::from(self.tokens.expires_in) * 1_000.0;
        SignedIn {
            user: self.tokens.user.clone(),
            session_id: self.tokens.session_id,
            session_expires_at: self.tokens.session_expires_at,
            badge: Badge {
                serial: self.serial,
                number: self.number,
                issued_at: self.issued_at,
                expires_at: self.issued_at + lifetime,
                renews_at: renews_after.map(|wait| self.issued_at + clock::fraction(wait)),
                cause: self.cause,
            },
        }
    }
}

/// What the engine learns of tokens that have arrived.
pub fn grant(tokens: &Tokens) -> Grant {
    let session = jar::session_id(tokens.session_id);
    Grant { session, mark: jar::mark(session), lifetime: u64::from(tokens.expires_in) * 1_000 }
}

/// The refresh generation in an access token. Only shown, so the signature is not checked; 0 when unreadable.
pub fn generation(token: &AccessToken) -> u32 {
    #[derive(Deserialize)]
    struct Claims {
        r#gen: u32,
    }
    let payload = token.reveal().split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    payload.and_then(|json| serde_json::from_slice::<Claims>(&json).ok()).map_or(0, |claims| claims.r#gen)
}
