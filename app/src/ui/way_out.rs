//! For whom no renewal succeeds although the server answers: its key may be lost, and no patience would help.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use super::links;
use crate::pages::guard::address;
use crate::session::{Session, View};

/// Beside the news that a renewal is tried again: to sign in again, which needs nothing of the old session.
#[component]
pub fn WayOut(
    /// Whether the news is in sight: else nobody could see where the keyboard is.
    shown: Memo<bool>,
) -> impl IntoView {
    let session = Session::expect();
    let here = use_location();
    let (path, query) = (here.pathname, here.search);
    let needed = Memo::new(move |_| {
        let signed_in = !matches!(session.view.get(), View::SignedOut { .. });
        shown.get() && session.is_stuck() && signed_in && path.get() != links::SIGN_IN
    });
    let onward = Memo::new(move |_| {
        path.track();
        query.track();
        links::with_next(links::SIGN_IN, Some(&address(&here)))
    });
    view! {
        <div role="status">
            {move || {
                needed
                    .get()
                    .then(|| {
                        view! {
                            <p class="connection-next">
                                "If it stays so: " <A href=move || onward.get()>"Sign in again"</A> ", or sign out."
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// Above the sign-in form, for whose session can't be taken up.
#[component]
pub fn CanNotGoOn() -> impl IntoView {
    view! {
        <div class="notice warm">
            <p>
                <b>"Your session can't be taken up again at the moment."</b>
            </p>
            <p>"Sign in below to go on with a new one. Until then it is tried again from time to time."</p>
        </div>
    }
}
