//! What a person should know about the way to the server, and about a browser that keeps no cookie.

use leptos::prelude::*;

use super::text::{Text, text};
use super::ticks::use_ticks;
use super::way_out::WayOut;
use super::words;
use crate::session::{Connection, Session, View};

/// Says when the server can't be reached, and what that means for whoever is here. It lies over the page's lower
/// edge, so that nothing moves; the countdown is outside of what is read aloud.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let session = Session::expect();
    let kind = Memo::new(move |_| {
        let signed_out = matches!(session.view.get(), View::SignedOut { .. });
        match (session.connection.get(), signed_out, session.owes_sign_out.get()) {
            (Connection::Fine, ..) => None,
            (Connection::Offline, false, _) => {
                Some("You are offline. You stay signed in; we go on when the network is back.")
            }
            (Connection::Offline, true, true) => {
                Some("You are offline. The server will hear of your sign-out when the network is back.")
            }
            (Connection::Offline, true, false) => Some("You are offline."),
            (Connection::Retrying { .. }, false, _) => {
                Some("The server can't be reached. You stay signed in.")
            }
            (Connection::Retrying { .. }, true, _) => {
                Some("The server can't be reached. It will hear of your sign-out when it can.")
            }
            (Connection::Refused, false, _) => {
                Some("The server refused to renew your badge. “Renew now” asks once more; or sign in again.")
            }
            (Connection::Refused, true, _) => {
                Some("The server refused to take your session up again. Please sign in anew.")
            }
        }
    });
    // That there is a way out is news as well.
    let news = Memo::new(move |_| kind.get().map(|kind| (kind, session.is_stuck())));
    // What was put away; anything else is shown, and the same once more when it comes again.
    let put_away = RwSignal::new(None);
    Effect::new(move |_| {
        if news.get().is_none() {
            put_away.set(None);
        }
    });
    let is_shown = Memo::new(move |_| news.get().is_some_and(|news| put_away.get() != Some(news)));
    view! {
        <aside aria-label="Connection" class="connection" class:shown=move || is_shown.get()>
            <p role="status" inner_html=text(move || kind.get())></p>
            {move || {
                is_shown
                    .get()
                    .then(|| {
                        view! {
                            <NextAttempt />
                            <button type="button" on:click=move |_| put_away.set(news.get_untracked())>
                                "Hide"
                            </button>
                        }
                    })
            }}
            <WayOut shown=is_shown />
        </aside>
    }
}

#[component]
fn NextAttempt() -> impl IntoView {
    let session = Session::expect();
    let now = use_ticks();
    move || match (session.connection.get(), now.get()) {
        (Connection::Retrying { next_at, .. }, Some(now)) => Some(view! {
            <p class="connection-next">
                "Next attempt in "
                <span class="mono" translate="no" inner_html=Text::from(words::countdown(next_at - now))></span>
            </p>
        }),
        _ => None,
    }
}

/// Says that the browser refused to keep the refresh cookie, what that means, and what to do.
#[component]
pub fn CookieNotice() -> impl IntoView {
    let session = Session::expect();
    let told = move || {
        session.cookie_refused.get().then(|| {
            view! {
                <section class="notice bad">
                    <h2>"This browser did not keep your passport"</h2>
                    <p>
                        "The refresh cookie was refused, so a sign-in lasts until its first badge expires, and closing the tab \
                         ends it at once."
                    </p>
                    <p>{here().map(|(protocol, host)| words::cookie_kept(&protocol, &host))}</p>
                </section>
            }
        })
    };
    // Here from the start, so that what comes into it is read aloud.
    view! { <div role="alert">{told}</div> }
}

/// How this page was reached: the protocol and the host's name, as browsers write them.
fn here() -> Option<(String, String)> {
    let location = window().location();
    Some((location.protocol().ok()?, location.hostname().ok()?))
}
