//! The header and the foot of every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::links;
use super::text::text;
use crate::api::Role;
use crate::session::{Session, View};

/// Who we are, where one can go, and who is signed in.
#[component]
pub fn Header() -> impl IntoView {
    let session = Session::expect();
    let signed_out = Memo::new(move |_| matches!(session.view.get(), View::SignedOut { .. }));
    let is_admin = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => it.user.role == Role::Admin,
        View::Checking | View::SignedOut { .. } => false,
    });
    view! {
        <header class="top wrap">
            <A href="/" exact=true attr:class="brand">
                <svg width="24" height="28" viewBox="0 0 24 28" aria-hidden="true">
                    <path class="brand-strap" d="M5 0l7 9.5L19 0" />
                    <rect class="brand-line" x="3" y="10" width="18" height="16" rx="4" />
                    <path class="brand-line" d="M8 17h8M8 21h5" />
                </svg>
                <span>"Lanyard"</span>
            </A>
            <nav aria-label="Pages">
                <A href="/" exact=true>
                    "Home"
                </A>
                <A href=links::DASHBOARD>"Dashboard"</A>
                {move || (!signed_out.get()).then(|| view! { <A href=links::DEVICES>"Devices"</A> })}
                {move || is_admin.get().then(|| view! { <A href=links::ADMIN>"Admin"</A> })}
            </nav>
            <p class="me">{move || (!signed_out.get()).then(|| view! { <Account /> })}</p>
            {move || {
                if signed_out.get() {
                    view! {
                        <A href=links::SIGN_IN attr:class="button">
                            "Sign in"
                        </A>
                    }
                        .into_any()
                } else {
                    view! { <SignOut /> }.into_any()
                }
            }}
        </header>
    }
    .into_any()
}

/// The way to the account of whoever is signed in, and their name.
#[component]
fn Account() -> impl IntoView {
    let session = Session::expect();
    let name = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => Some(it.user.name),
        View::Checking | View::SignedOut { .. } => None,
    });
    view! {
        <A href=links::ACCOUNT>
            <span>"Account "</span>
            <bdi translate="no" inner_html=text(move || name.get())></bdi>
        </A>
    }
}

/// The button that signs out: a form that works without WASM, and offline with it.
#[component]
fn SignOut() -> impl IntoView {
    let session = Session::expect();
    view! {
        <form
            method="post"
            action="/auth/logout"
            on:submit=move |event| {
                event.prevent_default();
                session.sign_out();
            }
        >
            <button class="button">"Sign out"</button>
        </form>
    }
}

/// The foot of every page.
#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="foot wrap">
            <p>"Lanyard shows, and serves for real, access tokens that live for minutes and sessions that last for weeks."</p>
            <p>"MIT or Apache-2.0"</p>
        </footer>
    }
}
