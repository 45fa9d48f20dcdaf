//! The one engine of this tab, and what each of its effects does.

use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot;
use gloo_timers::callback::Timeout;
use lanyard_client::{
    Announcement, Attempt, CallAnswer, CallId, Cause, Effect, Engine, FormId, Input, Jar, Mark, Now,
    Rejection, Serial, SessionId, Standing, Who,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal};

use super::badge::Held;
use super::channel::Channel;
use super::http::{self, Lost};
use super::locks::Locks;
use super::{Arrival, badge, clock, events, jar, step_with, storage};
use crate::api::client::{CallError, Request, Response};
use crate::api::{ApiError, ErrorCode, Tokens, meaning};
use crate::session::{Connection, Event, PageSettings, Patterns, Shows, View};

/// A call that was sent is given up after so many milliseconds.
const CALL_TIMEOUT: u32 = 30_000;

/// After so many failures in a row a person is offered to sign in again.
const STUCK: u32 = 3;
/// A session without a cookie is ended so many milliseconds before its badge is over, or sooner.
const LAST_WORD: u32 = 3_000;

/// A call that a page waits for.
pub struct Pending {
    request: Rc<Request>,
    replayed: bool,
    reply: oneshot::Sender<Result<Response, CallError>>,
    under_way: Option<UnderWay>,
}

impl Pending {
    pub fn new(request: Request, reply: oneshot::Sender<Result<Response, CallError>>) -> Self {
        Self { request: Rc::new(request), replayed: false, reply, under_way: None }
    }
}

/// A call on the network. Dropping it aborts it, which does nothing to one that has been answered.
struct UnderWay {
    abort: AbortController,
    _timeout: Timeout,
}

impl UnderWay {
    /// None in a browser that can't abort.
    fn begin() -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let late = abort.clone();
        Some(Self { abort, _timeout: Timeout::new(CALL_TIMEOUT, move || late.abort()) })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// A sign-in or registration that a page waits for.
pub struct Form {
    pub request: Request,
    pub reply: oneshot::Sender<Result<(), ApiError>>,
}

/// A sign-in whose answer was lost on its way, or came in half: whether it did sign somebody in, the cookies will tell.
struct InDoubt {
    /// Who was signed in before.
    before: Option<Mark>,
    reply: oneshot::Sender<Result<(), ApiError>>,
}

/// The tab's engine and what belongs to it.
pub struct Driver {
    engine: Engine,
    badge: Option<Held>,
    pub calls: HashMap<CallId, Pending>,
    pub forms: HashMap<FormId, Form>,
    in_doubt: Vec<InDoubt>,
    under_way: HashMap<Attempt, AbortController>,
    /// Whether the last renewal that failed was answered at all.
    answered: bool,
    /// Dropping it stops it.
    timer: Option<Timeout>,
    locks: Locks,
    channel: Option<Channel>,
    /// There while the browser keeps no cookie of the session: when it runs out, the badge is about to.
    unkept: Option<Timeout>,
}

impl Driver {
    pub fn new(settings: &PageSettings) -> Self {
        Self {
            engine: Engine::new(u64::from(settings.timeout_ms), Patterns::default()),
            badge: None,
            calls: HashMap::new(),
            forms: HashMap::new(),
            in_doubt: Vec::new(),
            under_way: HashMap::new(),
            answered: false,
            timer: None,
            locks: Locks::default(),
            channel: Channel::open(),
            unkept: None,
        }
    }

    /// One step of the engine, and all of its effects. What it answers is shown by the caller, once the driver is
    /// no longer borrowed.
    pub fn take(&mut self, input: Input, mut arrival: Arrival) -> Shows {
        let now = Now {
            monotonic: clock::whole(clock::monotonic()),
            wall: clock::whole(clock::wall()),
            hint: jar::hint(),
            owed: storage::owed(),
            random: clock::random(),
        };
        let mut events = Vec::new();
        self.timer = None;
        let vanished = self.would_vanish(&now, &input);
        for effect in self.engine.step(&now, input) {
            self.perform(effect, &now, &mut arrival, &mut events);
        }
        if let Some(who) = vanished.filter(|_| self.who().is_none()) {
            // The hint alone is gone, and nobody has signed out: the session would live on unseen.
            storage::owe(who);
            super::step(Input::Deadline);
        }
        self.resolve_doubts();
        self.shows(&now, events)
    }

