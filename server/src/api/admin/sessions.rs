//! Everybody's sessions: `/api/admin/sessions`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_app::api::EndedSessions;
use lanyard_app::api::admin::{AccountSession, AccountSessions};
use lanyard_app::api::desk::user_info;
use lanyard_auth::access::Claims;
use lanyard_auth::audit::By;
use lanyard_auth::records::SessionPlace;
use lanyard_auth::service::RefreshError;
use lanyard_auth::store::{EndReason, SessionId, UserId};
use serde::Deserialize;
use uuid::Uuid;

use super::paging::{After, Limit, next};
use crate::api::badge::Admin;
use crate::api::fields::Query;
use crate::api::sessions::{info, no_session};
use crate::api::whence::Here;
use crate::api::{no_user, unavailable};
use crate::layers::errors::Answer;
use crate::router::App;

/// Which sessions are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    user: Option<Uuid>,
    #[serde(default)]
    limit: Limit,
    after: Option<After<SessionPlace>>,
}

/// Whose sessions are to end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    user: Uuid,
}

/// `GET /api/admin/sessions`
pub async fn list(
    State(app): State<App>,
    Admin(claims, _): Admin,
    Here(here): Here,
    Query(Asked { user, limit, after }): Query<Asked>,
) -> Result<Json<AccountSessions>, Answer> {
    let (idle, after) = (app.service.limits().idle, after.map(|After(place)| place));
    let page = app.records.live_sessions(user.map(UserId), idle, after, limit.0).await;
    let page = page.map_err(unavailable)?.row;
    let sessions = page.rows.into_iter().map(|session| AccountSession {
        user: user_info(session.user.clone()),
        expires_at: session.expires_at.seconds(),
        session: info((session.sid == claims.sid).then_some(&here), session),
    });
    Ok(Json(AccountSessions { sessions: sessions.collect(), next: next(page.next) }))
}

/// `DELETE /api/admin/sessions?user={id}`: kicks somebody out, everywhere.
pub async fn end_all(
    State(app): State<App>,
    Admin(claims, admin): Admin,
    Here(device): Here,
    Query(Whose { user }): Query<Whose>,
) -> Result<Json<EndedSessions>, Answer> {
    let by = By::admin(admin.id, device);
    let ended = app.service.end_all_sessions(UserId(user), reason(&claims, UserId(user), None), &by).await;
    let ended = ended.map_err(unavailable)?.ok_or_else(no_user)?;
    Ok(Json(EndedSessions { ended: ended.len() }))
}

/// `DELETE /api/admin/sessions/{id}`
pub async fn end(
    State(app): State<App>,
    Admin(claims, admin): Admin,
    Here(device): Here,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Answer> {
    let sid = SessionId(id);
    let user = match app.service.user_of(sid).await {
        Ok(user) => user,
        // Once more does no harm.
        Err(RefreshError::Revoked(_) | RefreshError::Expired) => return Ok(StatusCode::NO_CONTENT),
        Err(RefreshError::Unknown) => return Err(no_session()),
        Err(error) => return Err(Answer(error.into())),
    };
    let by = By::admin(admin.id, device);
    let ended = app.service.end_session(user.id, sid, reason(&claims, user.id, Some(sid)), &by).await;
    if ended.map_err(unavailable)? { Ok(StatusCode::NO_CONTENT) } else { Err(no_session()) }
}

/// Why a session of that user ends, or all of them: administrators who end their own are told so, as anybody is.
fn reason(claims: &Claims, user: UserId, sid: Option<SessionId>) -> EndReason {
    match sid {
        _ if claims.sub != user => EndReason::KickedOut,
        Some(sid) if sid == claims.sid => EndReason::SignedOut,
        _ => EndReason::EndedElsewhere,
    }
}
