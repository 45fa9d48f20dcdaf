//! Real databases for tests and proofs: a SQLite file or a Postgres database of its own for each, with a time
//! that the test moves.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`cluster`] | a throw-away Postgres server, and empty databases on it |
//! | [`lost`] | a store whose answers get lost |
//! | [`sqlite`], [`postgres`] | [`Harness`] for each database |
//! | [`server`] | the real server as a process of its own |
//!
//! Called by `store`'s tests and by `proof`; nothing that is shipped depends on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    async_fn_in_trait,
    reason = "a test stops where its database does"
)]

pub mod cluster;
pub mod lost;
pub mod postgres;
pub mod server;
pub mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::records::Records;
use lanyard_auth::store::{Session, SessionId, Store, UserId};
use lanyard_auth::time::{Clock, Timestamp};

/// A moment that whole seconds can't hold.
pub const START: Timestamp = Timestamp(1_800_000_000_123);

/// A fresh database, and what a test does to it behind the store's back.
pub trait Harness: Sized {
    /// A new, empty database whose time stands still at [`START`].
    async fn fresh() -> Self;
    /// The store under test.
    fn store(&self) -> Arc<dyn Store>;
    /// The same, as administrators read it.
    fn records(&self) -> Arc<dyn Records>;
    /// A second node on the same database.
    async fn second_node(&self) -> Arc<dyn Store>;
    /// Closes the store and opens it again.
    async fn reopen(self) -> Self;
    /// The database's time, for the service that is above it.
    fn clock(&self) -> Clock;
    /// Moves the database's time, forward or back.
    async fn set_time(&self, to: Timestamp);
    /// Marks a user as disabled, and leaves his sessions alone as no method of the store does.
    async fn disable(&self, user: UserId);
    /// Raises a user's version by one, and leaves his sessions alone.
    async fn raise_version(&self, user: UserId);
    /// Writes a session's row and its user's version as they were, as a failover to a node does that has not seen the
    /// last commit.
    async fn put_back(&self, row: &Session);
    /// Removes a session, as if its sign-in had been such a commit.
    async fn lose(&self, sid: SessionId);
    /// The thefts and recoveries that were written down, oldest first.
    async fn events(&self) -> Vec<Event>;
    /// Every row of every table as text, to show that nothing was written.
    async fn dump(&self) -> Vec<String>;

    /// The database's time.
    fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Lets the database's time pass.
    async fn pass(&self, time: Duration) {
        self.set_time(self.now().after(time)).await;
    }
}

/// What the rotation rule writes into the audit log, by the rule's own names.
const THEFTS_AND_RECOVERIES: &str = "
    SELECT at, session_id, user_id,
           CASE event WHEN 'authn_token_reuse' THEN 'token_reused' ELSE detail END AS kind
    FROM audit
    WHERE event = 'authn_token_reuse' OR (event = 'authn_token_revoked' AND detail = 'unconfirmed')
       OR (event = 'session_renewed' AND detail = 'recovered')
    ORDER BY id";

/// A theft or a recovery as it was written down.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Its name.
    pub kind: String,
    /// The session that it is about.
    pub session: SessionId,
    /// Whose that is.
    pub user: UserId,
}
