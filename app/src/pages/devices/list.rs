//! The list of sessions.

use leptos::prelude::*;
use uuid::Uuid;

use crate::api::{SessionInfo, Sessions};
use crate::pages::live::Live;

/// The sessions of whoever is signed in.
pub type List = Live<Sessions>;

impl List {
    /// The current session, or the others, in the server's order.
    pub fn ids(self, current: bool) -> Vec<Uuid> {
        let of = |list: &Sessions| {
            list.sessions.iter().filter(|it| it.current == current).map(|it| it.id).collect()
        };
        self.read.with(|read| read.as_ref().map(of).unwrap_or_default())
    }

    /// Where the next page begins, if there is one.
    pub fn next(self) -> Option<String> {
        self.read.with(|read| read.as_ref()?.next.clone())
    }

    /// One of the sessions, while it is there.
    pub fn find(self, id: Uuid) -> Option<SessionInfo> {
        self.read.with(|read| read.as_ref()?.sessions.iter().find(|it| it.id == id).cloned())
    }
}
