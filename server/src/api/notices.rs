//! What a person should look at: `/api/notices`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use lanyard_app::api::admin::{Notice, Notices, NoticesSeen};
use lanyard_auth::audit::Entry;
use lanyard_auth::device::Device;

use super::admin::audit::{actor, event};
use super::badge::Present;
use super::fields::Body;
use super::unavailable;
use crate::config::SHOWN;
use crate::layers::errors::Answer;
use crate::router::App;

/// So many are shown at once.
const MOST: u32 = 20;

/// `GET /api/notices`
pub async fn list(State(app): State<App>, Present(claims, _): Present) -> Result<Json<Notices>, Answer> {
    let entries = app.records.notices(claims.sub, claims.sid, SHOWN, MOST).await.map_err(unavailable)?;
    // The oldest that were not seen, the newest of them first.
    Ok(Json(Notices { notices: entries.into_iter().rev().map(wire).collect() }))
}

/// `POST /api/notices/seen`
pub async fn seen(
    State(app): State<App>,
    Present(claims, _): Present,
    Body(NoticesSeen { up_to }): Body<NoticesSeen>,
) -> Result<StatusCode, Answer> {
    app.service.notices_seen(claims.sid, up_to).await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where an administrator sits is nobody's business.
fn wire(entry: Entry) -> Notice {
    let device = if entry.actor.admin().is_some() { Device::default() } else { entry.device };
    Notice {
        id: entry.place.id,
        at: entry.place.at.seconds(),
        event: event(entry.event),
        detail: entry.detail,
        actor: actor(entry.actor),
        session_id: entry.session.filter(|_| entry.is_live).map(|session| session.0),
        browser: device.browser,
        system: device.system,
        network: device.network,
    }
}