    /// Who is signed in and named by no cookie any more, though this is no news of a sign-out.
    fn would_vanish(&self, now: &Now, input: &Input) -> Option<Who> {
        let is_news = matches!(input, Input::SignOut | Input::Peer(Announcement::Ended { .. }));
        let Standing::Somebody { who, jar: Jar::Seen, .. } = *self.engine.standing() else { return None };
        (now.hint.is_none() && now.owed.is_none() && !is_news).then_some(who)
    }

    fn who(&self) -> Option<Who> {
        match *self.engine.standing() {
            Standing::Somebody { who, .. } => Some(who),
            Standing::Nobody { .. } => None,
        }
    }

    /// Answers the sign-ins in doubt of which it is known by now what became of them.
    fn resolve_doubts(&mut self) {
        let (who, badge) = (self.who().map(|who| who.mark), self.engine.badge().is_some());
        for InDoubt { before, reply } in std::mem::take(&mut self.in_doubt) {
            match (who != before && who.is_some(), badge) {
                (true, false) => self.in_doubt.push(InDoubt { before, reply }),
                (true, true) => {
                    let _ = reply.send(Ok(()));
                }
                (false, _) => {
                    let _ = reply.send(Err(ApiError::new(ErrorCode::Unavailable)));
                }
            }
        }
    }

    fn perform(&mut self, effect: Effect, now: &Now, arrival: &mut Arrival, events: &mut Vec<Event>) {
        match effect {
            Effect::TakeLock { turn } => self.locks.take(turn),
            Effect::ReleaseLock { turn } => self.locks.release(turn),
            Effect::SendRefresh { attempt, session } => self.refresh(attempt, session),
            Effect::SendLogout { attempt, session } => self.log_out(attempt, session),
            Effect::SendSignIn { attempt, form } => self.submit(attempt, form),
            Effect::Abort { attempt } => {
                if let Some(request) = self.under_way.remove(&attempt) {
                    request.abort();
                }
            }
            Effect::DropForm(form) => {
                if let Some(form) = self.forms.remove(&form) {
                    let _ = form.reply.send(Err(ApiError::new(ErrorCode::Unavailable)));
                }
            }
            Effect::Adopt { serial, cause } => self.adopt(serial, cause, now, arrival, events),
            Effect::Clear => {
                self.end_unkept();
                self.badge = None;
                storage::forget();
            }
            Effect::Send { call, replay } => self.send(call, replay),
            Effect::Deliver(call) => self.deliver(call, arrival, events),
            Effect::Reject { call, why } => self.reject(call, why),
            Effect::Announce(announcement) => self.announce(announcement),
            Effect::DropHint => jar::drop_hint(),
            Effect::Owe(who) => storage::owe(who),
            Effect::Settle(who) => storage::settle(who),
            Effect::RenewalFailed { status } => {
                self.answered = status.is_some();
                events.push(Event::RenewalFailed { status });
            }
            Effect::RenewalRefused => events.push(Event::RenewalRefused),
            Effect::AccountChanged => events.push(Event::AccountChanged),
            Effect::Ended(reason) => {
                storage::note_end(reason);
                events.push(Event::Ended { reason });
            }
            Effect::CookieRefused => {
                self.watch_unkept();
                events.push(Event::CookieRefused);
            }
            Effect::Unveil => events::veil(false),
            Effect::ArmTimer(wait) => {
                self.timer = Some(Timeout::new(wait, || super::step(Input::Deadline)));
            }
        }
    }

