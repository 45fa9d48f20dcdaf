//! Your devices: every live session of whoever is signed in, and the means to name and to end them.

mod card;
mod glyph;
mod list;

use http::Method;
use leptos::html::{H1, H2};
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use self::card::Card;
use self::list::List;
use super::admin::table::{AFTER, Paging};
use super::guard::{keep_strangers_out, use_session_id};
use super::live::{FRESH, Standing};
use super::notices::Notices;
use crate::api::EndedSessions;
use crate::session::Session;
use crate::ui::address::use_query;
use crate::ui::confirm::Confirm;
use crate::ui::focus::focus_soon;
use crate::ui::lead::Lead;
use crate::ui::{links, words};

/// The page. Its frame is the same before and after the badge arrives.
#[component]
pub fn Devices() -> impl IntoView {
    keep_strangers_out();
    let session_id = use_session_id();
    let top = NodeRef::<H1>::new();
    view! {
        <Title text="Your devices · Lanyard" />
        <div class="page wrap" aria-busy=move || session_id.get().is_none().then_some("true")>
            <div class="page-head">
                <h1 node_ref=top tabindex="-1">
                    "Your devices"
                </h1>
                <Lead about="Wherever you are signed in. End what you don't know, and change your password then." />
            </div>
            <For each=move || [session_id.get()] key=|session_id| *session_id let:session_id>
                <Notices session_id home=top />
                <Sessions session_id />
            </For>
        </div>
    }
}

/// The list and what may be done to it. One person's: made anew for each session.
#[component]
fn Sessions(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let query = use_query();
    let after = Memo::new(move |_| query.with(|query| query.get(AFTER).map(str::to_owned)));
    let path = Memo::new(move |_| links::with_query("/api/sessions", [(AFTER, after.get())]));
    let list = List::fresh(session_id, path, FRESH);
    let others = NodeRef::<H2>::new();
    let has_others = Memo::new(move |_| list.next().is_some() || !list.ids(false).is_empty());
    // Of a page behind the first, nobody can say.
    let is_alone = Memo::new(move |_| list.is_read() && !has_others.get() && after.get().is_none());
    let end_others = move || {
        list.act(
            async move {
                let ended: EndedSessions = list.ask(Method::DELETE, "/api/sessions/others", None).await?;
                Ok(words::others_ended(ended.ended))
            },
            move || focus_soon(others),
        );
    };
    view! {
        <div class="stack">
            <Standing live=list what="your sessions" />
            <section aria-labelledby="this-device">
                <h2 id="this-device">"This device"</h2>
                <ul class="devices">
                    <For each=move || list.ids(true) key=|id| *id let:id>
                        <Card list id home=others />
                    </For>
                    {move || (!list.is_read()).then(|| view! { <li class="device blank" aria-hidden="true"></li> })}
                </ul>
            </section>
            <section aria-labelledby="other-devices">
                <div class="devices-head">
                    <h2 node_ref=others id="other-devices" tabindex="-1">
                        "Other devices"
                    </h2>
                    <Show when=move || has_others.get()>
                        <Confirm
                            id="end-others".to_owned()
                            label="End all others"
                            question="End every session but this one?"
                            yes="End all others"
                            no="Keep them"
                            pending=list.pending
                            act=end_others
                        />
                    </Show>
                </div>
                <p class="note" hidden=move || !is_alone.get()>
                    "You are signed in nowhere else. As soon as you are, it shows up here."
                </p>
                <ul class="devices">
                    <For each=move || list.ids(false) key=|id| *id let:id>
                        <Card list id home=others />
                    </For>
                </ul>
                <Paging next=Signal::derive(move || list.next()) home=others />
            </section>
            <Everywhere list ready=session_id.is_some() />
        </div>
    }
    .into_any()
}

/// Ends every session, and leaves.
#[component]
fn Everywhere(list: List, ready: bool) -> impl IntoView {
    let session = Session::expect();
    let pending = Signal::derive(move || !ready || list.pending.get());
    let sign_out = move || {
        list.act(
            async move {
                let EndedSessions { .. } = list.ask(Method::DELETE, "/api/sessions", None).await?;
                // The server has ended this one too. Signing out clears the cookies, and tells the other tabs
                // before they find out, and think that another device did it.
                session.sign_out();
                Ok(String::new())
            },
            || (),
        );
    };
    view! {
        <section class="panel" aria-labelledby="everywhere">
            <h2 id="everywhere">"Sign out everywhere"</h2>
            <p class="quiet">
                "Ends every session at once, this one too. No badge of yours opens a door after that, and no passport fetches a new one."
            </p>
            <Confirm
                id="end-all".to_owned()
                label="Sign out everywhere"
                question="Sign out here and on every other device?"
                yes="Sign out everywhere"
                no="Stay"
                pending
                act=sign_out
            />
        </section>
    }
    .into_any()
}
