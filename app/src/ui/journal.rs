//! What just happened, newest first.

use lanyard_client::EndReason;
use leptos::prelude::*;

use super::calendar::Moment;
use super::{device, words};
use crate::session::{Cause, Entry, Event, Session};

/// The list of what the session's engine did. Read aloud as it grows.
#[component]
pub fn Journal() -> impl IntoView {
    let session = Session::expect();
    let is_empty = Memo::new(move |_| session.journal.with(|it| it.is_empty()));
    view! {
        <section class="panel" aria-labelledby="journal">
            <h2 id="journal">"What just happened"</h2>
            <div class="feed" tabindex="0" role="log" aria-live="polite" aria-labelledby="journal">
                <p class="note" hidden=move || !is_empty.get()>
                    "Nothing yet. Renewals, calls and other tabs show up here."
                </p>
                <ol>
                    <For each=move || session.journal.get() key=|entry| entry.id let:entry>
                        <Line entry />
                    </For>
                </ol>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let told = tell(&entry.event);
    view! {
        <li>
            <time datetime=machine(entry.at)>{device::local(entry.at).map(Moment::clock)}</time>
            <span class="feed-text">
                <span>{told.what}</span>
                " "
                <small>{told.why}</small>
            </span>
            <span class="tag" data-kind=told.kind>
                {told.tag}
            </span>
        </li>
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float too large becomes the largest integer")]
fn machine(unix_ms: f64) -> String {
    Moment::new(unix_ms as i64, 0).machine()
}

/// An event in words.
struct Told {
    what: String,
    why: String,
    tag: String,
    /// The tag's colour: `passport`, `good`, `bad`, or none.
    kind: Option<&'static str>,
}

fn tell(event: &Event) -> Told {
    let told = |what: &str, why: &str, tag: &str, kind| Told {
        what: what.to_owned(),
        why: why.to_owned(),
        tag: tag.to_owned(),
        kind,
    };
    match event {
        Event::Issued { number, cause } => {
            let tag = match cause {
                Cause::SignIn => "sign-in",
                Cause::Peer => "shared",
                _ => "refresh",
            };
            let kind = (*cause != Cause::Peer).then_some("passport");
            told(&format!("Badge No. {number} issued"), words::cause_told(*cause), tag, kind)
        }
        Event::Called { method, path, status, replayed } => {
            let why = match (status, replayed) {
                (401, _) => "the badge was refused",
                (_, true) => "sent again with the new badge",
                (200..=399, false) => "the badge was good",
                (_, false) => "the call failed",
            };
            let kind = if *status < 400 { "good" } else { "bad" };
            told(&format!("{method} {path}"), why, &status.to_string(), Some(kind))
        }
        Event::RenewalFailed { status: Some(status) } => {
            told("A renewal failed for now", "it is tried again", &status.to_string(), Some("bad"))
        }
        Event::RenewalFailed { status: None } => {
            told("A renewal got no answer", "it is tried again", "no answer", Some("bad"))
        }
        Event::RenewalRefused => {
            told("A renewal was refused", "it is not tried again by itself", "400", Some("bad"))
        }
        Event::AccountChanged => {
            told("Another account signed in", "in this browser; the page follows", "changed", None)
        }
        Event::Ended { reason } => {
            let kind = (*reason != EndReason::SignedOut).then_some("bad");
            told("The session is over", words::ended(*reason).0, "ended", kind)
        }
        Event::CookieRefused => {
            told("The refresh cookie was refused", "by this browser", "cookie", Some("bad"))
        }
    }
}