    fn adopt(
        &mut self,
        serial: Serial,
        cause: Cause,
        now: &Now,
        arrival: &mut Arrival,
        events: &mut Vec<Event>,
    ) {
        if let Arrival::Badge(tokens) = std::mem::replace(arrival, Arrival::Nothing) {
            // Nothing showed the server which session this one replaces.
            self.end_unkept();
            storage::forget_end();
            let number = badge::generation(&tokens.access_token);
            let age = self.engine.badge().map_or(0, |badge| badge.since.age(now));
            let issued_at = clock::fraction(now.monotonic) - clock::fraction(age);
            storage::remember(tokens.session_id);
            self.badge = Some(Held { tokens: *tokens, serial, number, cause, issued_at });
            events.push(Event::Issued { number, cause });
        }
    }

    /// The browser keeps no cookie: with its badge the session is lost, and has to be ended before.
    fn watch_unkept(&mut self) {
        let Some(badge) = &self.badge else { return };
        let lifetime = badge.tokens.expires_in.saturating_mul(1_000);
        let left = lifetime.saturating_sub(LAST_WORD.min(lifetime / 4)).min(i32::MAX.unsigned_abs());
        self.unkept = Some(Timeout::new(left, || {
            super::end_unkept();
        }));
    }

    /// Ends a session that the browser keeps no cookie of, while its badge still opens that door. Says whether there was
    /// one.
    pub fn end_unkept(&mut self) -> bool {
        let (Some(_), Some(badge)) = (self.unkept.take(), &self.badge) else { return false };
        http::end_session(badge.tokens.session_id, &badge.tokens.access_token);
        true
    }

    fn announce(&self, announcement: Announcement) {
        if let Some(channel) = &self.channel {
            channel.announce(announcement, self.badge.as_ref().map(|badge| &badge.tokens));
        }
    }

    /// Makes a request to `/auth/*` abortable.
    fn begin(&mut self, attempt: Attempt) -> Option<AbortSignal> {
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.under_way.insert(attempt, controller);
        Some(signal)
    }

    fn refresh(&mut self, attempt: Attempt, session: Option<SessionId>) {
        let abort = self.begin(attempt);
        spawn_local(async move {
            let request = http::session_form("/auth/refresh", session);
            let answer = http::send(&request, None, abort.as_ref()).await;
            let tokens = answer.as_ref().ok().and_then(http::tokens);
            let answer = http::refreshed(&answer, tokens.as_ref());
            back_from(attempt, Input::RefreshAnswered { attempt, answer }, tokens);
        });
    }

    fn log_out(&mut self, attempt: Attempt, session: Option<SessionId>) {
        let abort = self.begin(attempt);
        spawn_local(async move {
            let request = http::session_form("/auth/logout", session);
            let answer = http::logged_out(&http::send(&request, None, abort.as_ref()).await);
            back_from(attempt, Input::LogoutAnswered { attempt, answer }, None);
        });
    }

    fn submit(&mut self, attempt: Attempt, form: FormId) {
        let Some(Form { request, reply }) = self.forms.remove(&form) else { return };
        let abort = self.begin(attempt);
        let before = self.who().map(|who| who.mark);
        spawn_local(async move {
            let answer = http::send(&request, None, abort.as_ref()).await;
            let tokens = answer.as_ref().ok().and_then(http::tokens);
            let session = tokens.as_ref().map(|tokens| tokens.session_id);
            let grant = tokens.as_ref().map(badge::grant);
            back_from(attempt, Input::SignInAnswered { attempt, grant }, tokens);
            // An answer that came too late, or after a sign-out, has signed nobody in.
            let signed_in = super::with_driver(|driver| driver.session_id() == session).unwrap_or_default();
            let outcome = match answer.as_ref().ok().and_then(meaning::our_error) {
                _ if session.is_some() && signed_in => Ok(()),
                Some(error) => Err(error),
                None => {
                    super::with_driver(|driver| {
                        driver.in_doubt.push(InDoubt { before, reply });
                        driver.resolve_doubts();
                    });
                    return;
                }
            };
            let _ = reply.send(outcome);
        });
    }

