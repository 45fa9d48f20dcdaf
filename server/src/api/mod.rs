//! The endpoints under `/api` that are no server functions, since they take other methods than POST.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`badge`] | the extractors that let nobody in without an access token |
//! | [`fields`] | the extractors of what a request says, in its body or its query |
//! | [`whence`] | the extractor that tells where a request came from |
//! | [`sessions`] | a person's own sessions |
//! | [`account`] | the person |
//! | [`notices`] | what a person should look at |
//! | [`admin`] | everybody's, for administrators |
//!
//! Which of them answers which route is in `routes.rs`.

pub mod account;
pub mod admin;
mod badge;
mod fields;
pub mod notices;
pub mod sessions;
pub mod whence;

use lanyard_app::api::{ApiError, ErrorCode};
use lanyard_auth::service::Unavailable;
use lanyard_auth::store::StoreError;

use crate::layers::errors::Answer;

fn unavailable(error: StoreError) -> Answer {
    Answer(Unavailable::from(error).into())
}

fn no_user() -> Answer {
    Answer(ApiError::with_message(ErrorCode::NotFound, "There is no such person."))
}
