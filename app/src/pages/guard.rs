//! Who may see a protected page.

use lanyard_client::EndReason;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::location::Location;
use uuid::Uuid;

use crate::api::UserInfo;
use crate::session::{Session, View};
use crate::ui::links;

/// Sends whoever is not signed in to the sign-in page, and back here afterwards.
pub fn keep_strangers_out() {
    let session = Session::expect();
    let here = use_location();
    #[cfg(feature = "ssr")]
    if matches!(session.view.get_untracked(), View::SignedOut { .. })
        && let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(place) =
            http::HeaderValue::from_str(&links::with_next(links::SIGN_IN, Some(&address(&here))))
    {
        response.insert_header(http::header::LOCATION, place);
        response.set_status(http::StatusCode::FOUND);
    }
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let View::SignedOut { ended } = session.view.get() {
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            // Who leaves on purpose is done here; the next one may be somebody else.
            // Only the browser knows the fragment.
            let page = || address(&here) + &here.hash.get_untracked();
            let next = (ended != Some(EndReason::SignedOut)).then(page);
            let place = links::with_next(links::SIGN_IN, next.as_deref());
            let navigate = navigate.clone();
            // Once this page's own navigation is complete: replacing it sooner replaces the page before. By then
            // somebody may be signed in again.
            request_animation_frame(move || {
                if matches!(session.view.get_untracked(), View::SignedOut { .. }) {
                    navigate(&place, options);
                }
            });
        }
    });
}

/// The page that is open, with its query.
pub fn address(here: &Location) -> String {
    let (path, query) = (here.pathname.get_untracked(), here.search.get_untracked());
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// The session that there is a badge for, once there is one. What a page holds of one person is made anew when it changes.
pub fn use_session_id() -> Memo<Option<Uuid>> {
    let session = Session::expect();
    Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => Some(it.session_id),
        View::Checking | View::SignedOut { .. } => None,
    })
}

/// Who is signed in, once there is a badge.
pub fn use_user() -> Memo<Option<UserInfo>> {
    let session = Session::expect();
    Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) => Some(it.user),
        View::Checking | View::SignedOut { .. } => None,
    })
}
