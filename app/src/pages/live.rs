//! What a page shows of the server, as the server said it last, and the one queue in which it is asked.

use std::sync::Arc;
use std::time::Duration;

use futures::lock::Mutex;
use http::Method;
use leptos::html::Div;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::admin::table::AFTER;
use super::ask::ask;
use crate::api::{ApiError, ErrorCode};
use crate::session::Session;
use crate::ui::focus::into_sight_soon;
use crate::ui::text::{Text, text};
use crate::ui::ticks::keep_fresh;
use crate::ui::words;

/// How often what others may have changed is asked for again.
pub const FRESH: Duration = Duration::from_secs(10);

/// An answer of the API that stays up to date while it is shown.
pub struct Live<T: 'static> {
    session: Session,
    made_for: Option<Uuid>,
    /// Where it is read.
    path: Signal<String>,
    /// What the server said last; none before it did.
    pub read: RwSignal<Option<T>>,
    /// Why it could not be read since.
    trouble: RwSignal<Option<ApiError>>,
    /// What came of the last action, if it went well.
    told: RwSignal<Option<String>>,
    /// Why the last action failed.
    pub failed: RwSignal<Option<String>>,
    /// Whether an action is under way.
    pub pending: RwSignal<bool>,
    /// Whether what is shown was read elsewhere than at the path as it is now.
    pub outdated: RwSignal<bool>,
    /// Held for each request: an answer that is older than an action would bring back what the action ended.
    turn: StoredValue<Arc<Mutex<()>>>,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<T> {}

impl<T: DeserializeOwned + Send + Sync> Live<T> {
    /// What `path` answers to the session that there is a badge for: read at once, again whenever the path is another one,
    /// and every so often for as long as the calling component lives and can be seen. Without a badge it waits.
    pub fn fresh(made_for: Option<Uuid>, path: impl Into<Signal<String>>, every: Duration) -> Self {
        let live = Self::new(made_for, path);
        if made_for.is_some() {
            keep_fresh(every, move || live.look());
        }
        live
    }

    /// The same, read only when somebody calls [`Live::look`], and whenever the path is another one.
    pub fn new(made_for: Option<Uuid>, path: impl Into<Signal<String>>) -> Self {
        let live = Self {
            session: Session::expect(),
            made_for,
            path: path.into(),
            read: RwSignal::new(None),
            trouble: RwSignal::new(None),
            told: RwSignal::new(None),
            failed: RwSignal::new(None),
            pending: RwSignal::new(false),
            outdated: RwSignal::new(false),
            turn: StoredValue::new(Arc::default()),
        };
        if made_for.is_some() {
            Effect::watch(
                move || live.path.get(),
                move |_, _, _| {
                    live.outdated.set(true);
                    live.look_after_all();
                },
                false,
            );
        }
        live
    }

    /// Whether the server has said anything yet.
    pub fn is_read(self) -> bool {
        self.read.with(Option::is_some)
    }

    /// Whether it is known what there is to show: the server has said something, or can't.
    pub fn is_known(self) -> bool {
        self.is_read() || self.trouble.with(Option::is_some)
    }

    /// Reads it again, unless something is under way: then it is read soon anyway.
    pub fn look(self) {
        let Some(turn) = self.turn.with_value(Mutex::try_lock_owned) else { return };
        leptos::task::spawn_local(async move {
            self.read_again().await;
            drop(turn);
        });
    }

    /// Reads it again, also if something is under way: what that brings may be older than what is known by now.
    pub fn look_after_all(self) {
        self.in_turn(async move { self.read_again().await });
    }

    /// Does something, when it is its turn, and reads again. Tells what `work` says; goes on with `then` if it went well.
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
        self.in_turn(async move {
            let came = work.await;
            self.read_again().await;
            self.pending.set(false);
            match came {
                Ok(told) => {
                    self.told.set(Some(told));
                    then();
                }
                Err(error) => {
                    self.told.set(None);
                    self.failed.set(Some(words::refused(&error)));
                }
            }
        });
    }

    /// Does something after which there is nothing to read here any more.
    pub fn leave(self, work: impl Future<Output = Result<(), ApiError>> + 'static) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        self.failed.set(None);
        self.in_turn(async move {
            if let Err(error) = work.await {
                self.failed.set(Some(words::refused(&error)));
            }
            self.pending.set(false);
        });
    }

    /// Whether the server says that there is no such thing.
    pub fn is_missing(self) -> bool {
        self.trouble.with(|trouble| trouble.as_ref().is_some_and(|error| error.error == ErrorCode::NotFound))
    }

    /// One request, within [`Live::act`].
    ///
    /// # Errors
    /// As [`ask`].
    pub async fn ask<A: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<A, ApiError> {
        ask(self.session, self.made_for, method, path, body).await
    }

    fn in_turn(self, work: impl Future<Output = ()> + 'static) {
        // The page may have been left by what was done on it.
        let Some(turn) = self.turn.try_get_value() else { return };
        leptos::task::spawn_local(async move {
            let turn = turn.lock_owned().await;
            work.await;
            drop(turn);
        });
    }

    async fn read_again(self) {
        // The page may have been left meanwhile.
        let Some(path) = self.path.try_get_untracked() else { return };
        match self.ask(Method::GET, &path, None).await {
            Ok(answer) => {
                self.trouble.set(None);
                self.outdated.set(self.path.try_get_untracked().is_some_and(|now| now != path));
                self.read.set(Some(answer));
            }
            Err(error) => self.trouble.set(Some(error)),
        }
    }
}

/// What came of the last action, and whether what is shown is what the server says.
#[component]
pub fn Standing<T: DeserializeOwned + Send + Sync + 'static>(
    /// What is shown.
    live: Live<T>,
    /// What it is, such as "your sessions".
    what: &'static str,
) -> impl IntoView {
    let standing = move || match (live.is_read(), live.trouble.get()) {
        (true, None) => {
            live.told.get().unwrap_or_else(|| "Stays up to date while this page is open.".to_owned())
        }
        // The API says so of its own parameter, which on a page is the rest of a list.
        (_, Some(error)) if error.field.as_deref() == Some(AFTER) => {
            "This address names no place in the list. Please begin it anew.".to_owned()
        }
        // What was asked for is at fault, not the way to the server.
        (_, Some(error)) if error.error.status() < 500 => error.message,
        (true, Some(_)) => "This can't be brought up to date right now. We go on trying.".to_owned(),
        (false, None) => format!("Asking for {what}…"),
        (false, Some(_)) => format!("The server can't tell {what} right now. We go on trying."),
    };
    // What was done is further down than a phone shows at once.
    let place = NodeRef::<Div>::new();
    Effect::watch(
        move || live.told.get(),
        move |told, _, _| {
            if told.as_ref().is_some_and(|told| !told.is_empty()) {
                into_sight_soon(place);
            }
        },
        false,
    );
    Effect::new(move |_| {
        if live.failed.with(Option::is_some) {
            into_sight_soon(place);
        }
    });
    view! {
        <div node_ref=place class="list-state" class:unknown=move || !live.is_known()>
            <p class="note" role="status" inner_html=text(standing)></p>
            <div role="alert">
                {move || live.failed.get().map(|why| view! { <p class="notice bad" inner_html=Text::from(why)></p> })}
            </div>
        </div>
    }
    .into_any()
}
