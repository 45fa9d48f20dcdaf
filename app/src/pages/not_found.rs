//! Where no page is: with a real 404.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

/// Says that there is no such page, and where to go.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Page not found · Lanyard" />
        <div class="door wrap">
            <div class="door-inner">
                <p class="key">"404"</p>
                <h1>"No door here"</h1>
                <p class="lede">"This address leads nowhere. It may have been mistyped, or the page has moved."</p>
                <A href="/" attr:class="button main">
                    "To the home page"
                </A>
            </div>
        </div>
    }
}
