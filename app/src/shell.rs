//! The HTML document around the app, and the app's root: context, routes, and what is on every page. The server
//! calls [`shell`], the browser's entry point hydrates [`App`] in the container, or draws it there anew.

#[cfg(feature = "ssr")]
mod start;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;
use serde::{Deserialize, Serialize};

use crate::pages::{
    Account, Activity, AuditLog, Dashboard, Devices, Everybody, Home, NotFound, People, Person, Register,
    SignIn,
};
use crate::session::{PageSettings, Session, View};
use crate::ui::focus::focus_in_place;
use crate::ui::header::{Footer, Header};
use crate::ui::notice::ConnectionNotice;

/// The name of the `<meta>` that carries [`Opening`].
#[cfg_attr(not(any(feature = "ssr", feature = "hydrate")), expect(dead_code))]
const SETTINGS: &str = "lanyard-settings";

/// The id of the container that the app is drawn in. What others put into the body beside it does no harm.
pub const CONTAINER: &str = "app";

/// What a page starts from, on the server and at hydration alike: by then the cookies may be others, and the page
/// that the server drew is taken over as it is. The engine corrects it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Opening {
    #[serde(flatten)]
    settings: PageSettings,
    /// Whether the frame of somebody signed in is drawn.
    signed_in: bool,
}

impl Opening {
    fn view(self) -> View {
        if self.signed_in { View::Checking } else { View::SignedOut { ended: None } }
    }
}

/// The addresses of what the document loads, with their versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// wasm-bindgen's module.
    pub js: String,
    /// The WASM.
    pub wasm: String,
    /// The stylesheet.
    pub css: String,
    /// wasm-bindgen's module for advice on passwords, which is loaded when somebody chooses one.
    pub advice_js: String,
    /// Its WASM.
    pub advice_wasm: String,
}

/// The whole document. `view` is what the hint cookie says, [`View::Checking`] or [`View::SignedOut`].
#[cfg(feature = "ssr")]
pub fn shell(assets: Assets, settings: PageSettings, view: View) -> impl IntoView {
    use leptos_meta::MetaTags;

    let opening = Opening { settings, signed_in: view == View::Checking };
    provide_context(opening);
    let nonce = leptos::nonce::use_nonce();
    // Neither fails for plain numbers and strings.
    let settings = serde_json::to_string(&opening).unwrap_or_default();
    let page = rendered();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <script
                    nonce=nonce.clone()
                    data-js=assets.js
                    data-wasm=assets.wasm
                    data-advice-js=assets.advice_js
                    data-advice-wasm=assets.advice_wasm
                    inner_html=start::SCRIPT.as_str()
                ></script>
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
                <script nonce=nonce inner_html=crate::ui::repeat::SENT_ONCE></script>
                <MetaTags />
            </head>
            <body>
                // What the script has to say, when the page does not come to life. What is in it shows where something
                // keeps the script itself from running.
                <div id="trouble" role="alert">
                    <p class="notice bad wrap later">
                        "No script of this page runs here. Signing in and out works all the same; for the rest, reload the page, \
                         and see that nothing blocks its scripts."
                    </p>
                </div>
                <div id=CONTAINER data-nodes=start::nodes(&page) inner_html=page></div>
            </body>
        </html>
    }
}

/// The app, as it is when nothing in it waits for anything. What is in it lives as long as the caller.
#[cfg(feature = "ssr")]
fn rendered() -> String {
    use futures::{FutureExt as _, StreamExt as _};

    App().into_view().to_html_stream_in_order().collect().now_or_never().unwrap_or_default()
}

/// The app: header, page, foot.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let opening = opening().unwrap_or(UNTOLD);
    Session::provide(opening.settings, opening.view());

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

/// The page itself. It takes the focus when another page comes into it, as a page load would. Where that page stands is
/// the router's business: scrolled to, `main` would push the header out of sight.
#[component]
fn Main() -> impl IntoView {
    let main = NodeRef::<leptos::html::Main>::new();
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path)
            && let Some(main) = main.get_untracked()
        {
            focus_in_place(&main);
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
                <Route path=path!("/devices") view=Devices />
                <Route path=path!("/account") view=Account />
                <Route path=path!("/admin") view=People />
                <Route path=path!("/admin/users") view=People />
                <Route path=path!("/admin/users/:id") view=Person />
                <Route path=path!("/admin/sessions") view=Everybody />
                <Route path=path!("/admin/audit") view=AuditLog />
                <Route path=path!("/admin/activity") view=Activity />
            </FlatRoutes>
        </main>
    }
}

/// On the server, what [`shell`] was given.
#[cfg(not(feature = "hydrate"))]
fn opening() -> Option<Opening> {
    use_context()
}

/// In the browser, what the server wrote.
#[cfg(feature = "hydrate")]
fn opening() -> Option<Opening> {
    let meta = document().query_selector(&format!("meta[name={SETTINGS}]")).ok()??;
    serde_json::from_str(&meta.get_attribute("content")?).ok()
}

/// The documented defaults, for who was told nothing: the server while it only lists the routes.
const UNTOLD: Opening = Opening {
    settings: PageSettings {
        timeout_ms: 10_000,
        access_ttl_ms: 900_000,
        settle_ms: 120_000,
        idle_ttl_ms: 604_800_000,
        absolute_ttl_ms: 2_592_000_000,
        immediate_revocation: true,
        demo: false,
    },
    signed_in: false,
};
