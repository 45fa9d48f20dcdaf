//! The list of sessions as the server said it last, and the one queue in which it is asked.

use std::sync::Arc;

use futures::lock::Mutex;
use http::Method;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::api::{ApiError, SessionInfo, Sessions};
use crate::pages::ask::ask;
use crate::session::Session;

/// The sessions of whoever is signed in.
#[derive(Clone, Copy)]
pub struct List {
    session: Session,
    made_for: Option<Uuid>,
    /// What the server said last; none before it did.
    read: RwSignal<Option<Vec<SessionInfo>>>,
    /// Whether it could not be read since.
    stale: RwSignal<bool>,
    /// What came of the last action, if it went well.
    told: RwSignal<Option<String>>,
    /// Why the last action failed.
    pub failed: RwSignal<Option<String>>,
    /// Whether an action is under way.
    pub pending: RwSignal<bool>,
    /// Held for each request: an answer that is older than an action would bring back what the action ended.
    turn: StoredValue<Arc<Mutex<()>>>,
}

impl List {
    /// A list that has not been read yet, for the session that there is a badge for.
    pub fn new(made_for: Option<Uuid>) -> Self {
        Self {
            session: Session::expect(),
            made_for,
            read: RwSignal::new(None),
            stale: RwSignal::new(false),
            told: RwSignal::new(None),
            failed: RwSignal::new(None),
            pending: RwSignal::new(false),
            turn: StoredValue::new(Arc::default()),
        }
    }

    /// Whether the server has said anything yet.
    pub fn is_read(self) -> bool {
        self.read.with(Option::is_some)
    }

    /// The current session, or the others, in the server's order.
    pub fn ids(self, current: bool) -> Vec<Uuid> {
        let of = |sessions: &Vec<SessionInfo>| {
            sessions.iter().filter(|it| it.current == current).map(|it| it.id).collect()
        };
        self.read.with(|read| read.as_ref().map(of).unwrap_or_default())
    }

    /// One of the sessions, while it is there.
    pub fn find(self, id: Uuid) -> Option<SessionInfo> {
        self.read.with(|read| read.iter().flatten().find(|it| it.id == id).cloned())
    }

    /// What came of the last action, or how the list relates to what is: in a sentence.
    pub fn standing(self) -> String {
        let standing = match (self.is_read(), self.stale.get()) {
            (true, false) => match self.told.get() {
                Some(told) => return told,
                None => "Stays up to date while this page is open.",
            },
            (true, true) => "The list can't be brought up to date right now. We go on trying.",
            (false, false) => "Asking for your sessions…",
            (false, true) => "Your sessions can't be read right now. We go on trying.",
        };
        standing.to_owned()
    }

    /// Reads the list, unless something is under way: then it is read soon anyway.
    pub fn look(self) {
        let Some(turn) = self.turn.with_value(Mutex::try_lock_owned) else { return };
        leptos::task::spawn_local(async move {
            self.read_again().await;
            drop(turn);
        });
    }

    /// Does something, when it is its turn, and reads the list again. Tells what `work` says; goes on with `then` if it
    /// went well.
    pub fn act(
        self,
        work: impl Future<Output = Result<String, ApiError>> + 'static,
        then: impl FnOnce() + 'static,
    ) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        self.failed.set(None);
        let turn = self.turn.get_value();
        leptos::task::spawn_local(async move {
            let turn = turn.lock_owned().await;
            let came = work.await;
            self.read_again().await;
            drop(turn);
            self.pending.set(false);
            match came {
                Ok(told) => {
                    self.told.set(Some(told));
                    then();
                }
                Err(error) => {
                    self.told.set(None);
                    self.failed.set(Some(error.message));
                }
            }
        });
    }

    /// One request, within [`List::act`].
    ///
    /// # Errors
    /// As [`ask`].
    pub async fn ask<T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<T, ApiError> {
        ask(self.session, self.made_for, method, path, body).await
    }

    async fn read_again(self) {
        let answer = self.ask::<Sessions>(Method::GET, "/api/sessions", None).await;
        self.stale.set(answer.is_err());
        if let Ok(Sessions { sessions }) = answer {
            self.read.set(Some(sessions));
        }
    }
}
