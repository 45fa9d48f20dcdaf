//! What a person should look at: `/api/notices`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use lanyard_app::api::admin::{Notice, Notices, NoticesSeen};
use lanyard_auth::audit::Entry;

use super::admin::audit::{actor, event};
use super::badge::Present;
use super::unavailable;
use crate::layers::errors::Answer;
use crate::router::App;

/// Older ones are not shown any more.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

/// So many are shown at once.
const MOST: u32 = 20;

/// `GET /api/notices`
pub async fn list(State(app): State<App>, Present(claims, _): Present) -> Result<Json<Notices>, Answer> {
    let entries = app.records.notices(claims.sub, claims.sid, WINDOW, MOST).await.map_err(unavailable)?;
    Ok(Json(Notices { notices: entries.into_iter().map(wire).collect() }))
}

/// `POST /api/notices/seen`
pub async fn seen(
    State(app): State<App>,
    Present(claims, _): Present,
    Json(NoticesSeen { up_to }): Json<NoticesSeen>,
) -> Result<StatusCode, Answer> {
    app.service.notices_seen(claims.sid, up_to).await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

fn wire(entry: Entry) -> Notice {
    Notice {
        id: entry.place.id,
        at: entry.place.at.seconds(),
        event: event(entry.event),
        detail: entry.detail,
        actor: actor(entry.actor),
        session_id: entry.session.filter(|_| entry.is_live).map(|session| session.0),
        browser: entry.device.browser,
        system: entry.device.system,
        network: entry.device.network,
    }
}
