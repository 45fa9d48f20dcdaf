//! Home: the idea, a badge that lives, and the flow.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use super::sign_in::DemoNote;
use crate::session::{Session, View};
use crate::ui::badge::OwnBadge;
use crate::ui::demo::Demonstration;
use crate::ui::flow::{Carries, Flow, Message, Party};
use crate::ui::lead::NoScript;
use crate::ui::{links, words};

const PARTIES: [Party; 4] = [
    Party { name: "Your tab", role: "memory" },
    Party { name: "/auth", role: "the desk" },
    Party { name: "Database", role: "hashes only" },
    Party { name: "/api", role: "the doors" },
];
const TAB: usize = 0;
const DESK: usize = 1;
const DATABASE: usize = 2;
const DOORS: usize = 3;

/// What a renewal after a 401 is made of.
fn renewal() -> Vec<Message> {
    [
        (TAB, DOORS, Carries::Badge, "badge No. 7, expired"),
        (DOORS, TAB, Carries::Neither, "401 token_expired"),
        (TAB, DESK, Carries::Passport, "passport, by cookie"),
        (DESK, DATABASE, Carries::Neither, "rotate, one statement"),
        (DATABASE, DESK, Carries::Neither, "committed"),
        (DESK, TAB, Carries::Badge, "badge No. 8"),
        (TAB, DOORS, Carries::Badge, "the same call again, badge No. 8"),
        (DOORS, TAB, Carries::Neither, "200, as if nothing had been"),
    ]
    .map(|(from, to, carries, text)| Message { from, to, carries, text: text.into() })
    .into()
}

/// The home page.
#[component]
pub fn Home() -> impl IntoView {
    view! {
        <Title text="Lanyard: signed in for weeks, exposed for minutes" />
        <div class="wrap">
            <Hero />
            <Tokens />
            <Renewal />
        </div>
    }
}

/// The idea, and a badge that lives: the person's own, or a demonstration.
#[component]
fn Hero() -> impl IntoView {
    let session = Session::expect();
    let signed_out = Memo::new(move |_| matches!(session.view.get(), View::SignedOut { .. }));
    let way_on = move || match signed_out.get() {
        true => view! { <Invitation /> }.into_any(),
        false => view! { <WayOn /> }.into_any(),
    };
    let badge = move || match signed_out.get() {
        true => view! { <Demonstration /> }.into_any(),
        false => view! { <OwnBadge /> }.into_any(),
    };
    view! {
        <section class="hero">
            <div class="hero-words">
                <h1>"Signed in for weeks. Exposed for minutes."</h1>
                <p class="lede">
                    "A visitor badge that is good for " {words::lasting(session.settings.access_ttl_ms)}
                    ", and a passport that is shown at the front desk only. Lanyard is the whole flow of access and \
                     refresh tokens, running for real."
                </p>
                {way_on}
            </div>
            {badge}
        </section>
    }
    .into_any()
}

/// The two tokens, side by side.
#[component]
fn Tokens() -> impl IntoView {
    let settings = Session::expect().settings;
    view! {
        <section class="two" aria-label="The two tokens">
            <div class="panel token" data-kind="badge">
                <p class="key">"Access token"</p>
                <h2>"The badge, shown at every door"</h2>
                <dl class="facts">
                    <dt>"Lives"</dt>
                    <dd>{words::lasting(settings.access_ttl_ms)}</dd>
                    <dt>"Kept"</dt>
                    <dd>"in this tab's memory, nowhere else"</dd>
                    <dt>"Shown"</dt>
                    <dd>"with each call to " <code>"/api"</code></dd>
                    <dt>"If stolen"</dt>
                    <dd>
                        {if settings.immediate_revocation {
                            "soon worth nothing, and refused at once when the session ends"
                        } else {
                            "worth nothing once it has expired"
                        }}
                    </dd>
                </dl>
            </div>
            <div class="panel token" data-kind="passport">
                <p class="key">"Refresh token"</p>
                <h2>"The passport, shown at one desk"</h2>
                <dl class="facts">
                    <dt>"Lives"</dt>
                    <dd>"up to " {words::lasting(settings.absolute_ttl_ms)}</dd>
                    <dt>"Kept"</dt>
                    <dd>"in a cookie that no script can read"</dd>
                    <dt>"Shown"</dt>
                    <dd>"at " <code>"/auth"</code> ", and replaced there"</dd>
                    <dt>"If stolen"</dt>
                    <dd>"using one that was replaced gives the thief away, and ends the session"</dd>
                </dl>
            </div>
        </section>
    }
    .into_any()
}

/// What happens when the badge runs out.
#[component]
fn Renewal() -> impl IntoView {
    view! {
        <section class="panel flow-panel" aria-labelledby="flow">
            <h2 id="flow">"What happens when the badge runs out"</h2>
            <p class="note">
                "Usually a silent timer renews it before. If a call comes too late, this happens, and nobody notices."
            </p>
            <Flow parties=&PARTIES messages=Signal::stored(renewal()) />
        </section>
    }
    .into_any()
}

/// For visitors: make an account, or sign in.
#[component]
fn Invitation() -> impl IntoView {
    let session = Session::expect();
    view! {
        <div class="actions">
            <A href=links::REGISTER attr:class="button main">
                "Create an account"
            </A>
            <A href=links::SIGN_IN attr:class="button">
                "Sign in"
            </A>
        </div>
        {session.settings.demo.then(|| view! { <DemoNote /> })}
    }
}

/// For whoever is signed in.
#[component]
fn WayOn() -> impl IntoView {
    view! {
        <div class="actions">
            <A href=links::DASHBOARD attr:class="button main">
                "Open the dashboard"
            </A>
        </div>
        <p class="note">"You are signed in: the badge beside this is your own."</p>
        <NoScript />
    }
}
