//! The HTML document around the app, and the app's root: context, routes, and what is on every page. The server
//! calls [`shell`], the browser's entry point hydrates [`App`].

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;

use crate::pages::{Dashboard, Home, NotFound, Register, SignIn};
use crate::session::{PageSettings, Session, View};
use crate::ui::header::{Footer, Header};
use crate::ui::notice::ConnectionNotice;

/// The name of the `<meta>` that carries [`PageSettings`].
#[cfg_attr(not(any(feature = "ssr", feature = "hydrate")), expect(dead_code))]
const SETTINGS: &str = "lanyard-settings";

/// The addresses of what the document loads, with their versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// wasm-bindgen's module.
    pub js: String,
    /// The WASM.
    pub wasm: String,
    /// The stylesheet.
    pub css: String,
}

/// The whole document. `view` is what the hint cookie says, [`View::Checking`] or [`View::SignedOut`].
#[cfg(feature = "ssr")]
pub fn shell(assets: Assets, settings: PageSettings, view: View) -> impl IntoView {
    use leptos_meta::MetaTags;

    provide_context(settings);
    provide_context(view);
    let nonce = leptos::nonce::use_nonce();
    // Neither fails for plain numbers and strings.
    let settings = serde_json::to_string(&settings).unwrap_or_default();
    let start = start_script(&assets);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fcfaf6" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0f131a" />
                <meta
                    name="description"
                    content="Short-lived access tokens and rotating refresh tokens, shown and served for real."
                />
                <meta name=SETTINGS content=settings />
                <link rel="stylesheet" href=assets.css />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <link rel="modulepreload" href=assets.js nonce=nonce.clone() />
                <link rel="preload" href=assets.wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=nonce inner_html=start></script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Loads the WASM and hydrates the page. Leptos' own `HydrationScripts` puts the nonce into `crossorigin`.
#[cfg(feature = "ssr")]
fn start_script(assets: &Assets) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string().replace('<', "\\u003c");
    format!(
        "import init, {{ hydrate }} from {};\ninit({{ module_or_path: {} }}).then(hydrate);",
        quoted(&assets.js),
        quoted(&assets.wasm)
    )
}

/// The app: header, page, foot.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let (settings, view) = opening();
    Session::provide(settings, view);

    view! {
        <Router>
            // Not for the router: the browser moves the focus along.
            <a class="skip" href="#main" rel="external">
                "Skip to the content"
            </a>
            <Header />
            <Main />
            <Footer />
            <ConnectionNotice />
        </Router>
    }
}

/// The page itself. It takes the focus when another page comes into it, as a page load would.
#[component]
fn Main() -> impl IntoView {
    let main = NodeRef::<leptos::html::Main>::new();
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path)
            && let Some(main) = main.get_untracked()
        {
            // Without the focus the page is still there.
            let _ = main.focus();
        }
        path
    });
    view! {
        <main id="main" tabindex="-1" node_ref=main>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=Home />
                <Route path=path!("/sign-in") view=SignIn />
                <Route path=path!("/register") view=Register />
                <Route path=path!("/dashboard") view=Dashboard />
            </FlatRoutes>
        </main>
    }
}

/// What the page starts from: on the server, what [`shell`] was given.
#[cfg(not(feature = "hydrate"))]
fn opening() -> (PageSettings, View) {
    (use_context().unwrap_or(UNTOLD), use_context().unwrap_or(View::SignedOut { ended: None }))
}

/// What the page starts from: in the browser, what the server wrote, and what the hint cookie says. The server looked
/// at the same cookie, so both draw the same page.
#[cfg(feature = "hydrate")]
fn opening() -> (PageSettings, View) {
    use wasm_bindgen::JsCast;

    let document = document();
    let settings = document
        .query_selector(&format!("meta[name={SETTINGS}]"))
        .ok()
        .flatten()
        .and_then(|meta| serde_json::from_str(&meta.get_attribute("content")?).ok());
    let cookies = document.dyn_into::<web_sys::HtmlDocument>().ok().and_then(|it| it.cookie().ok());
    let hinted =
        cookies.is_some_and(|it| it.split("; ").any(|cookie| cookie.starts_with("__Host-lanyard-hint=")));
    let view = if hinted { View::Checking } else { View::SignedOut { ended: None } };
    (settings.unwrap_or(UNTOLD), view)
}

/// The documented defaults, for who was told nothing: the server while it only lists the routes.
const UNTOLD: PageSettings = PageSettings {
    timeout_ms: 10_000,
    access_ttl_ms: 900_000,
    idle_ttl_ms: 604_800_000,
    absolute_ttl_ms: 2_592_000_000,
    demo: false,
};
