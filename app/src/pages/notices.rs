//! What somebody should look at: sign-ins from where he never came from, and what a thief might have done.

use http::Method;
use leptos::html::{H1, H2};
use leptos::prelude::*;
use leptos_router::components::A;
use uuid::Uuid;

use super::live::{FRESH, Live};
use crate::api::admin::{AuditEvent, Notice, Notices as Told, NoticesSeen};
use crate::api::{ApiError, ErrorCode};
use crate::session::{Session, View};
use crate::ui::confirm::Confirm;
use crate::ui::focus::focus_soon;
use crate::ui::when::When;
use crate::ui::{links, told};

const PATH: &str = "/api/notices";

/// The notices, the newest first; nothing at all when there are none. One person's: to be made anew for each session.
#[component]
pub fn Notices(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
    /// Where the focus goes when all have been looked at: the page's heading.
    home: NodeRef<H1>,
    /// Whether this is the dashboard: it shows a few, and counts the rest. Its journal tells of every call, and a call with a
    /// badge that was left to expire renews it: so it asks once with each badge.
    #[prop(optional)]
    on_dashboard: bool,
) -> impl IntoView {
    let live = match on_dashboard {
        true => read_with_each_badge(session_id),
        false => Live::fresh(session_id, PATH, FRESH),
    };
    let most = if on_dashboard { 2 } else { usize::MAX };
    let heading = NodeRef::<H2>::new();
    let all =
        move || live.read.with(|read| read.as_ref().map(|read| read.notices.clone()).unwrap_or_default());
    let number = Memo::new(move |_| all().len());
    let more = move || number.get().saturating_sub(most);
    let all_mine = Memo::new(move |_| all().iter().all(may_be_mine));
    let see = move |_| {
        // No newer one than is shown; and here all are shown.
        let Some(up_to) = all().iter().map(|notice| notice.id).max() else { return };
        let work = async move {
            let body = serde_json::to_string(&NoticesSeen { up_to })
                .map_err(|_| ApiError::new(ErrorCode::Internal))?;
            let () = live.ask(Method::POST, "/api/notices/seen", Some(body)).await?;
            Ok(String::new())
        };
        live.act(work, move || focus_soon(home));
    };
    view! {
        <p class="hidden" role="status">
            {move || told::how_many_notices(number.get())}
        </p>
        <div>
            <Show when=move || { number.get() > 0 }>
                <section class="notices" aria-labelledby="notices">
                    <h2 node_ref=heading id="notices" tabindex="-1">
                        "Please look at this"
                    </h2>
                    <ul>
                        <For
                            each=move || all().into_iter().take(most)
                            key=|notice| (notice.id, notice.session_id)
                            let:notice
                        >
                            <One live notice heading />
                        </For>
                    </ul>
                    <Problem live />
                    <div class="notices-foot">
                        // Nobody puts away what he was not shown.
                        <Show
                            when=move || more() == 0
                            fallback=move || view! { <A href=links::DEVICES>{move || format!("{} more", more())}</A> }
                        >
                            <button
                                type="button"
                                class="button"
                                aria-disabled=move || live.pending.get().then_some("true")
                                on:click=see
                            >
                                {move || if all_mine.get() { "That was me" } else { "I have looked at it" }}
                            </button>
                        </Show>
                    </div>
                </section>
            </Show>
        </div>
    }
    .into_any()
}

fn read_with_each_badge(session_id: Option<Uuid>) -> Live<Told> {
    let session = Session::expect();
    let live = Live::new(session_id, PATH);
    let badge = Memo::new(move |_| match session.view.get() {
        View::SignedIn(it) if Some(it.session_id) == session_id => Some(it.badge.serial),
        _ => None,
    });
    Effect::new(move |_| {
        if badge.get().is_some() {
            live.look();
        }
    });
    live
}

/// Whether it is something that the person may simply have done himself.
fn may_be_mine(notice: &Notice) -> bool {
    matches!(
        notice.event,
        AuditEvent::AuthnLoginSuccess | AuditEvent::SessionRenewed | AuditEvent::AuthnPasswordChange
    )
}

/// Why the last action failed, read aloud when it appears.
#[component]
fn Problem(live: Live<Told>) -> impl IntoView {
    view! {
        <div role="alert">
            {move || live.failed.get().map(|why| view! { <p class="notice bad">{why}</p> })}
        </div>
    }
}

#[component]
fn One(live: Live<Told>, notice: Notice, heading: NodeRef<H2>) -> impl IntoView {
    let (what, advice) = told::notice(&notice);
    let Notice { id, at, event, network, session_id, .. } = notice;
    let sign_out = move |session_id: Uuid| {
        let work = async move {
            let () = live.ask(Method::DELETE, &format!("/api/sessions/{session_id}"), None).await?;
            Ok(String::new())
        };
        live.act(work, move || focus_soon(heading));
    };
    let button = session_id.map(|session_id| {
        view! {
            <Confirm
                id=format!("notice-end-{id}")
                label="Sign it out"
                to=format!("notice-{id}")
                question="End that session?"
                yes="Sign it out"
                no="Keep it"
                pending=live.pending
                act=move || sign_out(session_id)
            />
        }
    });
    view! {
        <li class="notice" class:bad=told::is_alarming(event)>
            <h3 id=format!("notice-{id}")>{what}</h3>
            <p class="quiet">
                <When at=Signal::stored(Some(at)) />
                {network.map(|network| view! { ", from the network " <bdi class="mono">{network}</bdi> })}
            </p>
            <p>{advice}</p>
            <div class="notice-actions">
                {button}
                <A href=links::ACCOUNT attr:class="button">
                    "Change the password"
                </A>
            </div>
        </li>
    }
    .into_any()
}
