//! The server functions: signatures for both sides, and thin bodies that ask the token engine.
#![allow(missing_docs, reason = "the structs that #[server] makes repeat the arguments")]

use leptos::prelude::*;
use uuid::Uuid;

use super::client::LanyardClient;
use super::codec::FormOrJson;
use super::error::ApiError;
use super::types::{Password, Stamp, TokenDelivery, Tokens};

#[cfg(feature = "ssr")]
use super::desk::{Desk, typed};

/// Makes an account and signs in: `POST /auth/register`. Sent again with the same idempotency key, it gets the same
/// account and session.
///
/// # Errors
/// `invalid_request`, `weak_password`, `email_taken`, `idempotency_key_reused`, `too_many_requests`, `unavailable`.
#[server(name = Register, prefix = "/auth", endpoint = "register", input = FormOrJson)]
pub async fn register(
    name: String,
    email: String,
    password: Password,
    token_delivery: Option<TokenDelivery>,
    idempotency_key: Option<String>,
) -> Result<Tokens, ApiError> {
    use lanyard_auth::service::Registration;

    let desk = Desk::here()?;
    let delivery = desk.delivery(token_delivery)?;
    let key = desk.idempotency_key(idempotency_key.as_deref())?;
    let registration = Registration::new(&name, &email, typed(&password))?.with_key(key);
    desk.admit_registration()?;
    let displaced = desk.displaced().await?;
    match desk.service.register(registration, desk.client(delivery), &displaced).await? {
        Some(issued) => Ok(desk.hand_out(issued, delivery)),
        // Registering again, under another key, would only say that the address is taken.
        None => Err(ApiError {
            message: "Your account is made. Please sign in.".to_owned(),
            ..ApiError::unavailable()
        }),
    }
}

/// Signs in: `POST /auth/login`. Sent again with the same idempotency key, it gets the same session.
///
/// # Errors
/// `invalid_request`, `invalid_credentials`, `account_disabled`, `too_many_requests`, `unavailable`.
#[server(name = Login, prefix = "/auth", endpoint = "login", input = FormOrJson)]
pub async fn login(
    email: String,
    password: Password,
    token_delivery: Option<TokenDelivery>,
    idempotency_key: Option<String>,
) -> Result<Tokens, ApiError> {
    let desk = Desk::here()?;
    let delivery = desk.delivery(token_delivery)?;
    let key = desk.idempotency_key(idempotency_key.as_deref())?;
    desk.admit_sign_in(&email)?;
    let displaced = desk.displaced().await?;
    let (password, client) = (typed(&password), desk.client(delivery));
    let issued = desk.service.sign_in_once(&email, password, client, &displaced, key.as_ref()).await?;
    Ok(desk.hand_out(issued, delivery))
}

/// Renews: `POST /auth/refresh`, with the refresh cookie or the refresh token as Bearer. Never clears a
/// cookie, so the loser of a race can't delete the winner's.
///
/// # Errors
/// `invalid_request`, `token_unknown`, `token_reused`, `session_changed`, `session_revoked`,
/// `session_expired`, `unavailable`.
#[server(name = Refresh, prefix = "/auth", endpoint = "refresh", input = FormOrJson)]
pub async fn refresh(session_id: Option<Uuid>) -> Result<Tokens, ApiError> {
    use lanyard_auth::service::Delivery;
    use lanyard_auth::store::SessionId;

    let desk = Desk::here()?;
    let shown = desk.shown()?;
    let delivery = if shown.bearer { Delivery::Body } else { Delivery::Cookie };
    let token = shown.one(&desk.service).await?;
    let issued = desk.service.refresh(token, session_id.map(SessionId), desk.client(delivery)).await?;
    desk.count_renewal(&issued).await;
    Ok(desk.hand_out(issued, delivery))
}

/// Signs out: `POST /auth/logout`. Ends the session of every genuine token shown, of any generation, and
/// clears the cookies. Nothing to end is no error.
///
/// # Errors
/// `invalid_request`, `session_changed` (nothing was changed), `unavailable`.
#[server(name = Logout, prefix = "/auth", endpoint = "logout", input = FormOrJson)]
pub async fn logout(session_id: Option<Uuid>) -> Result<(), ApiError> {
    use lanyard_auth::service::Unavailable;
    use lanyard_auth::store::SessionId;

    let desk = Desk::here()?;
    let shown = desk.shown()?;
    let sids = shown.held_by(&desk.service, session_id.map(SessionId)).await?;
    desk.service.sign_out(&sids, &desk.device()).await.map_err(Unavailable::from)?;
    if !shown.bearer {
        desk.clear_cookies();
    }
    desk.answer_nothing();
    Ok(())
}

/// Leaves a note at the desk, which stamps it with the badge that was shown: `POST /api/stamp`. The note
/// comes back, so that one sees that a call which was sent twice arrived whole.
///
/// # Errors
/// `invalid_request`, and what a missing or bad access token gets.
#[server(name = StampNote, prefix = "/api", endpoint = "stamp", input = FormOrJson, client = LanyardClient)]
pub async fn stamp(message: String) -> Result<Stamp, ApiError> {
    use super::error::ErrorCode;

    let claims = Desk::here()?.caller().await?;
    if message.chars().count() > 1000 {
        let text = "A note has at most 1000 characters.";
        return Err(ApiError::with_message(ErrorCode::InvalidRequest, text).of_field("message"));
    }
    Ok(Stamp { message, number: claims.generation, session_id: claims.sid.0 })
}
