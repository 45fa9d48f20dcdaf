//! What this server has done of late: `/api/admin/activity`.

use axum::Json;
use axum::extract::State;
use lanyard_app::api::admin;

use crate::api::badge::Admin;
use crate::router::App;

/// `GET /api/admin/activity`
pub async fn read(State(app): State<App>, Admin(..): Admin) -> Json<admin::Activity> {
    Json(app.activity.read())
}
