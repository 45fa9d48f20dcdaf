//! Requests over fetch, and what their answers mean to the engine. Only JSON of ours counts as the server's
//! word: a proxy's 401, a portal's HTML and a lost connection all mean "not now".

use gloo_net::http::{Method, RequestBuilder};
use lanyard_client::{CallAnswer, EndReason, LogoutAnswer, RefreshAnswer};
use server_fn::redirect::REDIRECT_HEADER;
use uuid::Uuid;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::badge;
use crate::api::client::{Request, Response};
use crate::api::{AccessToken, ApiError, ErrorCode, Tokens};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// No answer came back.
pub struct Lost;

/// Sends a request as it is.
pub async fn send(
    request: &Request,
    badge: Option<&AccessToken>,
    abort: Option<&AbortSignal>,
) -> Result<Response, Lost> {
    let mut builder = RequestBuilder::new(&request.path)
        .method(method(&request.method)?)
        .header("Accept", &request.accept)
        .abort_signal(abort);
    if let Some(badge) = badge {
        builder = builder.header("Authorization", &format!("Bearer {}", badge.reveal()));
    }
    let ready = match &request.body {
        Some((content_type, bytes)) => {
            let bytes = js_sys::Uint8Array::from(bytes.as_ref());
            builder.header("Content-Type", content_type).body(JsValue::from(bytes))
        }
        None => builder.build(),
    };
    let answer = ready.map_err(|_| Lost)?.send().await.map_err(|_| Lost)?;
    let headers = answer.headers();
    Ok(Response {
        status: answer.status(),
        status_text: answer.status_text(),
        location: headers.get("Location").unwrap_or_else(|| answer.url()),
        redirect: headers.get(REDIRECT_HEADER).is_some(),
        retry_after: headers.get("Retry-After").and_then(|seconds| seconds.trim().parse().ok()),
        body: answer.binary().await.map_err(|_| Lost)?.into(),
        replayed: false,
    })
}

/// Only these have a meaning to `fetch`.
fn method(method: &http::Method) -> Result<Method, Lost> {
    match *method {
        http::Method::GET => Ok(Method::GET),
        http::Method::HEAD => Ok(Method::HEAD),
        http::Method::POST => Ok(Method::POST),
        http::Method::PUT => Ok(Method::PUT),
        http::Method::PATCH => Ok(Method::PATCH),
        http::Method::DELETE => Ok(Method::DELETE),
        http::Method::OPTIONS => Ok(Method::OPTIONS),
        _ => Err(Lost),
    }
}

/// Whether a call to this address is the interceptor's: our own origin, and not `/auth`. The browser resolves
/// the address, so that no trick of spelling carries the badge elsewhere.
pub fn takes_badge(path: &str) -> bool {
    let origin = web_sys::window().and_then(|window| window.location().origin().ok());
    let resolved = web_sys::Request::new_with_str(path).map(|request| request.url());
    let (Some(origin), Ok(resolved)) = (origin, resolved) else { return false };
    let ours = resolved.strip_prefix(&origin).filter(|rest| rest.starts_with('/'));
    ours.is_some_and(|rest| !rest.starts_with("/auth/"))
}

/// A form for `/auth/*`.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let body = serde_urlencoded::to_string(fields).unwrap_or_default();
    Request {
        method: http::Method::POST,
        path: path.to_owned(),
        accept: JSON.to_owned(),
        body: Some((FORM.to_owned(), body.into())),
    }
}

/// The form of refresh and sign-out: the session that the tab believes in, if it knows its id.
pub fn session_form(path: &str, session: Option<lanyard_client::SessionId>) -> Request {
    match session {
        Some(id) => form(path, &[("session_id", &Uuid::from_u128(id.0).to_string())]),
        None => form(path, &[]),
    }
}

/// The tokens in a 200.
pub fn tokens(answer: &Response) -> Option<Tokens> {
    if answer.status == 200 { serde_json::from_slice(&answer.body).ok() } else { None }
}

/// The server's own error: our JSON, under the status that belongs to it.
pub fn our_error(answer: &Response) -> Option<ApiError> {
    let error: ApiError = serde_json::from_slice(&answer.body).ok()?;
    (error.error.status() == answer.status).then_some(error)
}

/// What an answer of `/auth/refresh` means.
pub fn refreshed(answer: &Result<Response, Lost>, tokens: Option<&Tokens>) -> RefreshAnswer {
    if let Some(tokens) = tokens {
        return RefreshAnswer::Granted(badge::grant(tokens));
    }
    let Ok(answer) = answer else {
        return RefreshAnswer::Failed { status: None, retry_after: None };
    };
    let error = our_error(answer);
    match error.as_ref().map(|error| (error.error, error.reason)) {
        Some((ErrorCode::SessionExpired, _)) => RefreshAnswer::Ended(EndReason::Expired),
        Some((ErrorCode::TokenReused, _)) => RefreshAnswer::Ended(EndReason::TokenReused),
        Some((ErrorCode::TokenUnknown, _)) => RefreshAnswer::Ended(EndReason::Unknown),
        Some((ErrorCode::SessionRevoked, reason)) => RefreshAnswer::Ended(revoked(reason)),
        Some((ErrorCode::SessionChanged, _)) => RefreshAnswer::Changed,
        Some((ErrorCode::InvalidRequest, _)) => RefreshAnswer::Refused,
        _ => RefreshAnswer::Failed {
            status: Some(answer.status),
            retry_after: retry_after(answer, error.as_ref()),
        },
    }
}

/// What an answer of `/auth/logout` means.
pub fn logged_out(answer: &Result<Response, Lost>) -> LogoutAnswer {
    let Ok(answer) = answer else {
        return LogoutAnswer::Failed { retry_after: None };
    };
    let error = our_error(answer);
    match (answer.status, error.as_ref().map(|error| error.error)) {
        (204, _) | (_, Some(ErrorCode::SessionChanged | ErrorCode::InvalidRequest)) => LogoutAnswer::Done,
        _ => LogoutAnswer::Failed { retry_after: retry_after(answer, error.as_ref()) },
    }
}

/// What an answer to a call means.
pub fn called(answer: &Response) -> CallAnswer {
    match our_error(answer).map(|error| (error.error, error.reason)) {
        Some((ErrorCode::TokenExpired | ErrorCode::TokenInvalid, _)) => CallAnswer::Stale,
        Some((ErrorCode::SessionRevoked, reason)) => CallAnswer::Revoked(revoked(reason)),
        _ => CallAnswer::Other,
    }
}

/// A server that does not say why ended it from elsewhere.
fn revoked(reason: Option<EndReason>) -> EndReason {
    reason.unwrap_or(EndReason::KickedOut)
}

fn retry_after(answer: &Response, error: Option<&ApiError>) -> Option<u64> {
    let seconds = answer.retry_after.or(error.and_then(|error| error.retry_after))?;
    Some(u64::from(seconds) * 1_000)
}
