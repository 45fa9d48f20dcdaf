//! Plain forms, sent before WASM has arrived or where there is none.
//!
//! A browser that posts a form asks for HTML. It gets a redirect: onwards, or back to the form with the
//! error's name. Everything behind this sees an ordinary API call.

use super::cross_site::SEC_FETCH_SITE;
use super::errors;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, ORIGIN, REFERER, RETRY_AFTER,
};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::middleware::Next;
use lanyard_app::api::ErrorCode;
use lanyard_app::api::codec::fields::form_pairs;
use lanyard_app::ui::links::{DASHBOARD, REGISTER, SIGN_IN, safe_next};

/// Answers form posts to `/auth/*` with redirects.
pub async fn redirect(request: Request, next: Next) -> Response<Body> {
    if !is_form(&request) {
        return next.run(request).await;
    }
    let form = Form::read(request.uri(), request.headers());
    let response = next.run(request).await;
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
    let to = HeaderValue::try_from(as_address(&to)).unwrap_or(HeaderValue::from_static(DASHBOARD));
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

/// Browsers write addresses in ASCII; a path that was decoded from a query may hold anything else.
fn as_address(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut address, byte| {
        if byte.is_ascii_graphic() {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
        address
    })
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
        let next = form_pairs(query.as_bytes())
            .find_map(|(name, value)| (name.as_deref() == Some("next")).then_some(value))
            .flatten();
        let (onwards, path) = match uri.path() {
            "/auth/logout" => ("/".to_owned(), "/"),
            "/auth/register" => (safe_next(next.as_deref()).to_owned(), REGISTER),
            _ => (safe_next(next.as_deref()).to_owned(), SIGN_IN),
        };
        Self { onwards, back: Back { path, next } }
    }
}

impl Back {
    fn with_error(self, code: ErrorCode) -> String {
        #[derive(serde::Serialize)]
        struct Query {
            error: ErrorCode,
            #[serde(skip_serializing_if = "Option::is_none")]
            next: Option<String>,
        }
        let query = serde_urlencoded::to_string(Query { error: code, next: self.next }).unwrap_or_default();
        format!("{}?{query}", self.path)
    }
}
