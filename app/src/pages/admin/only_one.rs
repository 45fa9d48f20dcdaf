//! A list about one person alone says so, and leads back to everybody's.

use leptos::html::H2;
use leptos::prelude::*;
use uuid::Uuid;

use super::table::Who;
use crate::api::admin::Account;
use crate::pages::live::{FRESH, Live};
use crate::ui::focus::focus_soon;
use crate::ui::text::Text;

/// Says whom alone the list is about, and leads back to everybody.
#[component]
pub fn OnlyOne(
    session_id: Option<Uuid>,
    /// Whom.
    user: Uuid,
    /// In words, before the name.
    told: &'static str,
    /// The way back, in words.
    everybodys: &'static str,
    /// The same as an address.
    to: Signal<String>,
    /// The heading of the list.
    list: NodeRef<H2>,
) -> impl IntoView {
    let live = Live::<Account>::fresh(session_id, format!("/api/admin/users/{user}"), FRESH);
    view! {
        <div class="only-one">
            <span>{told}</span>
            {move || match live.read.get() {
                Some(account) => view! { <Who user=account.user /> }.into_any(),
                None => {
                    let whom = if live.is_missing() { "somebody who has no account here" } else { "one person" };
                    view! { <span inner_html=Text::from(whom)></span> }.into_any()
                }
            }}
            <a class="button" href=move || to.get() on:click=move |_| focus_soon(list)>
                {everybodys}
            </a>
        </div>
    }
    .into_any()
}
