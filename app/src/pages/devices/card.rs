//! One session. What it is called, by its owner or by its browser, is text from outside: shown as text, kept apart from the
//! text around it, and clipped.

use http::Method;
use leptos::html::{Button, H2, Input};
use leptos::prelude::*;
use uuid::Uuid;

use super::glyph::Glyph;
use super::list::List;
use crate::api::{RenameSession, SessionInfo};
use crate::session::Session;
use crate::ui::confirm::Confirm;
use crate::ui::focus::focus_soon;
use crate::ui::text::text;
use crate::ui::when::When;
use crate::ui::words;

/// The longest name, in UTF-16 units, which is what browsers count: 60 characters, if each takes two.
const LONGEST_NAME: u16 = 120;

/// A session: its name, what is known of it, and what may be done to it.
#[component]
pub fn Card(
    /// The list that it is in.
    list: List,
    /// Which one.
    id: Uuid,
    /// Where the focus goes when it is gone.
    home: NodeRef<H2>,
) -> impl IntoView {
    // One that has gone from the list is shown as it was until it is gone from the page.
    let info = Memo::new(move |before: Option<&Option<SessionInfo>>| {
        list.find(id).or_else(|| before.cloned().flatten())
    });
    let renaming = RwSignal::new(false);
    let rename = NodeRef::<Button>::new();
    let browser = move || info.with(|it| it.as_ref().map(called_by_browser));
    let name = move || info.with(|it| it.as_ref().and_then(|it| it.name.clone()));
    let current = move || info.with(|it| it.as_ref().is_some_and(|it| it.current));
    let network = move || info.with(|it| it.as_ref().and_then(|it| it.network.clone()));
    let system = Memo::new(move |_| info.with(|it| it.as_ref().and_then(|it| it.system.clone())));
    // Said anew with each reading of the list.
    let time = move |of: fn(&SessionInfo) -> Option<i64>| {
        Signal::derive(move || list.find(id).as_ref().and_then(of))
    };

    view! {
        <li class="device">
            <Glyph system />
            <div class="device-head">
                <h3 id=title(id) hidden=move || renaming.get()>
                    <bdi translate="no" inner_html=text(move || name().or_else(browser))></bdi>
                </h3>
                <NameForm list id renaming rename />
                <p class="quiet" hidden=move || name().is_none()>
                    <bdi translate="no" inner_html=text(browser)></bdi>
                </p>
            </div>
            <dl class="facts">
                <dt>"Last seen"</dt>
                <dd>
                    {move || match current() {
                        true => view! { <span class="tag" data-kind="good">"now"</span> }.into_any(),
                        false => view! { <When at=time(|it| it.last_seen_at) /> }.into_any(),
                    }}
                </dd>
                <dt>"Signed in"</dt>
                <dd>
                    <When at=time(|it| Some(it.created_at)) />
                </dd>
                <dt>"Network"</dt>
                <dd class="mono">
                    <bdi inner_html=text(move || network().unwrap_or_else(|| "unknown".to_owned()))></bdi>
                </dd>
            </dl>
            <Actions list id renaming rename home current=Signal::derive(current) />
        </li>
    }
    .into_any()
}

#[component]
fn Actions(
    list: List,
    id: Uuid,
    renaming: RwSignal<bool>,
    rename: NodeRef<Button>,
    home: NodeRef<H2>,
    current: Signal<bool>,
) -> impl IntoView {
    let session = Session::expect();
    let asking = RwSignal::new(false);
    let end = move || {
        list.act(
            async move {
                let () = list.ask(Method::DELETE, &path(id), None).await?;
                Ok("The session was ended.".to_owned())
            },
            move || focus_soon(home),
        );
    };
    view! {
        <div class="device-actions" hidden=move || renaming.get()>
            <button
                node_ref=rename
                id=format!("rename-{id}")
                type="button"
                class="button"
                hidden=move || asking.get()
                aria-labelledby=format!("rename-{id} {}", title(id))
                aria-disabled=move || list.pending.get().then_some("true")
                on:click=move |_| renaming.set(!list.pending.get_untracked())
            >
                "Rename"
            </button>
            {move || {
                if current.get() {
                    // The ordinary sign-out, offline too.
                    view! {
                        <button type="button" class="button" on:click=move |_| session.sign_out()>
                            "Sign out"
                        </button>
                    }
                        .into_any()
                } else {
                    view! {
                        <Confirm
                            id=format!("end-{id}")
                            label="End"
                            to=title(id)
                            question="End this session?"
                            yes="End it"
                            no="Keep it"
                            pending=list.pending
                            asking
                            act=end
                        />
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

/// Takes the place of the name while it is being changed. An empty one gives the session its browser's name back.
#[component]
fn NameForm(list: List, id: Uuid, renaming: RwSignal<bool>, rename: NodeRef<Button>) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let info = move || list.find(id);
    Effect::new(move |_| {
        if renaming.get()
            && let Some(field) = input.get_untracked()
        {
            field.set_value(&untrack(info).and_then(|it| it.name).unwrap_or_default());
            focus_soon(input);
        }
    });
    let close = move || {
        renaming.set(false);
        focus_soon(rename);
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(field) = input.get_untracked() else { return };
        let name = Some(field.value().trim().to_owned()).filter(|name| !name.is_empty());
        list.act(
            async move {
                let body = serde_json::to_string(&RenameSession { name }).ok();
                let () = list.ask(Method::PATCH, &path(id), body).await?;
                Ok("The name was changed.".to_owned())
            },
            close,
        );
    };
    view! {
        <form
            class="device-name"
            hidden=move || !renaming.get()
            on:submit=save
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    close();
                }
            }
        >
            <label class="hidden" for=format!("name-{id}")>
                "Name of this device"
            </label>
            <input
                node_ref=input
                id=format!("name-{id}")
                dir="auto"
                maxlength=LONGEST_NAME
                autocomplete="off"
                placeholder=move || info().map(|it| called_by_browser(&it))
            />
            <button class="button main" aria-disabled=move || list.pending.get().then_some("true")>
                "Save"
            </button>
            <button type="button" class="button" on:click=move |_| close()>
                "Cancel"
            </button>
        </form>
    }
    .into_any()
}

fn called_by_browser(session: &SessionInfo) -> String {
    words::device(session.browser.as_deref(), session.system.as_deref())
}

/// The id of the element with the session's name.
fn title(id: Uuid) -> String {
    format!("device-{id}")
}

fn path(id: Uuid) -> String {
    format!("/api/sessions/{id}")
}
