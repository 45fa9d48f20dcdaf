//! Requests over fetch. `crate::api::meaning` says what their answers mean.

use gloo_net::http::{Method, RequestBuilder};
use lanyard_client::{LogoutAnswer, RefreshAnswer};
use server_fn::redirect::REDIRECT_HEADER;
use uuid::Uuid;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::{badge, clock};
use crate::api::client::{Request, Response};
use crate::api::{AccessToken, Tokens, meaning};

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
        retry_after: headers
            .get("Retry-After")
            .and_then(|wait| clock::seconds_to_wait(&wait, headers.get("Date").as_deref())),
        body: answer.binary().await.map_err(|_| Lost)?.into(),
        replayed: false,
    })
}

/// Ends a session with its own badge. Nobody waits for the answer, and the page may be gone before it comes.
pub fn end_session(session: Uuid, badge: &AccessToken) {
    let init = web_sys::RequestInit::new();
    init.set_method("DELETE");
    // web-sys does not know it yet.
    let _ = js_sys::Reflect::set(&init, &"keepalive".into(), &true.into());
    let Ok(request) = web_sys::Request::new_with_str_and_init(&format!("/api/sessions/{session}"), &init)
    else {
        return;
    };
    let bearer = format!("Bearer {}", badge.reveal());
    if let (Ok(()), Some(window)) = (request.headers().set("Authorization", &bearer), web_sys::window()) {
        let answer = wasm_bindgen_futures::JsFuture::from(window.fetch_with_request(&request));
        wasm_bindgen_futures::spawn_local(async move {
            let _ = answer.await;
        });
    }
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

/// What an answer of `/auth/refresh` means.
pub fn refreshed(answer: &Result<Response, Lost>, tokens: Option<&Tokens>) -> RefreshAnswer {
    match (tokens, answer) {
        (Some(tokens), _) => RefreshAnswer::Granted(badge::grant(tokens)),
        (None, Ok(answer)) => meaning::of_refusal(answer),
        (None, Err(Lost)) => RefreshAnswer::Failed { status: None, retry_after: None },
    }
}

/// What an answer of `/auth/logout` means.
pub fn logged_out(answer: &Result<Response, Lost>) -> LogoutAnswer {
    answer.as_ref().map_or(LogoutAnswer::Failed { retry_after: None }, meaning::of_logout)
}
