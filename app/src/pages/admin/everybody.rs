//! Everybody's sessions.

use leptos::html::H2;
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use super::frame::Frame;
use super::sessions::{Everyone, SessionsTable};
use super::table::{AFTER, Paging};
use crate::pages::live::{FRESH, Standing};
use crate::ui::address::use_query;
use crate::ui::links;

/// The page.
#[component]
pub fn Everybody() -> impl IntoView {
    view! {
        <Title text="Sessions · Administration · Lanyard" />
        <Frame
            heading="Sessions"
            about="Wherever somebody is signed in right now. An ended session opens no door any more."
            body=|session_id| view! { <Body session_id /> }.into_any()
        />
    }
}

#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let query = use_query();
    let path = Memo::new(move |_| {
        query.with(|query| links::with_query("/api/admin/sessions", [(AFTER, query.get(AFTER))]))
    });
    let live = Everyone::fresh(session_id, path, FRESH);
    let list = NodeRef::<H2>::new();
    view! {
        <section class="stack" aria-labelledby="sessions">
            <h2 node_ref=list id="sessions" tabindex="-1">
                "The newest sign-in first"
            </h2>
            <Standing live what="who is signed in" />
            <SessionsTable live labelled_by="sessions" home=list with_people=true />
            <Paging next=Signal::derive(move || live.read.with(|read| read.as_ref()?.next.clone())) home=list />
        </section>
    }
    .into_any()
}
