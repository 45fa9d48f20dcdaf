//! Your account: the name, the password, and the way to the devices.

mod name;
mod password;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use uuid::Uuid;

use self::name::NameForm;
use self::password::PasswordForm;
use super::guard::{keep_strangers_out, use_session_id, use_user};
use crate::ui::lead::Lead;
use crate::ui::links;

/// The page. Its frame is the same before and after the badge arrives.
#[component]
pub fn Account() -> impl IntoView {
    keep_strangers_out();
    let session_id = use_session_id();
    view! {
        <Title text="Your account · Lanyard" />
        <div class="page wrap" aria-busy=move || session_id.get().is_none().then_some("true")>
            <div class="page-head">
                <h1>"Your account"</h1>
                <Lead about="How you are called here, and what lets you in." />
            </div>
            <For each=move || [session_id.get()] key=|session_id| *session_id let:session_id>
                <Forms session_id />
            </For>
        </div>
    }
}

/// What may be changed. What is typed here is one person's: made anew for each session.
#[component]
fn Forms(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let user = use_user();
    view! {
        <div class="two-columns">
            <div class="stack">
                <NameForm session_id user />
                <section class="panel" aria-labelledby="devices">
                    <h2 id="devices">"Where you are signed in"</h2>
                    <p class="quiet">"Look through your devices, and end what you don't know."</p>
                    <p class="onward">
                        <A href=links::DEVICES attr:class="button">
                            "Your devices"
                        </A>
                    </p>
                </section>
            </div>
            <PasswordForm session_id user />
        </div>
    }
    .into_any()
}
