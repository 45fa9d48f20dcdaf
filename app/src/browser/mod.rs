//! Performs the engine's effects in the browser: fetch, timers, tabs, cookies. WASM only.
//!
//! | Module | What lives there |
//! |---|---|
//! | `driver` | the one [`lanyard_client::Engine`] of this tab, and what each effect does |
//! | `http` | requests over fetch, and what their answers mean to the engine |
//! | `advice` | the module that judges passwords, loaded when it is needed |
//! | `badge` | the access token in memory, and what pages may see of it |
//! | `locks`, `channel` | the other tabs |
//! | `start` | the script that the page began with, which outlives an instance that panics |
//! | `jar`, `storage`, `events`, `clock` | cookies, local storage, the page's life, time and randomness |
//!
//! `crate::session` and `crate::api::client` call it; pages call those. A page is single-threaded, so the
//! driver lives in a `thread_local`. Whatever happens is queued and then taken one by one: performing an
//! effect may make something else happen.

pub mod advice;
mod badge;
mod channel;
pub mod clock;
mod driver;
mod events;
mod http;
mod jar;
mod locks;
pub mod start;
mod storage;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use futures::channel::oneshot;
use lanyard_client::{CallId, FormId, Input, Patterns};
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

use crate::api::client::{CallError, Request, Response};
use crate::api::{ApiError, ErrorCode, Password, Tokens};
use crate::session::Session;
use driver::{Driver, Form, Pending};

/// What came along with an input, and that the engine never sees.
enum Arrival {
    Nothing,
    Badge(Box<Tokens>),
    Answer(Result<Response, http::Lost>),
}

thread_local! {
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
    static SESSION: Cell<Option<Session>> = const { Cell::new(None) };
    static INBOX: RefCell<VecDeque<(Input, Arrival)>> = const { RefCell::new(VecDeque::new()) };
    static RUNNING: Cell<bool> = const { Cell::new(false) };
    static LAST_ID: Cell<u64> = const { Cell::new(0) };
}

/// Gets the driver ready. What happens before [`boot`] waits.
pub fn prepare(session: Session) {
    DRIVER.set(Some(Driver::new(&session.settings)));
    SESSION.set(Some(session));
    INBOX.take();
    RUNNING.set(true);
}

/// Starts the engine, once the page is hydrated.
pub fn boot() {
    events::listen();
    if storage::owed().is_none() {
        storage::owe_what_vanished();
    }
    INBOX.with_borrow_mut(|inbox| {
        inbox.push_front((Input::SetPatterns(storage::patterns()), Arrival::Nothing));
        inbox.push_front((Input::Boot, Arrival::Nothing));
    });
    RUNNING.set(false);
    run();
}

/// Sends a request with the badge, by way of the interceptor. `/auth/*` and other origins go past it and
/// never see a badge. `made_for` is the session that the page showed; without one, whoever is signed in.
///
/// # Errors
/// [`CallError`] when there is no answer. Any status is an answer.
pub async fn call(request: Request, made_for: Option<Uuid>) -> Result<Response, CallError> {
    let (reply, answer) = oneshot::channel();
    if http::takes_badge(&request.path) {
        let call = CallId(next_id());
        with_driver(|driver| driver.calls.insert(call, Pending::new(request, reply)));
        let made_for = made_for.map(|id| jar::mark(jar::session_id(id)));
        step(Input::Call { call, made_for });
    } else {
        spawn_local(async move {
            let answer = http::send(&request, None, None).await;
            let _ = reply.send(answer.map_err(|_| CallError::Unavailable));
        });
    }
    answer.await.unwrap_or(Err(CallError::Unavailable))
}

/// Signs in. Sent again with the same key, it is the same session.
///
/// # Errors
/// What the server answered; [`ErrorCode::Unavailable`] when it did not.
pub async fn sign_in(email: &str, password: &Password, key: Option<&str>) -> Result<(), ApiError> {
    let mut fields = vec![("email", email), ("password", password.reveal())];
    fields.extend(key.map(|key| ("idempotency_key", key)));
    submit(http::form("/auth/login", &fields)).await
}

/// Makes an account and signs in. Sent again with the same key, it is the same account.
///
/// # Errors
/// As [`sign_in`].
pub async fn register(
    name: &str,
    email: &str,
    password: &Password,
    key: Option<&str>,
) -> Result<(), ApiError> {
    let mut fields = vec![("name", name), ("email", email), ("password", password.reveal())];
    fields.extend(key.map(|key| ("idempotency_key", key)));
    submit(http::form("/auth/register", &fields)).await
}

async fn submit(request: Request) -> Result<(), ApiError> {
    let (reply, done) = oneshot::channel();
    let form = FormId(next_id());
    with_driver(|driver| driver.forms.insert(form, Form { request, reply }));
    step(Input::SignIn(form));
    done.await.unwrap_or_else(|_| Err(ApiError::new(ErrorCode::Unavailable)))
}

/// Signs out.
pub fn sign_out() {
    step(Input::SignOut);
}

/// Renews the badge now.
pub fn renew() {
    step(Input::Renew);
}

/// Switches the patterns, and keeps the choice.
pub fn set_patterns(patterns: Patterns) {
    storage::set_patterns(patterns);
    step(Input::SetPatterns(patterns));
}

/// Ends the session, if the browser keeps no cookie of it. Says whether it did.
fn end_unkept() -> bool {
    with_driver(Driver::end_unkept).unwrap_or_default()
}

fn next_id() -> u64 {
    LAST_ID.replace(LAST_ID.get() + 1)
}

fn with_driver<T>(act: impl FnOnce(&mut Driver) -> T) -> Option<T> {
    DRIVER.with_borrow_mut(|driver| driver.as_mut().map(act))
}

/// Something has happened.
fn step(input: Input) {
    step_with(input, Arrival::Nothing);
}

/// Something has happened, and this came along.
fn step_with(input: Input, arrival: Arrival) {
    INBOX.with_borrow_mut(|inbox| inbox.push_back((input, arrival)));
    run();
}

fn run() {
    if RUNNING.replace(true) {
        return;
    }
    while let Some((input, arrival)) = INBOX.with_borrow_mut(VecDeque::pop_front) {
        // Pages react to what they are shown, perhaps with a call: not while the driver is borrowed.
        let shows = with_driver(|driver| driver.take(input, arrival));
        if let (Some(session), Some(shows)) = (SESSION.get(), shows) {
            session.show(shows);
        }
    }
    RUNNING.set(false);
}
