//! The visitor badge on its lanyard: the access token, alive. Its ring runs down in real time, its number is the
//! refresh generation, and it turns over when it is renewed.

use lanyard_client::Serial;
use leptos::prelude::*;

use super::text::text;
use super::ticks::use_ticks;
use super::words;
use crate::session::{Badge, Connection, Session, View};

/// Whose badge it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Wearer {
    /// As the person wrote it.
    pub name: String,
    /// The email address.
    pub email: String,
    /// The first letters of the session id.
    pub session: String,
}

/// The badge of whoever is signed in; an empty one of the same size while that is being found out.
#[component]
pub fn OwnBadge() -> impl IntoView {
    let session = Session::expect();
    let signed_in = Memo::new(move |_| match session.view.get() {
        View::SignedIn(signed_in) => Some(signed_in),
        View::Checking | View::SignedOut { .. } => None,
    });
    let wearer = Signal::derive(move || {
        signed_in.get().map(|it| Wearer {
            name: it.user.name,
            email: it.user.email,
            session: it.session_id.simple().to_string().chars().take(4).collect(),
        })
    });
    let badge = Signal::derive(move || signed_in.get().map(|it| it.badge));
    view! { <BadgeCard label="Your badge" alive="Signed in" wearer badge now=use_ticks() /> }
}

/// A badge on a lanyard.
#[component]
pub fn BadgeCard(
    /// What it is, for who can't see it.
    label: &'static str,
    /// The words at its foot while it is good.
    alive: &'static str,
    /// Whose it is; none while that is being found out.
    #[prop(into)]
    wearer: Signal<Option<Wearer>>,
    /// The access token; none while there is none yet.
    #[prop(into)]
    badge: Signal<Option<Badge>>,
    /// The time on the badge's clock; none before hydration, when the badge looks as it does when it is issued.
    #[prop(into)]
    now: Signal<Option<f64>>,
) -> impl IntoView {
    let left = Memo::new(move |_| {
        badge.get().map(|it| (it.expires_at - now.get().unwrap_or(it.issued_at)).max(0.0))
    });
    let state = Memo::new(move |_| match left.get() {
        None => "waiting",
        Some(left) if left > 0.0 => "alive",
        Some(_) => "expired",
    });
    let session = Session::expect();
    let no = move || badge.get().map_or_else(|| "No. –".to_owned(), |it| format!("No. {}", it.number));
    let renews = move || match badge.get() {
        None => "–".to_owned(),
        Some(Badge { renews_at: None, .. }) if session.cookie_refused.get() => "never".to_owned(),
        Some(Badge { renews_at: None, .. })
            if session.patterns.get().interceptor && session.connection.get() != Connection::Refused =>
        {
            "at a 401".to_owned()
        }
        Some(Badge { renews_at: None, .. }) => "by hand".to_owned(),
        Some(Badge { renews_at: Some(at), issued_at, .. }) => {
            format!("in {}", words::countdown(at - now.get().unwrap_or(issued_at)))
        }
    };
    let name = move || wearer.get().map(|it| it.name);

    view! {
        <section class="hang" aria-label=label>
            <Strap />
            <div class="badge" data-state=move || state.get() data-turn=turn_on_renewal(badge)>
                <p class="badge-kind" aria-hidden="true">
                    <span>"Visitor"</span>
                    <span class="badge-number" translate="no" inner_html=text(no)></span>
                </p>
                <div class="badge-who">
                    <span
                        class="face"
                        aria-hidden="true"
                        translate="no"
                        inner_html=text(move || name().map(|name| words::initials(&name)))
                    ></span>
                    <div translate="no">
                        <b>
                            <bdi inner_html=text(name)></bdi>
                        </b>
                        <span>
                            <bdi inner_html=text(move || wearer.get().map(|it| it.email))></bdi>
                        </span>
                    </div>
                </div>
                <div class="badge-clock">
                    <Ring badge left />
                    <dl class="facts">
                        <dt>"Badge"</dt>
                        <dd translate="no" inner_html=text(no)></dd>
                        <dt>"Renews"</dt>
                        <dd inner_html=text(renews)></dd>
                        <dt>"Last"</dt>
                        <dd inner_html=text(move || badge.get().map_or("–", |it| words::cause(it.cause)))></dd>
                    </dl>
                </div>
                <p class="badge-foot">
                    <span
                        class="standing"
                        inner_html=text(move || match state.get() {
                            "waiting" => "One moment",
                            "expired" => "Badge expired",
                            _ => alive,
                        })
                    ></span>
                    <span
                        class="mono"
                        inner_html=text(move || wearer.get().map(|it| format!("session {}", it.session)))
                    ></span>
                </p>
            </div>
        </section>
    }
    .into_any()
}

/// What is left of the badge's life. An SVG's attributes rather than a `style`, which our CSP forbids.
#[component]
fn Ring(badge: Signal<Option<Badge>>, left: Memo<Option<f64>>) -> impl IntoView {
    let share = move |ms: f64| {
        let life = badge.get().map_or(0.0, |it| it.expires_at - it.issued_at);
        if life > 0.0 { (ms / life).clamp(0.0, 1.0) } else { 0.0 }
    };
    let gone = move || format!("{:.2}", 100.0 - 100.0 * share(left.get().unwrap_or(0.0)));
    let mark = move || {
        let renews = badge.get().and_then(|it| Some(it.expires_at - it.renews_at?));
        renews.map(|ms| format!("rotate({:.1} 50 50)", 360.0 * share(ms)))
    };
    view! {
        <div class="ring">
            <svg viewBox="0 0 100 100" aria-hidden="true">
                <circle class="ring-life" cx="50" cy="50" r="43" />
                <circle
                    class="ring-left"
                    cx="50"
                    cy="50"
                    r="43"
                    pathLength="100"
                    stroke-dasharray="100"
                    stroke-dashoffset=gone
                    transform="rotate(-90 50 50)"
                />
                <path class="ring-mark" d="M50 1v12" transform=mark visibility=move || mark().is_none().then_some("hidden") />
            </svg>
            <span
                role="timer"
                aria-label="The badge expires in"
                translate="no"
                inner_html=text(move || left.get().map_or_else(|| "–:––".to_owned(), words::countdown))
            ></span>
        </div>
    }
}

/// The strap and its hook.
#[component]
fn Strap() -> impl IntoView {
    view! {
        <svg class="strap" viewBox="0 0 96 240" width="96" height="240" aria-hidden="true">
            <path class="strap-back" d="M116-220 56 190H40L98-220z" />
            <path class="strap-front" d="M-20-220 40 190h16L-2-220z" />
            <path class="strap-seam" d="M-11-220 48 186" />
            <rect class="metal" x="36" y="182" width="24" height="15" rx="3" />
            <path class="metal-line" d="M48 197v6" />
            <rect class="metal-line" x="38" y="203" width="20" height="30" rx="8" />
        </svg>
    }
}

/// A value that changes between `a` and `b` with each new badge, and is none for the first: two names for one
/// animation, which starts again only when its name changes.
fn turn_on_renewal(badge: Signal<Option<Badge>>) -> Signal<Option<&'static str>> {
    let turn = RwSignal::new(None);
    Effect::new(move |before: Option<Option<Serial>>| {
        let serial = badge.get().map(|it| it.serial);
        if before.flatten().is_some_and(|before| serial.is_some_and(|serial| serial != before)) {
            turn.update(|turn| *turn = if *turn == Some("a") { Some("b") } else { Some("a") });
        }
        serial
    });
    turn.into()
}
