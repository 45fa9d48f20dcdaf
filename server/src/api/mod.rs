//! The endpoints under `/api` that are no server functions, since they take other methods than POST.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`badge`] | the extractor that lets nobody in without an access token |
//! | [`whence`] | the extractor that tells where a request came from |
//! | [`sessions`] | a person's own sessions |
//! | [`account`] | the person |

mod account;
mod badge;
mod sessions;
pub mod whence;

use axum::Router;
use axum::routing::{delete, get, patch, post};

use crate::router::App;

/// All of them.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/me", get(account::me))
        .route("/api/account/name", post(account::rename))
        .route("/api/account/password", post(account::change_password))
        .route("/api/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/api/sessions/others", delete(sessions::end_others))
        .route("/api/sessions/{id}", patch(sessions::label).delete(sessions::end))
}
