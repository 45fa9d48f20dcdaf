//! What is around each page of the administration: its sections, and who may see them.

use leptos::html::H1;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use leptos_router::hooks::use_location;
use uuid::Uuid;

use crate::api::Role;
use crate::pages::guard::keep_strangers_out;
use crate::session::{Session, View};
use crate::ui::focus::focus_soon;
use crate::ui::lead::Lead;
use crate::ui::links;
use crate::ui::text::text;

/// The sections, in the order in which they are offered.
const SECTIONS: [(&str, &str); 4] = [
    ("People", links::PEOPLE),
    ("Sessions", links::SESSIONS),
    ("Audit log", links::AUDIT),
    ("Activity", links::ACTIVITY),
];

/// Who has opened the page.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Visitor {
    /// There is no badge yet.
    Unknown,
    /// Somebody who is no administrator.
    Plain,
    /// An administrator, in this session.
    Admin(Uuid),
}

/// Heading, sections and content. What a page holds is one administrator's: made anew when another one comes.
#[component]
pub fn Frame<B>(
    /// What the page is called.
    heading: &'static str,
    /// What it is about.
    about: &'static str,
    /// What an administrator sees, in this session; its frame, while it is not known who is here.
    body: B,
) -> impl IntoView
where
    B: Fn(Option<Uuid>) -> AnyView + Copy + Send + Sync + 'static,
{
    keep_strangers_out();
    let session = Session::expect();
    let visitor = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) if it.user.role == Role::Admin => Visitor::Admin(it.session_id),
        View::SignedIn(_) => Visitor::Plain,
        View::Checking | View::SignedOut { .. } => Visitor::Unknown,
    });
    let top = NodeRef::<H1>::new();
    Effect::new(move |before: Option<Visitor>| {
        let now = visitor.get();
        // What had the focus is gone.
        if let (Some(Visitor::Plain), Visitor::Admin(_)) | (Some(Visitor::Admin(_)), Visitor::Plain) =
            (before, now)
        {
            focus_soon(top);
        }
        now
    });
    view! {
        <div class="page wrap" aria-busy=move || (visitor.get() == Visitor::Unknown).then_some("true")>
            <div class="page-head">
                <h1 node_ref=top tabindex="-1">
                    {heading}
                </h1>
                <Lead about />
            </div>
            <For each=move || [visitor.get()] key=|visitor| *visitor let:visitor>
                {match visitor {
                    Visitor::Plain => view! { <Refusal /> }.into_any(),
                    Visitor::Admin(session_id) => {
                        view! {
                            <Sections />
                            {body(Some(session_id))}
                        }
                            .into_any()
                    }
                    Visitor::Unknown => {
                        view! {
                            <Sections />
                            {body(None)}
                        }
                            .into_any()
                    }
                }}
            </For>
        </div>
    }
    .into_any()
}

/// The way from each section to the others.
#[component]
fn Sections() -> impl IntoView {
    let here = use_location().pathname;
    let is_here = move |section: &str| {
        here.with(|here| here.starts_with(section) || (here == links::ADMIN && section == links::PEOPLE))
    };
    let link = move |(name, section): (&'static str, &'static str)| {
        view! {
            <a href=section aria-current=move || is_here(section).then_some("page")>
                {name}
            </a>
        }
    };
    view! {
        <nav class="sections" aria-label="Administration">
            {SECTIONS.map(link)}
        </nav>
    }
    .into_any()
}

/// What somebody finds who is no administrator.
#[component]
fn Refusal() -> impl IntoView {
    let session = Session::expect();
    let badge = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => Some(it.badge.serial),
        View::Checking | View::SignedOut { .. } => None,
    });
    // With which badge a newer one was asked for.
    let asked = RwSignal::new(None);
    let is_newer = move || asked.get().is_some_and(|old| badge.get().is_some_and(|new| new != old));
    view! {
        <Title text="Administration · Lanyard" />
        <section class="panel" aria-labelledby="refusal">
            <h2 id="refusal">"This page is for administrators"</h2>
            <p>
                "Your account may look through your own sessions and end them, but nobody else's. If you need to do more here, ask \
                 whoever runs this service."
            </p>
            <p class="quiet">"Somebody has just made you an administrator? Your next badge will say so."</p>
            <p
                role="status"
                inner_html=text(move || is_newer().then_some("Your newest badge says it still: no administrator."))
            ></p>
            <div class="actions">
                <button type="button" class="button" on:click=move |_| {
                    asked.set(badge.get_untracked());
                    session.renew();
                }>
                    "Fetch a new badge"
                </button>
                <A href=links::DEVICES attr:class="button">
                    "Your devices"
                </A>
            </div>
        </section>
    }
    .into_any()
}
