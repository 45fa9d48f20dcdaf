//! Lanyard's token engine: everything that decides who is signed in, and nothing that talks HTTP or SQL.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`service`] | what callers use: sign up, sign in, refresh, sign out, authenticate |
//! | [`rotation`] | the rotation rule: two pure functions, `relate` and `decide` |
//! | [`refresh`] | the refresh token: its format, its tag, deriving successors; master keys |
//! | [`access`] | the access token: claims, signing, strict verification, JWKS |
//! | [`revocation`] | ended sessions, in memory, so that their access tokens are refused at once |
//! | [`confirm`] | the queue that records that a client holds its newest refresh token |
//! | [`device`] | where a session is used, as far as it is kept |
//! | [`hint`] | the readable cookie's value: which session and generation a cookie jar holds |
//! | [`email`], [`text`] | addresses and names: one form for each, nothing in them that can't be seen |
//! | [`password`] | hashing on a bounded pool |
//! | [`idempotency`] | requests that their clients may send again |
//! | [`throttle`] | how often somebody may try to sign in or to register |
//! | [`tasks`] | background tasks that are watched and started again |
//! | [`watch`] | what is worth telling when it comes too often |
//! | [`store`] | the one storage trait and the rows that cross it |
//! | [`records`] | what administrators read of it |
//! | [`audit`] | the audit log: what happened, who did it, from where |
//! | [`scope`] | what a user may do |
//! | [`time`], [`random`] | the clock and randomness, passed in |
//!
//! `server` and `app` (on the server) call this crate, `store` implements [`store::Store`].

pub mod access;
pub mod audit;
pub mod confirm;
pub mod device;
pub mod email;
pub mod hint;
pub mod idempotency;
pub mod password;
pub mod random;
pub mod records;
pub mod refresh;
pub mod revocation;
pub mod rotation;
pub mod scope;
pub mod service;
pub mod store;
pub mod tasks;
pub mod text;
pub mod throttle;
pub mod time;
pub mod watch;

pub use service::{Service, Settings};
