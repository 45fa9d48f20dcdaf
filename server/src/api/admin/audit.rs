//! The audit log: `/api/admin/audit`. Also how its words are told on the wire.

use axum::Json;
use axum::extract::State;
use lanyard_app::api::admin::{self, Audit, AuditEntry, AuditEvent};
use lanyard_app::api::desk::user_info;
use lanyard_app::api::{ApiError, ErrorCode};
use lanyard_auth::audit::{Actor, Entry, Event, Filter, Place};
use lanyard_auth::device::Device;
use lanyard_auth::records::Page;
use lanyard_auth::store::{SessionId, UserId};
use lanyard_auth::time::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::paging::{After, Limit, next};
use crate::api::badge::Admin;
use crate::api::fields::Query;
use crate::api::unavailable;
use crate::layers::errors::Answer;
use crate::router::App;

/// Which entries are asked for. Moments are seconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    user: Option<Uuid>,
    event: Option<AuditEvent>,
    from: Option<i64>,
    until: Option<i64>,
    #[serde(default)]
    limit: Limit,
    after: Option<After<Place>>,
}

/// Nothing is written from a moment on until one before it.
const BACKWARDS: &str = "`from` is later than `until`.";

/// `GET /api/admin/audit`
pub async fn list(
    State(app): State<App>,
    Admin(claims, _): Admin,
    Query(asked): Query<Asked>,
) -> Result<Json<Audit>, Answer> {
    if asked.from.zip(asked.until).is_some_and(|(from, until)| from > until) {
        return Err(Answer(ApiError::with_message(ErrorCode::InvalidRequest, BACKWARDS)));
    }
    let mut filter = Filter {
        user: asked.user.map(UserId),
        event: asked.event.and_then(|event| Event::from_name(event.name())),
        from: asked.from.map(Timestamp::from_seconds),
        until: asked.until.map(Timestamp::from_seconds),
        after: asked.after.map(|After(place)| place),
    };
    let Limit(limit) = asked.limit;
    let mut told = Vec::new();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    // Until the page is full: neither its length nor the place of its end tells of what is left out.
    while told.len() <= wanted {
        let entries = app.records.entries(&filter, limit + 1).await.map_err(unavailable)?;
        let Some(last) = entries.last() else { break };
        filter.after = Some(last.place);
        told.extend(entries.into_iter().filter(|entry| !tells_of_renewals(entry, claims.sid)));
    }
    let page = Page::cut(told, limit, |entry: &Entry| entry.place);
    let entries = page.rows.into_iter().map(|entry| wire(entry, claims.sid));
    Ok(Json(Audit { entries: entries.collect(), next: next(page.next) }))
}

/// Whether an entry tells the session that asks of its own renewals: a thief who holds its tokens would see when to
/// renew, and where the other is who does.
fn tells_of_renewals(entry: &Entry, asks: SessionId) -> bool {
    let renews = matches!(entry.event, Event::SessionRenewed | Event::ExcessRateLimitExceeded);
    renews && entry.session == Some(asks)
}

/// An entry on the wire, for the session that asks: where that one is used now would tell it of its own renewals too.
fn wire(entry: Entry, asks: SessionId) -> AuditEntry {
    let session_device = if entry.session == Some(asks) { Device::default() } else { entry.session_device };
    AuditEntry {
        id: entry.place.id,
        at: entry.place.at.seconds(),
        event: event(entry.event),
        detail: entry.detail,
        actor: actor(entry.actor),
        admin: entry.admin.map(user_info),
        user: entry.user.map(user_info),
        session_id: entry.session.map(|session| session.0),
        browser: entry.device.browser,
        system: entry.device.system,
        network: entry.device.network,
        session_browser: session_device.browser,
        session_system: session_device.system,
        session_network: session_device.network,
    }
}

/// An event on the wire, where it has the name that is stored.
pub fn event(event: Event) -> AuditEvent {
    match event {
        Event::UserCreated => AuditEvent::UserCreated,
        Event::UserUpdated => AuditEvent::UserUpdated,
        Event::AuthnLoginSuccess => AuditEvent::AuthnLoginSuccess,
        Event::AuthnLoginFail => AuditEvent::AuthnLoginFail,
        Event::AuthnLoginFailMax => AuditEvent::AuthnLoginFailMax,
        Event::AuthnPasswordChange => AuditEvent::AuthnPasswordChange,
        Event::AuthnPasswordChangeFail => AuditEvent::AuthnPasswordChangeFail,
        Event::AuthnTokenRevoked => AuditEvent::AuthnTokenRevoked,
        Event::AuthnTokenReuse => AuditEvent::AuthnTokenReuse,
        Event::SessionRenewed => AuditEvent::SessionRenewed,
        Event::ExcessRateLimitExceeded => AuditEvent::ExcessRateLimitExceeded,
        Event::AuthzFail => AuditEvent::AuthzFail,
        Event::AuthzChange => AuditEvent::AuthzChange,
    }
}

/// Who did it, on the wire.
pub fn actor(actor: Actor) -> admin::Actor {
    match actor {
        Actor::Owner => admin::Actor::Owner,
        Actor::Admin(_) => admin::Actor::Admin,
        Actor::CommandLine => admin::Actor::CommandLine,
        Actor::Server => admin::Actor::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_the_stored_name_on_the_wire() {
        for stored in Event::ALL {
            assert_eq!(event(stored).name(), stored.name());
        }
        for told in AuditEvent::ALL {
            assert_eq!(Event::from_name(told.name()).map(event), Some(told));
        }
    }
}
