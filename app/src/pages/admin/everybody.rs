//! Everybody's sessions, or one person's.

use leptos::html::H2;
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use super::filter::Unclear;
use super::frame::Frame;
use super::only_one::OnlyOne;
use super::sessions::{Everyone, SessionsTable};
use super::table::{AFTER, Paging};
use crate::pages::live::{FRESH, Standing};
use crate::ui::address::{Query, use_query};
use crate::ui::focus::focus_soon;
use crate::ui::links;

/// The parameter's name in our address and in the API's.
const USER: &str = "user";

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
    let asked = Memo::new(move |_| query.with(Asked::read));
    let list = NodeRef::<H2>::new();
    let user = move || match asked.get() {
        Asked::One(user) => Some(user),
        Asked::Everybody | Asked::Unclear => None,
    };
    view! {
        <section class="stack" aria-labelledby="sessions">
            <div class="list-head">
                <h2 node_ref=list id="sessions" tabindex="-1">
                    "The newest sign-in first"
                </h2>
                <For each=user key=|user| *user let:user>
                    <OnlyOne
                        session_id
                        user
                        told="Only those of "
                        everybodys="Everybody's"
                        to=Signal::stored(links::SESSIONS.to_owned())
                        list
                    />
                </For>
            </div>
            // Never more than was asked for.
            <Show when=move || asked.get() != Asked::Unclear fallback=move || view! { <Nobodys list /> }>
                <List session_id asked list />
            </Show>
        </section>
    }
    .into_any()
}

/// Whose sessions the page's address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Everybody,
    One(Uuid),
    /// It is no id of anybody.
    Unclear,
}

impl Asked {
    fn read(query: &Query) -> Self {
        match query.get(USER) {
            None | Some("") => Self::Everybody,
            Some(id) => id.parse().map_or(Self::Unclear, Self::One),
        }
    }
}

/// Their table.
#[component]
fn List(session_id: Option<Uuid>, asked: Memo<Asked>, list: NodeRef<H2>) -> impl IntoView {
    let query = use_query();
    let path = Memo::new(move |_| {
        let user = match asked.get() {
            Asked::One(user) => Some(user.to_string()),
            Asked::Everybody | Asked::Unclear => None,
        };
        let after = query.with(|query| query.get(AFTER).map(str::to_owned));
        links::with_query("/api/admin/sessions", [(USER, user), (AFTER, after)])
    });
    let live = Everyone::fresh(session_id, path, FRESH);
    view! {
        <Standing live what="who is signed in" />
        <SessionsTable live labelled_by="sessions" home=list with_people=true />
        <Paging next=Signal::derive(move || live.read.with(|read| read.as_ref()?.next.clone())) home=list />
    }
    .into_any()
}

/// The address asks for somebody who can't be.
#[component]
fn Nobodys(list: NodeRef<H2>) -> impl IntoView {
    view! {
        <div class="notice bad" role="alert">
            <p>{Unclear::User.told()}</p>
            <a class="button" href=links::SESSIONS on:click=move |_| focus_soon(list)>
                "Show everybody's"
            </a>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_whose_sessions_are_shown() {
        let read = |user: Option<&str>| {
            let query = links::with_query("", [(USER, user)]);
            Asked::read(&Query::read(query.trim_start_matches('?')))
        };
        let ada = Uuid::from_u128(7);
        assert_eq!(read(Some(&ada.to_string())), Asked::One(ada));
        for nobody in [None, Some("")] {
            assert_eq!(read(nobody), Asked::Everybody);
        }
        assert_eq!(read(Some("ada@example.com")), Asked::Unclear);
    }
}
