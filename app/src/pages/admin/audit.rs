//! The audit log, and the filters on it.

use leptos::html::{H2, Input, Select};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use uuid::Uuid;

use super::entries::EntriesTable;
use super::frame::Frame;
use super::table::{AFTER, Paging, Who};
use crate::api::admin::{Account, Audit, AuditEvent};
use crate::pages::live::{FRESH, Live, Standing};
use crate::ui::focus::focus_soon;
use crate::ui::{device, links, told};

/// The page.
#[component]
pub fn AuditLog() -> impl IntoView {
    view! {
        <Title text="Audit log · Administration · Lanyard" />
        <Frame
            heading="Audit log"
            about="What happened to accounts and sessions, and who did it. Nothing here is ever rewritten."
            body=|session_id| view! { <Body session_id /> }.into_any()
        />
    }
}

/// What the page's address asks for; what can't be understood counts as absent.
#[derive(Clone, Default, PartialEq)]
struct Filter {
    user: Option<Uuid>,
    event: Option<AuditEvent>,
    /// The first day, such as `2026-12-20`.
    from: Option<String>,
    /// The last day.
    until: Option<String>,
}

impl Filter {
    /// The page that shows it.
    fn address(&self) -> String {
        let Self { user, event, from, until } = self.clone();
        let event = event.map(|event| event.to_string());
        let user = user.map(|user| user.to_string());
        links::with_query(links::AUDIT, [("user", user), ("event", event), ("from", from), ("until", until)])
    }

    /// Where the API answers it. Days are the device's own.
    fn path(&self, after: Option<String>) -> String {
        let seconds = |day: &Option<String>, later: u32| {
            day.as_deref().and_then(|day| device::midnight(day, later)).map(|at| at.to_string())
        };
        links::with_query(
            "/api/admin/audit",
            [
                ("user", self.user.map(|user| user.to_string())),
                ("event", self.event.map(|event| event.to_string())),
                ("from", seconds(&self.from, 0)),
                ("until", seconds(&self.until, 1)),
                (AFTER, after),
            ],
        )
    }
}

fn use_filter() -> Memo<Filter> {
    let query = use_query_map();
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Memo::new(move |_| {
        query.with(|query| Filter {
            user: query.get_str("user").and_then(|id| id.parse().ok()),
            event: query.get_str("event").and_then(links::named),
            from: query.get_str("from").and_then(said),
            until: query.get_str("until").and_then(said),
        })
    })
}

#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let query = use_query_map();
    let filter = use_filter();
    let path = Memo::new(move |_| filter.get().path(query.with(|query| query.get(AFTER))));
    let live = Live::<Audit>::fresh(session_id, path, FRESH);
    let list = NodeRef::<H2>::new();
    let user = Memo::new(move |_| filter.with(|filter| filter.user));
    view! {
        <section class="stack" aria-labelledby="entries">
            <Filters filter list />
            <div class="list-head">
                <h2 node_ref=list id="entries" tabindex="-1">
                    "The newest first"
                </h2>
                <For each=move || user.get() key=|user| *user let:user>
                    <OnlyOne session_id user filter list />
                </For>
            </div>
            <Standing live what="what happened" />
            <EntriesTable live labelled_by="entries" with_people=true />
            <Paging next=Signal::derive(move || live.read.with(|read| read.as_ref()?.next.clone())) home=list />
        </section>
    }
    .into_any()
}

/// What kind of entries, and of which days.
#[component]
fn Filters(
    /// What is shown now.
    filter: Memo<Filter>,
    /// The heading of the list.
    list: NodeRef<H2>,
) -> impl IntoView {
    let navigate = use_navigate();
    let event = NodeRef::<Select>::new();
    let [from, until] = std::array::from_fn(|_| NodeRef::<Input>::new());
    // As the address says, also after going back.
    Effect::new(move |_| {
        let filter = filter.get();
        let (Some(event), Some(from), Some(until)) = (event.get(), from.get(), until.get()) else { return };
        event.set_value(filter.event.map_or("", AuditEvent::name));
        from.set_value(&filter.from.unwrap_or_default());
        until.set_value(&filter.until.unwrap_or_default());
    });
    let on_submit = move |submitted: leptos::ev::SubmitEvent| {
        submitted.prevent_default();
        let (Some(event), Some(from), Some(until)) =
            (event.get_untracked(), from.get_untracked(), until.get_untracked())
        else {
            return;
        };
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let asked = Filter {
            user: filter.with_untracked(|filter| filter.user),
            event: links::named(&event.value()),
            from: said(from.value()),
            until: said(until.value()),
        };
        navigate(&asked.address(), NavigateOptions::default());
        focus_soon(list);
    };
    let options =
        AuditEvent::ALL.map(|it| view! { <option value=it.name()>{told::event(it, None)}</option> });
    view! {
        <form class="panel filters" aria-label="What to show" on:submit=on_submit>
            <div class="field">
                <label for="event">"What happened"</label>
                <select node_ref=event id="event">
                    <option value="">"Everything"</option>
                    {options}
                </select>
            </div>
            <div class="field">
                <label for="from">"From"</label>
                <input node_ref=from id="from" type="date" />
            </div>
            <div class="field">
                <label for="until">"Until, that day included"</label>
                <input node_ref=until id="until" type="date" />
            </div>
            <button class="button">"Show"</button>
        </form>
    }
    .into_any()
}

/// Says whom alone the list is about, and leads back to everybody.
#[component]
fn OnlyOne(session_id: Option<Uuid>, user: Uuid, filter: Memo<Filter>, list: NodeRef<H2>) -> impl IntoView {
    let live = Live::<Account>::fresh(session_id, format!("/api/admin/users/{user}"), FRESH);
    let everybody = move || Filter { user: None, ..filter.get() }.address();
    view! {
        <div class="only-one">
            <span>"Only about "</span>
            {move || match live.read.get() {
                Some(account) => view! { <Who user=account.user /> }.into_any(),
                None => "one person".into_any(),
            }}
            <a class="button" href=everybody on:click=move |_| focus_soon(list)>
                "About everybody"
            </a>
        </div>
    }
    .into_any()
}
