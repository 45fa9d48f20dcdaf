//! The sentence under a protected page's heading.

use leptos::prelude::*;

/// What the page is about; and where scripts are off, what is missing, and the way out.
#[component]
pub fn Lead(
    /// What the page is about.
    about: &'static str,
) -> impl IntoView {
    view! {
        <p class="where">{about}</p>
        <NoScript />
    }
}

/// What whoever is signed in should know where no script runs. What is below it stays empty there.
#[component]
pub fn NoScript() -> impl IntoView {
    view! { <noscript inner_html=NO_SCRIPT></noscript> }
}

/// As text: browsers that run scripts make one text of it.
const NO_SCRIPT: &str = r#"<div class="notice warm no-script"><p>Only this tab’s memory may hold your badge, and that takes JavaScript and WebAssembly: allow both for this site to see more. You are signed in all the same.</p><form method="post" action="/auth/logout"><button class="button">Sign out</button></form></div>"#;
