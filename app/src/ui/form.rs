//! The parts of forms. Those for signing in and registering work as plain forms until the WASM is there; inputs belong to
//! the browser, so that hydration keeps what was typed.

use lanyard_client::EndReason;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::HtmlInputElement;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::address::use_query;
use super::{links, words};
use crate::api::{ApiError, ErrorCode};
use crate::session::{Session, View};
use crate::ui::advice::{AdviceLine, Advising};
use crate::ui::focus::into_sight_soon;
use crate::ui::notice::CookieNotice;
use crate::ui::text::{Text, text};
use crate::ui::way_out::CanNotGoOn;

/// What the page's address says: where to go afterwards, and what came of the plain form before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Where to go afterwards; a page of this site.
    pub next: String,
    /// What went wrong with the plain form.
    pub error: Option<ErrorCode>,
}

/// Reads [`Asked`] from the address; anything unknown in it counts as absent.
pub fn use_asked() -> Memo<Asked> {
    let session = Session::expect();
    let (query, hash) = (use_query(), use_location().hash);
    Memo::new(move |_| {
        // A browser that the server sends here takes the fragment of the page that was wanted along.
        let inherited = if session.hydrated.get() { hash.get() } else { String::new() };
        query.with(|query| {
            let mut next = links::safe_next(query.get("next"));
            if query.get("next").is_some() && !next.contains('#') && inherited != SKIPPED {
                next.push_str(&inherited);
            }
            Asked { next, error: query.get("error").and_then(links::named) }
        })
    })
}

/// Where the link leads that skips to the content: a place on this page, not on the one that was wanted.
const SKIPPED: &str = "#main";

/// Goes to a page of this site within the client, so that the badge in memory stays; in place of the page that is open.
pub fn use_going_on() -> impl Fn(&str) + Clone {
    let navigate = use_navigate();
    move |page: &str| {
        // In full: the router takes the last slashes off whatever is resolved against the page that is open.
        let Ok(origin) = window().location().origin() else { return };
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(&format!("{origin}{page}"), options);
    }
}

/// Goes on to the page that was asked for; nowhere for whoever has left the form meanwhile.
pub fn use_onward(asked: Memo<Asked>) -> impl Fn(()) + Clone {
    let go_on = use_going_on();
    move |()| {
        if let Some(Asked { next, .. }) = asked.try_get_untracked() {
            go_on(&next);
        }
    }
}

/// A form on its way.
#[derive(Clone, Copy)]
pub struct Sending {
    /// Whether an answer is awaited.
    pub pending: RwSignal<bool>,
    /// What the last answer was; none before the first.
    answer: RwSignal<Option<Result<(), ApiError>>>,
    /// What came of the plain form before.
    before: Signal<Option<ErrorCode>>,
    /// The id of the field that the last refusal is about.
    at_fault: RwSignal<Option<String>>,
    /// Whether something else was typed since: what was said is not about that.
    typed: RwSignal<bool>,
    /// The form's name, for the ids of its elements.
    name: &'static str,
}

impl Sending {
    /// A form that has not been sent yet, or only as a plain form: what came of that. Its name is its own on the page.
    pub fn new(name: &'static str, before: impl Into<Signal<Option<ErrorCode>>>) -> Self {
        Self {
            pending: RwSignal::new(false),
            answer: RwSignal::new(None),
            before: before.into(),
            at_fault: RwSignal::new(None),
            typed: RwSignal::new(false),
            name,
        }
    }

    /// Something was typed into the form.
    pub fn type_on(self) {
        if !self.typed.get_untracked() {
            self.typed.set(true);
        }
    }

    /// Whether what is said of the form is about something else than it holds now.
    fn is_past(self) -> bool {
        self.typed.get() || self.pending.get()
    }

    /// Whether this field was refused, as it is now.
    fn is_refused(self, field: &str) -> bool {
        let code = match self.answer.get() {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.error),
            None => self.before.get(),
        };
        let is_named = |fields: &[&str]| {
            fields.contains(&field) || self.at_fault.with(|id| id.as_deref() == Some(field))
        };
        !self.typed.get() && code.and_then(fields).is_some_and(is_named)
    }

    /// The id of the message about the form.
    fn problem_id(self) -> String {
        format!("{}-problem", self.name)
    }

    /// What describes a field: the message, if it was refused, and its hint, if it has one.
    fn description(self, field: &'static str, hint: Option<String>) -> impl Fn() -> Option<String> + Clone {
        move || {
            let problem = self.is_refused(field).then(|| self.problem_id());
            let ids: Vec<_> = problem.into_iter().chain(hint.clone()).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    }

    /// What went wrong, for the person: this form's last answer, or the plain form's before there is one.
    pub fn error(self) -> Option<String> {
        match self.answer.get() {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(words::refused(&error)),
            None => self.before.get().map(|code| code.text().to_owned()),
        }
    }

    /// Whether the last answer was a good one.
    pub fn is_done(self) -> bool {
        matches!(self.answer.get(), Some(Ok(())))
    }

    /// Sends the form, unless it is on its way already. Goes on with what came back; or puts the focus where the person
    /// can do something about it.
    pub fn send<T: 'static>(
        self,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
        fix: impl Fn(ErrorCode) -> NodeRef<Input> + 'static,
    ) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        leptos::task::spawn_local(async move {
            let answer = request.await;
            // The page may have been left meanwhile.
            let input = answer.as_ref().err().and_then(|error| {
                let usual = fix(error.error).try_get_untracked().flatten()?;
                Some(error.field.as_deref().and_then(|name| beside(&usual, name)).unwrap_or(usual))
            });
            self.at_fault.try_set(input.as_ref().map(|input| input.id()));
            self.typed.try_set(false);
            self.pending.set(false);
            self.answer.set(Some(answer.as_ref().map(drop).map_err(Clone::clone)));
            match answer {
                Ok(came) => then(came),
                Err(_) => {
                    if let Some(input) = input {
                        // A field that can't be focused is still described by the message.
                        let _ = input.focus();
                    }
                }
            }
        });
    }
}

