//! The person who is signed in: `/api/me` and `/api/account`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use lanyard_app::api::desk::{typed, user_info};
use lanyard_app::api::{ApiError, ChangePassword, EndedSessions, ErrorCode, Me, Rename, UserInfo};
use lanyard_auth::audit::By;
use lanyard_auth::service::{ChangePasswordError, SignUpError};

use super::badge::{Badge, Present};
use super::whence::{Here, Whence};
use crate::layers::errors::Answer;
use crate::router::App;

/// `GET /api/me`
pub async fn me(Present(claims, user): Present) -> Json<Me> {
    Json(Me { user: user_info(user), session_id: claims.sid.0, scope: claims.scope, expires_at: claims.exp })
}

/// `POST /api/account/name`
pub async fn rename(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(device): Here,
    Json(Rename { name }): Json<Rename>,
) -> Result<Json<UserInfo>, Answer> {
    let user = app
        .service
        .rename_user(claims.sub, &name, &By::owner(device))
        .await
        .map_err(|error| Answer(error.into()))?;
    // His session is live, so he was there a moment ago.
    user.map(|user| Json(user_info(user))).ok_or(Answer(ApiError::new(ErrorCode::NotFound)))
}

/// `POST /api/account/password`. Whoever holds a stolen badge gets no more guesses here than at the sign-in.
pub async fn change_password(
    State(app): State<App>,
    Badge(claims): Badge,
    Whence(from): Whence,
    Here(device): Here,
    Json(asked): Json<ChangePassword>,
) -> Result<Json<EndedSessions>, Response<Body>> {
    let user = app.service.user_of(claims.sid).await.map_err(|error| Answer(error.into()).into_response())?;
    let admitted = app.throttle.sign_in(&user.email, from);
    admitted.map_err(|error| Answer(error.into()).into_response())?;
    let (current, new) = (typed(&asked.current_password), typed(&asked.new_password));
    let ended = app.service.change_password(claims.sid, current, new, &device).await;
    ended.map(|ended| Json(EndedSessions { ended: ended.len() })).map_err(|error| match error {
        ChangePasswordError::WrongPassword => wrong_password(),
        ChangePasswordError::BadPassword(error) => Answer(SignUpError::from(error).into()).into_response(),
        ChangePasswordError::Session(error) => Answer(error.into()).into_response(),
    })
}

/// 403 where a sign-in has 401, which would mean the badge.
fn wrong_password() -> Response<Body> {
    let text = "The current password is wrong.";
    let error = ApiError::with_message(ErrorCode::InvalidCredentials, text);
    (StatusCode::FORBIDDEN, Json(error)).into_response()
}
