//! A small picture of a device, for the eye only.

use leptos::prelude::*;

/// Systems that people hold in their hands, by the names that the server gives them.
const HELD: [&str; 5] = ["Android", "iOS", "iPad", "iPhone", "iPod"];

/// A phone or a laptop.
#[component]
pub fn Glyph(
    /// The system's name, if it is known.
    system: Memo<Option<String>>,
) -> impl IntoView {
    let held = Memo::new(move |_| system.with(|it| it.as_deref().is_some_and(|it| HELD.contains(&it))));
    view! {
        <svg class="glyph" width="36" height="36" viewBox="0 0 36 36" aria-hidden="true">
            {move || {
                if held.get() {
                    view! {
                        <rect x="11" y="4" width="14" height="28" rx="3.5" />
                        <path d="M16 28h4" />
                    }
                        .into_any()
                } else {
                    view! {
                        <rect x="7" y="8" width="22" height="15" rx="2.5" />
                        <path d="M3 28h30" />
                    }
                        .into_any()
                }
            }}
        </svg>
    }
}