/// The field of this name in the form that another one is in; a page's names have hyphens.
fn beside(input: &HtmlInputElement, name: &str) -> Option<HtmlInputElement> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let form = is_name.then(|| input.closest("form").ok().flatten()).flatten()?;
    form.query_selector(&format!("input[name={}]", name.replace('_', "-"))).ok()??.dyn_into().ok()
}

/// Which fields an error is about, besides the one that gets the focus; none for one that is about no field.
const fn fields(code: ErrorCode) -> Option<&'static [&'static str]> {
    match code {
        ErrorCode::InvalidCredentials => Some(&["email", "password"]),
        ErrorCode::EmailTaken => Some(&["email"]),
        ErrorCode::InvalidRequest | ErrorCode::WeakPassword => Some(&[]),
        _ => None,
    }
}

/// A field for text: its label, and its input.
#[component]
pub fn Field(
    /// What to write here.
    label: &'static str,
    /// The field's name on the wire, and its id.
    name: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a password manager should fill in (HTML, 4.10.18.7).
    autocomplete: &'static str,
    /// As the server's limit.
    maxlength: u16,
    /// What it holds until the person changes it.
    #[prop(into, default = None.into())]
    value: Signal<Option<String>>,
    /// To read the value, and to put the focus here.
    input: NodeRef<Input>,
    /// The form it is in.
    sending: Sending,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                node_ref=input
                id=name
                name=name
                // Browsers take no other letters than ASCII's in a field of the type `email`.
                type=if kind == "email" { "text" } else { kind }
                inputmode=(kind == "email").then_some("email")
                aria-invalid=move || sending.is_refused(name).then_some("true")
                aria-describedby=sending.description(name, None)
                autocomplete=autocomplete
                maxlength=maxlength
                value=move || value.get()
                autocapitalize=if kind == "email" { "none" } else { "words" }
                spellcheck="false"
                required
            />
        </div>
    }
}

/// The longest name, in UTF-16 units, which is what browsers count: 100 characters, though some keyboards send each in
/// several. The server counts.
pub const LONGEST_NAME: u16 = 400;

/// So much of a password a field takes, in UTF-16 units: 128 characters, though some keyboards send each in several. The
/// server counts; what a field cuts off, nobody sees.
const LONGEST_TYPED: u16 = 512;

