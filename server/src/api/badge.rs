//! The extractors of protected endpoints: one for each need. Where there is none, the door is open; the tests walk
//! every route and look.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lanyard_app::api::desk::authenticate;
use lanyard_app::api::{ApiError, ErrorCode};
use lanyard_auth::access::Claims;
use lanyard_auth::audit::{By, Event, NewEntry};
use lanyard_auth::scope::{Role, Scope};
use lanyard_auth::store::User;

use super::whence::Here;
use crate::layers::errors::Answer;
use crate::router::App;

/// What the access token says that came with the request. Looks nothing up in the database, unless more sessions were
/// ended of late than the revocation set holds.
pub struct Badge(pub Claims);

impl FromRequestParts<App> for Badge {
    /// 401, with the reason that `authenticate` gives.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        authenticate(&app.service, &parts.headers).await.map(Self).map_err(Answer)
    }
}

/// The same with its user, and the database has just said that the session is live. For what reads or writes there
/// anyway: who was signed out elsewhere a moment ago, or whose badge merely has not expired, must not sign out others.
pub struct Present(pub Claims, pub User);

impl FromRequestParts<App> for Present {
    /// 401 or 403, with the reason, or 503.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        let Badge(claims) = Badge::from_request_parts(parts, app).await?;
        let user = app.service.user_of(claims.sid).await.map_err(|error| Answer(error.into()))?;
        Ok(Self(claims, user))
    }
}

/// An administrator: the access token has the scope, the session is live, and its user is one still.
pub struct Admin(pub Claims, pub User);

impl FromRequestParts<App> for Admin {
    /// As [`Present`], and 403 `insufficient_scope`, which is noted.
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Answer> {
        let Present(claims, user) = Present::from_request_parts(parts, app).await?;
        // Where this server has not heard of it yet, or keeps no set: the role is another one by now.
        if claims.azv < user.authz_version {
            return Err(Answer(ApiError::new(ErrorCode::TokenExpired)));
        }
        if Scope::Admin.is_in(&claims.scope) && user.role == Role::Admin {
            return Ok(Self(claims, user));
        }
        if app.watch.refused(claims.sid) {
            let Ok(Here(device)) = Here::from_request_parts(parts, app).await;
            let (event, by) = (Event::AuthzFail, By::owner(device));
            let (user, session) = (Some(claims.sub), Some(claims.sid));
            app.service.note(NewEntry { event, detail: None, user, session, by }).await;
        }
        Err(Answer(ApiError::new(ErrorCode::InsufficientScope)))
    }
}
