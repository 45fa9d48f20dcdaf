//! Every route and every layer, in one place.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, VARY};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse as _;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use lanyard_app::api::{ApiError, cookies};
use lanyard_app::session::{PageSettings, View};
use lanyard_app::shell::{Assets, shell};
use lanyard_app::ui::address::is_for_programs;
use lanyard_auth::Service;
use lanyard_auth::records::Records;
use lanyard_auth::throttle::Throttle;
use lanyard_auth::watch::Watch;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::ConfigError;
use tower_http::timeout::TimeoutLayer;

use crate::activity::Activity;
use crate::api::whence::Whence;
use crate::client_address::ClientAddress;
use crate::config::Config;
use crate::layers::errors::Answer;
use crate::layers::headers::Hsts;
use crate::layers::{count, cross_site, errors, forms, headers, limits, log};
use crate::readiness::Readiness;
use crate::{api, site};

/// An answer that takes longer is given up: 503. The slowest is a sign-in that waits for its turn to hash.
const MAX_TIME: Duration = Duration::from_secs(30);

/// What handlers share.
#[derive(Clone)]
pub struct App {
    /// Where clients are.
    pub client_address: Arc<ClientAddress>,
    /// The token engine.
    pub service: Arc<Service>,
    /// How often somebody may try to sign in.
    pub throttle: Arc<Throttle>,
    /// What is worth telling when it comes too often.
    pub watch: Arc<Watch>,
    /// What this server has done of late.
    pub activity: Arc<Activity>,
    /// Whether this server can do its work.
    pub readiness: Arc<Readiness>,
    /// What administrators read.
    pub records: Arc<dyn Records>,
    /// What pages are told.
    pub settings: PageSettings,
    /// What pages load.
    pub assets: Assets,
}

macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        /// What is answered by programs rather than by pages.
        fn routes() -> Router<App> {
            Router::new()$(.route($path, $method($handler)))*
        }
    };
}
include!("routes.rs");

/// The whole app.
///
/// # Errors
/// [`ConfigError`] when the public URL is no origin.
pub fn router(app: App, config: &Config) -> Result<Router, ConfigError> {
    // leptos spawns on it; a second initialisation, in tests, changes nothing.
    let _ = any_spawner::Executor::init_tokio();
    Ok(layered(&app.activity, config)?.with_state(app))
}

/// The routes, and what every request passes.
fn layered(activity: &Arc<Activity>, config: &Config) -> Result<Router<App>, ConfigError> {
    let hsts = Hsts(config.is_https() && !config.is_on_this_machine());
    let origin: Arc<str> = config.public_url.as_str().into();
    // From the inside out: the last layer sees a request first.
    let router = routes()
        .fallback(page)
        .layer(from_fn(forms::require_cookies))
        .layer(from_fn_with_state(Arc::clone(&origin), cross_site::require_origin))
        .layer(cross_site::layer(&config.public_url)?)
        .layer(from_fn_with_state(origin, cross_site::explain))
        .layer(from_fn(limits::body))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, MAX_TIME))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(errors::shape))
        .layer(from_fn_with_state(Arc::clone(activity), count::deeds))
        .layer(from_fn(forms::redirect))
        .layer(from_fn_with_state(hsts, headers::secure))
        .layer(log::layer());
    #[cfg(feature = "failpoints")]
    let router = router.layer(from_fn(crate::failpoints::answer));
    Ok(router)
}

/// leptos would answer a caller that accepts HTML with a redirect to the Referer; `forms` does that, for the
/// forms alone, and knows whereto.
async fn server_function(
    State(app): State<App>,
    Whence(from): Whence,
    mut request: Request,
) -> Response<Body> {
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    let context = move || {
        provide_context(Arc::clone(&app.service));
        provide_context(Arc::clone(&app.throttle));
        provide_context(Arc::clone(&app.watch));
        provide_context(from);
    };
    leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
}

async fn jwks(State(app): State<App>) -> Response<Body> {
    ([(CACHE_CONTROL, "public, max-age=300")], Json(app.service.access().jwks())).into_response()
}

async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn ready(State(app): State<App>) -> Result<StatusCode, Answer> {
    if app.readiness.is_ready().await { Ok(StatusCode::OK) } else { Err(Answer(ApiError::unavailable())) }
}

/// A file of the site, or a page. Rendering a page changes nothing: it looks at the hint alone, and draws
/// the frame in which the client then takes the session up.
async fn page(State(app): State<App>, uri: Uri, headers: HeaderMap, request: Request) -> Response<Body> {
    if is_for_programs(uri.path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,HEAD")]).into_response();
    }
    if let Some(file) = site::file(&uri, &headers) {
        return file;
    }
    let view = match cookies::hint(&headers) {
        Some(_) => View::Checking,
        None => View::SignedOut { ended: None },
    };
    let context = || {
        let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>())
        else {
            return;
        };
        if let Ok(policy) = HeaderValue::try_from(headers::content_security_policy(&nonce)) {
            response.insert_header(CONTENT_SECURITY_POLICY, policy);
        }
        response.insert_header(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response.insert_header(VARY, HeaderValue::from_static("cookie"));
    };
    let document = move || shell(app.assets.clone(), app.settings, view.clone());
    in_one_thread(leptos_axum::render_app_to_stream_with_context(context, document)(request))
        .await
        .into_response()
}

/// leptos keeps what a page is made of by thread, and does not take it along when a rendering that waited for something
/// goes on in another one: the title then finds its signals gone. A panic goes on as one.
async fn in_one_thread<T: Send + 'static>(rendering: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Handle::current();
    match tokio::task::spawn_blocking(move || runtime.block_on(rendering)).await {
        Ok(rendered) => rendered,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is stopping, and nobody waits for this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests;
