//! The audit log, and the filters on it.

use leptos::html::{H2, Input, Select};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use uuid::Uuid;

use super::entries::EntriesTable;
use super::filter::{Filter, Unclear};
use super::frame::Frame;
use super::only_one::OnlyOne;
use super::table::{AFTER, Paging};
use crate::api::admin::{Audit, AuditEvent};
use crate::pages::live::{FRESH, Live, Standing};
use crate::ui::address::use_query;
use crate::ui::focus::focus_soon;
use crate::ui::text::Text;
use crate::ui::{links, told};

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

#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let query = use_query();
    let read = Memo::new(move |_| query.with(Filter::read));
    let filter = Memo::new(move |_| read.with(|(filter, _)| filter.clone()));
    let unclear = Memo::new(move |_| read.with(|(_, unclear)| unclear.clone()));
    let list = NodeRef::<H2>::new();
    let user = Memo::new(move |_| filter.with(|filter| filter.user));
    view! {
        <section class="stack" aria-labelledby="entries">
            <Filters filter unclear list />
            <div class="list-head">
                <h2 node_ref=list id="entries" tabindex="-1">
                    "The newest first"
                </h2>
                <For each=move || user.get() key=|user| *user let:user>
                    <OnlyOne
                        session_id
                        user
                        told="Only about "
                        everybodys="About everybody"
                        to=Signal::derive(move || Filter { user: None, ..filter.get() }.address())
                        list
                    />
                </For>
            </div>
            // Never more than was asked for.
            <Show
                when=move || unclear.with(Vec::is_empty)
                fallback=|| view! { <p class="note">"Nothing is shown until that is clear."</p> }
            >
                <List session_id filter home=list />
            </Show>
        </section>
    }
    .into_any()
}

/// What the filter lets through.
#[component]
fn List(session_id: Option<Uuid>, filter: Memo<Filter>, home: NodeRef<H2>) -> impl IntoView {
    let query = use_query();
    let path = Memo::new(move |_| filter.get().path(query.with(|query| query.get(AFTER).map(str::to_owned))));
    let live = Live::<Audit>::fresh(session_id, path, FRESH);
    view! {
        <Standing live what="what happened" />
        <EntriesTable live labelled_by="entries" with_people=true nothing="Nothing of that kind happened.">
            <Clear home />
        </EntriesTable>
        <Paging next=Signal::derive(move || live.read.with(|read| read.as_ref()?.next.clone())) home />
    }
    .into_any()
}

/// Leads back to the whole log.
#[component]
fn Clear(home: NodeRef<H2>) -> impl IntoView {
    view! {
        <a class="button" href=links::AUDIT on:click=move |_| focus_soon(home)>
            "Clear the filters"
        </a>
    }
}

/// What kind of entries, and of which days.
#[component]
fn Filters(
    /// What is shown now.
    filter: Memo<Filter>,
    /// What the address asks for besides, and can't be understood.
    unclear: Memo<Vec<Unclear>>,
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
    let is_wrong = move || unclear.with(|unclear| unclear.contains(&Unclear::Event));
    view! {
        <form class="panel filters" aria-label="What to show" on:submit=on_submit>
            <Problems unclear list />
            <div class="field">
                <label for="event">"What happened"</label>
                <select
                    node_ref=event
                    id="event"
                    aria-invalid=move || is_wrong().then_some("true")
                    aria-describedby=move || is_wrong().then_some(PROBLEMS)
                >
                    <option value="">"Everything"</option>
                    {options}
                </select>
            </div>
            <DayField id="from" label="From" input=from unclear part=Unclear::From />
            <DayField id="until" label="Until, that day included" input=until unclear part=Unclear::Until />
            <button class="button">"Show"</button>
        </form>
    }
    .into_any()
}

/// A day that the list begins or ends with.
#[component]
fn DayField(
    id: &'static str,
    label: &'static str,
    input: NodeRef<Input>,
    unclear: Memo<Vec<Unclear>>,
    /// What of the address it shows.
    part: Unclear,
) -> impl IntoView {
    let is_wrong = move || unclear.with(|unclear| unclear.iter().any(|it| it.is_about(part)));
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                node_ref=input
                id=id
                type="date"
                aria-invalid=move || is_wrong().then_some("true")
                aria-describedby=move || is_wrong().then_some(PROBLEMS)
            />
        </div>
    }
    .into_any()
}

/// The id of what is said of the address.
const PROBLEMS: &str = "filter-problems";

/// What in the address can't be understood, and the way to do without it.
#[component]
fn Problems(unclear: Memo<Vec<Unclear>>, list: NodeRef<H2>) -> impl IntoView {
    view! {
        <div class="filter-problems" id=PROBLEMS role="alert">
            <Show when=move || unclear.with(|unclear| !unclear.is_empty())>
                <div class="notice bad">
                    {move || unclear.get().into_iter().map(|it| view! { <p inner_html=Text::from(it.told())></p> }).collect_view()}
                    <p>"Choose what to show below, or see everything."</p>
                    <Clear home=list />
                </div>
            </Show>
        </div>
    }
    .into_any()
}
