//! A person's own sessions: `/api/sessions`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_app::api::desk::{HIDDEN_IN_NAME, MARKS_IN_NAME};
use lanyard_app::api::{ApiError, EndedSessions, ErrorCode, RenameSession, SessionInfo, Sessions};
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::records::SessionPlace;
use lanyard_auth::service::LabelError;
use lanyard_auth::store::{EndReason, Session, SessionId};
use lanyard_auth::text::{BadText, legible};
use serde::Deserialize;
use uuid::Uuid;

use super::admin::paging::{After, Limit, next};
use super::badge::Present;
use super::fields::{Body, Query};
use super::unavailable;
use super::whence::Here;
use crate::layers::errors::Answer;
use crate::router::App;

/// Which of them are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    limit: Limit,
    after: Option<After<SessionPlace>>,
}

/// `GET /api/sessions`. The session that asks comes first on every page, however many were begun since, and counts for
/// none of its rows.
pub async fn list(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(here): Here,
    Query(Asked { limit, after }): Query<Asked>,
) -> Result<Json<Sessions>, Answer> {
    let own = app.service.session(claims.sid).await.map_err(|error| Answer(error.into()))?;
    let (idle, after) = (app.service.limits().idle, after.map(|After(place)| place));
    let page = app.records.live_sessions(Some(claims.sub), idle, after, limit.0).await;
    let page = page.map_err(unavailable)?.row;
    let others = page.rows.into_iter().filter(|session| session.sid != claims.sid);
    let sessions = std::iter::once(info(Some(&here), own)).chain(others.map(|session| info(None, session)));
    Ok(Json(Sessions { sessions: sessions.collect(), next: next(page.next) }))
}

/// `DELETE /api/sessions/{id}`
pub async fn end(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(device): Here,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Answer> {
    let sid = SessionId(id);
    let reason = if sid == claims.sid { EndReason::SignedOut } else { EndReason::EndedElsewhere };
    if app.service.end_session(claims.sub, sid, reason, &By::owner(device)).await.map_err(unavailable)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_session())
    }
}

/// `DELETE /api/sessions/others`
pub async fn end_others(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(device): Here,
) -> Result<Json<EndedSessions>, Answer> {
    let ended = app
        .service
        .end_other_sessions(claims.sub, claims.sid, &By::owner(device))
        .await
        .map_err(unavailable)?;
    Ok(Json(EndedSessions { ended: ended.len() }))
}

/// `DELETE /api/sessions`: everywhere, the session that asks included.
pub async fn end_all(
    State(app): State<App>,
    Present(claims, _): Present,
    Here(device): Here,
) -> Result<Json<EndedSessions>, Answer> {
    let ended = app.service.end_all_sessions(claims.sub, EndReason::EndedElsewhere, &By::owner(device)).await;
    Ok(Json(EndedSessions { ended: ended.map_err(unavailable)?.map_or(0, |ended| ended.len()) }))
}

/// `PATCH /api/sessions/{id}`
pub async fn label(
    State(app): State<App>,
    Present(claims, _): Present,
    Path(id): Path<Uuid>,
    Body(RenameSession { name }): Body<RenameSession>,
) -> Result<StatusCode, Answer> {
    let labelled = app.service.label_session(claims.sub, SessionId(id), name.as_deref()).await;
    labelled.map(|()| StatusCode::NO_CONTENT).map_err(|error| match error {
        LabelError::BadLabel(why) => {
            let text = match why {
                BadText::Length => "A device's name has at most 60 characters.",
                BadText::Hidden => HIDDEN_IN_NAME,
                BadText::Marks => MARKS_IN_NAME,
            };
            Answer(ApiError::with_message(ErrorCode::InvalidRequest, text).of_field("name"))
        }
        LabelError::NoSession => no_session(),
        LabelError::Unavailable(error) => Answer(error.into()),
    })
}

/// What is told of a session; `here` is where the request comes from, if that session asks. Of that, nothing is told
/// that a rotation writes, neither when it was nor where: a thief who holds its tokens would see when to renew. It is
/// here, now.
pub fn info(here: Option<&Device>, session: Session) -> SessionInfo {
    let Session { sid, rotated_at, created_at, label, device, .. } = session;
    let last_seen_at = here.is_none().then(|| rotated_at.seconds().div_euclid(60) * 60);
    let Device { browser, system, network } = here.cloned().unwrap_or(device);
    SessionInfo {
        id: sid.0,
        current: here.is_some(),
        name: label.and_then(|label| legible(&label)),
        browser,
        system,
        network,
        created_at: created_at.seconds(),
        last_seen_at,
    }
}

pub fn no_session() -> Answer {
    Answer(ApiError::with_message(ErrorCode::NotFound, "There is no such session."))
}
