//! People: `/api/admin/users`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use lanyard_app::api::admin::{Account, AccountChange, Accounts, NewAccount};
use lanyard_app::api::desk::{idempotency_key, typed, user_info};
use lanyard_app::api::{self, ApiError, ErrorCode};
use lanyard_auth::audit::By;
use lanyard_auth::records::{UserPlace, searched};
use lanyard_auth::scope::Role;
use lanyard_auth::service::{Disabled, Registration};
use lanyard_auth::store::{RoleChange, User, UserId};
use serde::Deserialize;
use uuid::Uuid;

use super::paging::{After, Limit, next};
use crate::api::badge::Admin;
use crate::api::fields::{Body, Query};
use crate::api::whence::Here;
use crate::api::{no_user, unavailable};
use crate::layers::errors::Answer;
use crate::router::App;

/// No word of a person is longer: an address.
const LONGEST_SEARCH: usize = 254;

/// Which people are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    search: Option<String>,
    #[serde(default)]
    limit: Limit,
    after: Option<After<UserPlace>>,
}

/// `GET /api/admin/users`
pub async fn list(
    State(app): State<App>,
    Admin(..): Admin,
    Query(Asked { search, limit, after }): Query<Asked>,
) -> Result<Json<Accounts>, Answer> {
    let is_unreadable = |c: char| c.is_control() && !c.is_whitespace();
    let unreadable = search.as_ref().is_some_and(|text| text.contains(is_unreadable));
    let search = search.and_then(|text| searched(&text));
    let after = after.map(|After(place)| place);
    let fits = match &after {
        Some(UserPlace::Found { word, .. }) => search.is_some() && !word.contains(char::is_control),
        Some(UserPlace::Made { .. }) => search.is_none(),
        None => true,
    };
    let too_long = |search: &String| search.chars().count() > LONGEST_SEARCH;
    if !fits || unreadable || search.as_ref().is_some_and(too_long) {
        let field = if fits { "search" } else { "after" };
        return Err(Answer(ApiError::new(ErrorCode::InvalidRequest).of_field(field)));
    }
    let page = app.records.users(search.as_deref(), after.as_ref(), limit.0).await.map_err(unavailable)?;
    Ok(Json(Accounts { users: page.rows.into_iter().map(account).collect(), next: next(page.next) }))
}

/// `GET /api/admin/users/{id}`
pub async fn one(
    State(app): State<App>,
    Admin(..): Admin,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, Answer> {
    read(&app, UserId(id)).await
}

/// `POST /api/admin/users`. Sent again with the same idempotency key, it gets the same account.
pub async fn create(
    State(app): State<App>,
    Admin(_, admin): Admin,
    Here(device): Here,
    headers: HeaderMap,
    Body(new): Body<NewAccount>,
) -> Result<Json<Account>, Answer> {
    let NewAccount { name, email, password, role: wanted, idempotency_key: key } = new;
    let key = idempotency_key(&headers, key.as_deref()).map_err(Answer)?;
    let refused = |error: lanyard_auth::service::SignUpError| Answer(error.into());
    let registration = Registration::new(&name, &email, typed(&password)).map_err(refused)?;
    let registration = registration.with_role(role(wanted)).with_key(key);
    let made = app.service.sign_up(registration, &By::admin(admin.id, device)).await;
    Ok(Json(account(made.map_err(refused)?)))
}

/// `PATCH /api/admin/users/{id}`. Each of several changes is made by itself, an account is opened first and closed
/// last; the first that can't be made ends it.
pub async fn change(
    State(app): State<App>,
    Admin(_, admin): Admin,
    Here(device): Here,
    Path(id): Path<Uuid>,
    Body(AccountChange { role: wanted, disabled }): Body<AccountChange>,
) -> Result<Json<Account>, Answer> {
    let (id, by) = (UserId(id), By::admin(admin.id, device));
    if disabled == Some(false) {
        app.service.enable_user(id, &by).await.map_err(unavailable)?;
    }
    if let Some(wanted) = wanted {
        match app.service.set_role(id, role(wanted), &by).await.map_err(unavailable)? {
            RoleChange::Changed(_) | RoleChange::Same(_) => {}
            RoleChange::LastAdmin => return Err(last_admin()),
            RoleChange::NoUser => return Err(no_user()),
        }
    }
    if disabled == Some(true) {
        match app.service.disable_user(id, &by).await.map_err(unavailable)? {
            Disabled::Closed(_) => {}
            Disabled::LastAdmin => return Err(last_admin()),
            Disabled::NoUser => return Err(no_user()),
        }
    }
    read(&app, id).await
}

async fn read(app: &App, id: UserId) -> Result<Json<Account>, Answer> {
    let user = app.records.user(id).await.map_err(unavailable)?;
    user.map(|user| Json(account(user))).ok_or_else(no_user)
}

/// What is told of an account.
pub fn account(user: User) -> Account {
    Account {
        created_at: user.created_at.seconds(),
        disabled_at: user.disabled_at.map(|at| at.seconds()),
        user: user_info(user),
    }
}

fn role(role: api::Role) -> Role {
    match role {
        api::Role::User => Role::User,
        api::Role::Admin => Role::Admin,
    }
}

fn last_admin() -> Answer {
    Answer(ApiError::new(ErrorCode::LastAdmin))
}
