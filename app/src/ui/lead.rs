//! The sentence under a protected page's heading.

use leptos::prelude::*;

use crate::session::Session;

/// What the page is about; and, when it stays as the server drew it, what is missing. That shows after a while, by CSS
/// alone, and at once where scripts are off.
#[component]
pub fn Lead(
    /// What the page is about.
    about: &'static str,
) -> impl IntoView {
    let session = Session::expect();
    view! {
        <p class="where">{about}</p>
        {move || {
            (!session.hydrated.get())
                .then(|| {
                    view! {
                        <p class="where later">
                            "Only this tab's memory may hold your badge, and that takes WebAssembly. If nothing happens, allow \
                             JavaScript here."
                        </p>
                    }
                })
        }}
    }
}