    fn session_id(&self) -> Option<uuid::Uuid> {
        self.badge.as_ref().map(|badge| badge.tokens.session_id)
    }

    fn send(&mut self, call: CallId, replay: bool) {
        let (Some(pending), Some(badge)) = (self.calls.get_mut(&call), &self.badge) else { return };
        pending.replayed = replay;
        pending.under_way = UnderWay::begin();
        let abort = pending.under_way.as_ref().map(|it| it.abort.signal());
        let request = Rc::clone(&pending.request);
        let token = badge.tokens.access_token.clone();
        spawn_local(async move {
            let answer = http::send(&request, Some(&token), abort.as_ref()).await;
            let meaning = answer.as_ref().map_or(CallAnswer::Other, meaning::of_call);
            step_with(Input::Answered { call, answer: meaning }, Arrival::Answer(answer));
        });
    }

    fn deliver(&mut self, call: CallId, arrival: &mut Arrival, events: &mut Vec<Event>) {
        let Some(Pending { request, replayed, reply, .. }) = self.calls.remove(&call) else { return };
        let answer = match std::mem::replace(arrival, Arrival::Nothing) {
            Arrival::Answer(answer) => answer,
            Arrival::Badge(_) | Arrival::Nothing => Err(Lost),
        };
        if let Ok(answer) = &answer {
            // What follows `?` may be private, and is no part of the door's name.
            let path = request.path.split(['?', '#']).next().unwrap_or_default();
            events.push(Event::Called {
                method: request.method.to_string(),
                path: path.to_owned(),
                status: answer.status,
                replayed,
            });
        }
        let answer = answer.map(|answer| Response { replayed, ..answer });
        let _ = reply.send(answer.map_err(|Lost| CallError::Unavailable));
    }

    fn reject(&mut self, call: CallId, why: Rejection) {
        if let Some(pending) = self.calls.remove(&call) {
            let why = match why {
                Rejection::SignedOut => CallError::SignedOut,
                Rejection::AccountChanged => CallError::AccountChanged,
                Rejection::Unavailable => CallError::Unavailable,
                Rejection::Refused => CallError::Refused,
            };
            let _ = pending.reply.send(Err(why));
        }
    }

    fn shows(&self, now: &Now, events: Vec<Event>) -> Shows {
        let view = match (*self.engine.standing(), &self.badge) {
            (Standing::Nobody { ended, .. }, _) => View::SignedOut { ended: ended.or_else(storage::ended) },
            (Standing::Somebody { badge: Some(badge), .. }, Some(held)) => {
                let renews = self.engine.renews_in(now).is_some();
                View::SignedIn(held.shown(renews.then_some(badge.renew_after)))
            }
            // A session that the server refuses to take up again (the notice says so): signing in anew is what is left.
            _ if self.engine.is_refused() => View::SignedOut { ended: None },
            _ => View::Checking,
        };
        let connection = match self.engine.retry_in(now) {
            _ if !events::is_online() => Connection::Offline,
            Some(wait) => {
                let stuck = self.answered && self.engine.failed_renewals() >= STUCK;
                Connection::Retrying { next_at: clock::fraction(now.monotonic + wait), stuck }
            }
            None if self.engine.is_refused() => Connection::Refused,
            None => Connection::Fine,
        };
        let (patterns, owes_sign_out) = (self.engine.patterns(), self.engine.owes_sign_out());
        Shows { view, connection, patterns, owes_sign_out, events }
    }
}

/// A request to `/auth/*` is over; what came with it goes to the engine in the same step.
fn back_from(attempt: Attempt, input: Input, tokens: Option<Tokens>) {
    super::with_driver(|driver| driver.under_way.remove(&attempt));
    let arrival = tokens.map_or(Arrival::Nothing, |tokens| Arrival::Badge(Box::new(tokens)));
    step_with(input, arrival);
}