/// A field for a password, with a button that shows what was typed.
#[component]
pub fn PasswordField(
    /// What to write here.
    #[prop(default = "Password")]
    label: &'static str,
    /// The field's name on the wire, and its id.
    #[prop(default = "password")]
    name: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// What a password must be, for who chooses one.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What judges it as one types, for who chooses one.
    #[prop(optional)]
    advising: Option<Advising>,
    /// To read the value, and to put the focus here.
    input: NodeRef<Input>,
    /// The form it is in: sending hides the password again, so that browsers offer to save it.
    sending: Sending,
) -> impl IntoView {
    let session = Session::expect();
    let asked_to_show = RwSignal::new(false);
    let shown = move || asked_to_show.get() && !sending.pending.get();
    // It may have been chosen before the page came to life.
    Effect::new(move |_| {
        if let (Some(advising), Some(field)) = (advising, input.get())
            && !field.value().is_empty()
        {
            advising.judge();
        }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <div class="password">
                <input
                    node_ref=input
                    id=name
                    name=name
                    type=move || if shown() { "text" } else { "password" }
                    autocomplete=autocomplete
                    minlength=hint.map(|_| 8)
                    maxlength=LONGEST_TYPED
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=move || sending.is_refused(name).then_some("true")
                    aria-describedby=sending.description(name, hint.map(|_| format!("{name}-hint")))
                    on:focus=move |_| {
                        if let Some(advising) = advising {
                            advising.prepare();
                        }
                    }
                    on:input=move |_| {
                        if let Some(advising) = advising {
                            advising.judge();
                        }
                    }
                    required
                />
                <button
                    type="button"
                    class="link"
                    class:unready=move || !session.hydrated.get()
                    on:click=move |_| asked_to_show.update(|it| *it = !*it)
                >
                    <span inner_html=text(move || if shown() { "Hide" } else { "Show" })></span>
                    <span class="hidden">{format!(" {}", label.to_lowercase())}</span>
                </button>
            </div>
            {hint.map(|hint| view! { <p class="note" id=format!("{name}-hint")>{hint}</p> })}
            {advising.map(|advising| view! { <AdviceLine advising /> })}
        </div>
    }
}

/// The button that sends the form; it keeps its place and size while an answer is awaited.
#[component]
pub fn Submit(
    /// What it does.
    label: &'static str,
    /// What it says meanwhile.
    meanwhile: &'static str,
    /// The form it is in.
    sending: Sending,
) -> impl IntoView {
    let pending = sending.pending;
    view! {
        <button
            class="button main"
            aria-disabled=move || pending.get().then_some("true")
            inner_html=text(move || if pending.get() { meanwhile } else { label })
        ></button>
    }
}

/// What went wrong, read aloud when it appears. It goes out of sight, and keeps its place, once it is about something else
/// than the form holds.
#[component]
pub fn Problem(
    /// The form it is about.
    sending: Sending,
) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    // On a phone the form is longer than what can be seen of it.
    Effect::new(move |_| {
        if sending.error().is_some() && !sending.is_past() {
            into_sight_soon(place);
        }
    });
    view! {
        <div node_ref=place id=sending.problem_id() role="alert">
            {move || {
                sending
                    .error()
                    .map(|text| {
                        view! {
                            <p
                                class="notice bad"
                                class:past=move || sending.is_past()
                                inner_html=Text::from(text)
                            ></p>
                        }
                    })
            }}
        </div>
    }
}

/// What came of it, read aloud when it appears.
#[component]
pub fn Done(
    /// The form it is about.
    sending: Sending,
    /// What it says once the last answer was a good one.
    #[prop(into)]
    told: Signal<String>,
) -> impl IntoView {
    view! {
        <div role="status">
            {move || sending.is_done().then(|| view! { <p class="notice good" inner_html=text(move || told.get())></p> })}
        </div>
    }
}

/// Whether a click means what it says: another button, or a key with it, asks the browser for something else.
fn is_plain(click: &leptos::ev::MouseEvent) -> bool {
    click.button() == 0 && !(click.meta_key() || click.ctrl_key() || click.shift_key() || click.alt_key())
}

/// Above the form: why the session before is over; or, for whoever is signed in already, the way on.
#[component]
pub fn Before(
    /// What the address says.
    asked: Memo<Asked>,
    /// The form below.
    sending: Sending,
) -> impl IntoView {
    let session = Session::expect();
    let go_on = use_going_on();
    let onward = move |who: Option<String>| {
        let go_on = go_on.clone();
        let onward = move |event: leptos::ev::MouseEvent| {
            if is_plain(&event) {
                // The router would decode the path, and then follow what another address that makes.
                event.prevent_default();
                go_on(&asked.get_untracked().next);
            }
        };
        view! {
            <div class="notice">
                <p>
                    <b>"You are signed in."</b>
                </p>
                <p class="as-whom">
                    {who.map(|who| view! { <span>"As "</span> <bdi translate="no" inner_html=Text::from(who)></bdi> })}
                </p>
                <a class="button" href=move || asked.get().next on:click=onward>
                    "Continue"
                </a>
                <p class="note">"Or go on below as somebody else; that ends this session in this browser."</p>
            </div>
        }
        .into_any()
    };
    let reason = |reason: EndReason| {
        let (what, advice) = words::ended(reason);
        let kind = match reason {
            EndReason::SignedOut => "notice",
            EndReason::TokenReused => "notice bad",
            _ => "notice warm",
        };
        view! {
            <div class=kind>
                <p>
                    <b inner_html=Text::from(what)></b>
                </p>
                <p inner_html=Text::from(advice)></p>
            </div>
        }
        .into_any()
    };
    let stuck = Memo::new(move |_| session.is_stuck());
    let about = move || match session.view.get() {
        // The page is about to change.
        View::SignedIn(_) | View::Checking if sending.pending.get() || sending.is_done() => ().into_any(),
        // With a badge that has run out, or with none yet.
        View::SignedIn(_) | View::Checking if stuck.get() => view! { <CanNotGoOn /> }.into_any(),
        View::SignedIn(it) => onward(Some(it.user.name)),
        View::Checking => onward(None),
        // What came of the form is newer.
        View::SignedOut { .. } if sending.error().is_some() => ().into_any(),
        View::SignedOut { ended } => ended.map_or_else(|| ().into_any(), reason),
    };
    view! {
        <div role="status">{about}</div>
        <CookieNotice />
    }
}
