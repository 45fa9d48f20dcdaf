//! Plain forms, sent before WASM has arrived or where there is none.
//!
//! A browser that posts a form asks for HTML. It gets a redirect: onwards, or back to the form with the
//! error's name. Everything behind this sees an ordinary API call.

use super::cross_site::SEC_FETCH_SITE;
use super::errors::{self, Answer};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, ORIGIN, REFERER, RETRY_AFTER,
    SET_COOKIE,
};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use lanyard_app::api::{ApiError, ErrorCode, cookies};
use lanyard_app::ui::address::Query;
use lanyard_app::ui::links::{DASHBOARD, REGISTER, SIGN_IN, safe_next, with_query};

/// The query of a form that is sent for the second time, to see whether the cookie comes along.
const PROBED: &str = "cookies=asked";

/// Asks a browser that shows no cookie of ours whether it keeps any, before a session is made that it would lose: the form
/// is sent once more, with a cookie that has to come along then (307: the browser repeats the POST; RFC 9110, 15.4.8).
pub async fn require_cookies(request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let signs_in = ["/auth/login", "/auth/register"].contains(&path);
    if !signs_in || !is_form(&request) || cookies::are_kept(request.headers()) {
        return next.run(request).await;
    }
    if request.uri().query() == Some(PROBED) {
        return Answer(ApiError::new(ErrorCode::CookiesRefused)).into_response();
    }
    let again = [(LOCATION, HeaderValue::try_from(format!("{path}?{PROBED}")))].map(|(name, to)| {
        // A path of ours.
        (name, to.unwrap_or(HeaderValue::from_static(SIGN_IN)))
    });
    (StatusCode::TEMPORARY_REDIRECT, again, [(SET_COOKIE, cookies::probe())]).into_response()
}

/// Answers form posts to `/auth/*` with redirects.
pub async fn redirect(request: Request, next: Next) -> Response<Body> {
    if !is_form(&request) {
        return next.run(request).await;
    }
    let form = Form::read(request.uri(), request.headers());
    let response = next.run(request).await;
    if response.status() == StatusCode::TEMPORARY_REDIRECT {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let to = if parts.status.is_success() {
        form.onwards
    } else {
        form.back.with_error(errors::read(body).await.error)
    };
    // 303: the browser follows with GET (RFC 9110, 15.4.4).
    parts.status = StatusCode::SEE_OTHER;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    // On a redirect it would mean the redirect (RFC 9110, 10.2.3).
    parts.headers.remove(RETRY_AFTER);
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static(DASHBOARD));
    parts.headers.insert(LOCATION, to);
    // The body holds the access token, which a page must not.
    Response::from_parts(parts, Body::empty())
}

/// A form that a browser posts to `/auth/*`. A program that takes HTML too needs the answer's body.
fn is_form(request: &Request) -> bool {
    let headers = request.headers();
    let wants_html = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let from_browser = headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE);
    wants_html
        && from_browser
        && !headers.contains_key(AUTHORIZATION)
        && request.method() == Method::POST
        && request.uri().path().starts_with("/auth/")
}

/// Where a form leads.
struct Form {
    onwards: String,
    back: Back,
}

/// The page with the form.
struct Back {
    path: &'static str,
    next: Option<String>,
}

impl Form {
    /// The form's page is told by the Referer, which our own pages always send; its `next` says where the
    /// person was going.
    fn read(uri: &Uri, headers: &HeaderMap) -> Self {
        let page = headers.get(REFERER).and_then(|referer| referer.to_str().ok()?.parse::<Uri>().ok());
        let query = page.as_ref().and_then(Uri::query).unwrap_or_default();
        let next = Query::read(query).get("next").map(str::to_owned);
        let (onwards, path) = match uri.path() {
            "/auth/logout" => ("/".to_owned(), "/"),
            "/auth/register" => (safe_next(next.as_deref()), REGISTER),
            _ => (safe_next(next.as_deref()), SIGN_IN),
        };
        Self { onwards, back: Back { path, next } }
    }
}

impl Back {
    fn with_error(self, code: ErrorCode) -> String {
        #[derive(serde::Serialize)]
        struct Parameters {
            error: ErrorCode,
            next: Option<String>,
        }
        with_query(self.path, Parameters { error: code, next: self.next })
    }
}
