//! The person who is signed in: `/api/me` and `/api/account`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use lanyard_app::api::desk::{idempotency_key, typed, user_info};
use lanyard_app::api::{ApiError, ChangePassword, EndedSessions, ErrorCode, Me, Rename, UserInfo};
use lanyard_auth::audit::By;
use lanyard_auth::service::{ChangePasswordError, SignUpError};

use super::badge::{Badge, Present};
use super::fields::Body;
use super::whence::{Here, Whence};
use crate::layers::errors::Answer;
use crate::router::App;

/// The field that a refused new password came in.
const NEW_PASSWORD: &str = "new_password";

/// `GET /api/me`
pub async fn me(Present(claims, user): Present) -> Json<Me> {
    Json(Me { user: user_info(user), session_id: claims.sid.0, scope: claims.scope, expires_at: claims.exp })
}

/// `POST /api/account/name`
pub async fn rename(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(device): Here,
    Body(Rename { name }): Body<Rename>,
) -> Result<Json<UserInfo>, Answer> {
    let user = app
        .service
        .rename_user(claims.sub, &name, &By::owner(device))
        .await
        .map_err(|error| Answer(error.into()))?;
    // His session is live, so he was there a moment ago.
    user.map(|user| Json(user_info(user))).ok_or(Answer(ApiError::new(ErrorCode::NotFound)))
}

/// `POST /api/account/password`. Whoever holds a stolen badge gets no more guesses here than at the sign-in. Sent again
/// with the same idempotency key, it gets the first answer.
pub async fn change_password(
    State(app): State<App>,
    Badge(claims): Badge,
    Whence(from): Whence,
    Here(device): Here,
    headers: HeaderMap,
    Body(asked): Body<ChangePassword>,
) -> Result<Json<EndedSessions>, Response> {
    let refused = |error: ApiError| Answer(error).into_response();
    let key = idempotency_key(&headers, asked.idempotency_key.as_deref()).map_err(refused)?;
    let user = app.service.user_of(claims.sid).await.map_err(|error| refused(error.into()))?;
    app.throttle.sign_in(&user.email, from).map_err(|error| refused(error.into()))?;
    let (current, new) = (typed(&asked.current_password), typed(&asked.new_password));
    let ended = app.service.change_password(claims.sid, current, new, &device, key.as_ref()).await;
    ended.map(|ended| Json(EndedSessions { ended })).map_err(|error| match error {
        ChangePasswordError::WrongPassword => wrong_password(),
        ChangePasswordError::BadPassword(error) => {
            refused(ApiError::from(SignUpError::from(error)).of_field(NEW_PASSWORD))
        }
        ChangePasswordError::SamePassword => {
            let text = "This is the current password. Choose another one.";
            refused(ApiError::with_message(ErrorCode::InvalidRequest, text).of_field(NEW_PASSWORD))
        }
        ChangePasswordError::KeyReused => refused(ApiError::new(ErrorCode::IdempotencyKeyReused)),
        ChangePasswordError::Session(error) => refused(error.into()),
    })
}

/// 403 where a sign-in has 401, which would mean the badge.
fn wrong_password() -> Response {
    let text = "The current password is wrong.";
    let error = ApiError::with_message(ErrorCode::InvalidCredentials, text);
    (StatusCode::FORBIDDEN, Json(error)).into_response()
}
