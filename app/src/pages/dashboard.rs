//! The dashboard: a protected page, with the living badge and everything one may do to it.

use leptos::html::H1;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use crate::session::{Patterns, Session, SignedIn, View};
use crate::ui::badge::OwnBadge;
use crate::ui::calendar::Moment;
use crate::ui::journal::Journal;
use crate::ui::lead::Lead;
use crate::ui::notice::CookieNotice;
use crate::ui::text::text;
use crate::ui::when::When;
use crate::ui::{device, links, words};

use super::calls::Calls;
use super::guard::{keep_strangers_out, use_session_id};
use super::notices::Notices;

/// The dashboard. Its frame is the same before and after the badge arrives.
#[component]
pub fn Dashboard() -> impl IntoView {
    keep_strangers_out();
    let session = Session::expect();
    let signed_in = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => Some(it),
        View::Checking | View::SignedOut { .. } => None,
    });
    let session_id = use_session_id();
    let first_name =
        Memo::new(move |_| signed_in.get().map(|it| words::isolated(words::first_name(&it.user.name))));
    let top = NodeRef::<H1>::new();
    let title = move || match first_name.get() {
        Some(name) => format!("Dashboard, signed in as {name}"),
        None => "Dashboard · Lanyard".to_owned(),
    };
    let greeting = move || match first_name.get() {
        Some(_) => format!("{}, ", device::now().map_or("Welcome", Moment::greeting)),
        None => "Welcome back".to_owned(),
    };

    view! {
        <Title text=title />
        <div class="dash wrap" aria-busy=move || signed_in.with(Option::is_none).then_some("true")>
            <div class="dash-badge">
                <OwnBadge />
                <button
                    class="button"
                    type="button"
                    disabled=move || signed_in.with(Option::is_none)
                    on:click=move |_| session.renew()
                >
                    "Renew now"
                </button>
                <p class="note">
                    "A renewal keeps the badge's number until the passport is "
                    {words::lasting(session.settings.settle_ms)} " old, and is replaced with it."
                </p>
            </div>
            <div class="stack">
                <div class="dash-head">
                    <h1 node_ref=top tabindex="-1">
                        <span inner_html=text(greeting)></span>
                        <bdi translate="no" inner_html=text(move || first_name.get())></bdi>
                    </h1>
                    <Lead about="Your badge is in this tab's memory. Shut the tab and it is gone; open it again and the passport fetches a \
                                 new one." />
                </div>
                <CookieNotice />
                <For each=move || [session_id.get()] key=|session_id| *session_id let:session_id>
                    <Notices session_id home=top on_dashboard=true />
                    <Calls session_id />
                </For>
                <Switches />
                <Journal />
                <Passport signed_in />
            </div>
        </div>
    }
}

/// The two refresh patterns, each with a switch.
#[component]
fn Switches() -> impl IntoView {
    let session = Session::expect();
    // Before hydration as the server draws them.
    let patterns = move || if session.hydrated.get() { session.patterns.get() } else { Patterns::default() };
    let change = move |change: fn(&mut Patterns)| {
        let mut patterns = session.patterns.get_untracked();
        change(&mut patterns);
        session.set_patterns(patterns);
    };
    view! {
        <section class="panel" aria-labelledby="patterns">
            <h2 id="patterns">"How it stays fresh"</h2>
            <div class="two-switches">
                <Switch
                    id="silent-timer"
                    label="Silent timer"
                    told="renews before the badge expires"
                    on=Signal::derive(move || patterns().timer)
                    flip=move || change(|it| it.timer = !it.timer)
                />
                <Switch
                    id="retry-after-401"
                    label="Retry after 401"
                    told="renews when a door refuses it, and asks again"
                    on=Signal::derive(move || patterns().interceptor)
                    flip=move || change(|it| it.interceptor = !it.interceptor)
                />
            </div>
            <p
                class="note"
                aria-live="polite"
                inner_html=text(move || match patterns() {
                    Patterns { timer: true, interceptor: true } => "Both on: the timer does the work, the retry catches what it misses.",
                    Patterns { timer: true, interceptor: false } => "Only the timer: a call that is refused all the same stays refused.",
                    Patterns { timer: false, interceptor: true } => "Only the retry: the badge is left to expire, and the next call renews it.",
                    Patterns { timer: false, interceptor: false } => "Both off: when the badge expires, calls fail until you renew it by hand.",
                })
            ></p>
        </section>
    }
    .into_any()
}

#[component]
fn Switch(
    id: &'static str,
    label: &'static str,
    told: &'static str,
    on: Signal<bool>,
    flip: impl Fn() + 'static,
) -> impl IntoView {
    let session = Session::expect();
    view! {
        <button
            type="button"
            class="switch"
            role="switch"
            aria-checked=move || if on.get() { "true" } else { "false" }
            aria-labelledby=id
            aria-describedby=format!("{id}-told")
            disabled=move || !session.hydrated.get()
            on:click=move |_| flip()
        >
            <span class="switch-track" aria-hidden="true"></span>
            <span>
                <b id=id>{label}</b>
                <small id=format!("{id}-told")>{told}</small>
            </span>
        </button>
    }
}

/// How long the session lasts.
#[component]
fn Passport(signed_in: Memo<Option<SignedIn>>) -> impl IntoView {
    let session = Session::expect();
    let expires_at = Memo::new(move |_| signed_in.get().map(|it| it.session_expires_at));
    view! {
        <section class="panel token" data-kind="passport" aria-labelledby="passport">
            <p class="key">"Refresh token"</p>
            <h2 id="passport">"Your passport"</h2>
            <dl class="facts">
                <dt>"Good until"</dt>
                <dd>
                    <When at=expires_at />
                </dd>
                <dt>"Or until"</dt>
                <dd>{words::lasting(session.settings.idle_ttl_ms)} " after your last visit, if that is sooner"</dd>
                <dt>"Used"</dt>
                <dd>"at each renewal, and replaced from time to time; the one before stops working"</dd>
                <dt>"Kept"</dt>
                <dd>"in a cookie that no script can read, this page's included"</dd>
            </dl>
            <p class="onward">
                <A href=links::DEVICES attr:class="button">
                    "Your devices"
                </A>
            </p>
        </section>
    }
    .into_any()
}
