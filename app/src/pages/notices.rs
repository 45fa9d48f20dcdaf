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
use crate::ui::text::{Text, text};
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
    let newest = Memo::new(move |_| {
        live.read.with(|read| Some(read.as_ref()?.notices.iter().map(|notice| notice.id).max().unwrap_or(0)))
    });
    // What comes later would push the page down under whoever reads it: it waits until it is asked for.
    let first =
        Memo::new(move |before: Option<&Option<i64>>| before.copied().flatten().or_else(|| newest.get()));
    let asked_for = RwSignal::new(None);
    // What waits, and what is shown.
    let parted = move || {
        // Asked before there is anything: the first is what was there at first.
        let shown = first.get().max(asked_for.get());
        let all = live.read.with(|read| read.as_ref().map(|read| read.notices.clone()).unwrap_or_default());
        all.into_iter().partition::<Vec<_>, _>(|notice| Some(notice.id) > shown)
    };
    let all = move || parted().1;
    let waiting = Memo::new(move |_| heap(parted().0).len());
    let open = move |_| {
        asked_for.set(newest.get_untracked());
        focus_soon(heading);
    };
    let heaps = Memo::new(move |_| heap(all()));
    let number = Memo::new(move |_| heaps.with(Vec::len));
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
        <Show when=move || { waiting.get() > 0 }>
            <button
                type="button"
                class="button main news"
                on:click=open
                inner_html=text(move || told::new_notices(waiting.get()))
            ></button>
        </Show>
        <p
            class="hidden"
            role="status"
            inner_html=text(move || {
                told::how_many_notices(live.read.with(|read| read.as_ref().map_or(0, |read| read.notices.len())))
            })
        ></p>
        <div class="notices-place" class:unknown=move || !live.is_known()>
            <Show when=move || { number.get() > 0 }>
                <section class="notices" aria-labelledby="notices">
                    <h2 node_ref=heading id="notices" tabindex="-1">
                        "Please look at this"
                    </h2>
                    <ul>
                        <For
                            each=move || heaps.get().into_iter().take(most)
                            key=Heap::key
                            let:heap
                        >
                            <One live heaps heap heading on_dashboard />
                        </For>
                    </ul>
                    <Problem live />
                    <div class="notices-foot">
                        // Nobody puts away what he was not shown.
                        <Show
                            when=move || more() == 0
                            fallback=move || {
                                view! {
                                    <A href=links::DEVICES>
                                        <span inner_html=text(move || format!("{} more", more()))></span>
                                    </A>
                                }
                            }
                        >
                            <button
                                type="button"
                                class="button"
                                aria-disabled=move || live.pending.get().then_some("true")
                                on:click=see
                                inner_html=text(move || match all_mine.get() {
                                    true => "That was me",
                                    false => "I have looked at it",
                                })
                            ></button>
                        </Show>
                    </div>
                </section>
            </Show>
        </div>
    }
    .into_any()
}

/// Notices in a row that differ in nothing but their time and their session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Heap {
    newest: Notice,
    /// The id of the first, and when that was.
    oldest: (i64, i64),
    times: usize,
    /// The sessions that may be ended.
    sessions: Vec<Uuid>,
}

impl Heap {
    /// The same while it grows, so that a question which stands there does not go away.
    const fn key(&self) -> (i64, bool) {
        (self.oldest.0, self.newest.session_id.is_some())
    }

    fn takes(&self, notice: &Notice) -> bool {
        let Notice { id, at, session_id, .. } = self.newest;
        let is_live = session_id.is_some() == notice.session_id.is_some();
        is_live && self.newest == Notice { id, at, session_id, ..notice.clone() }
    }
}

/// The same notices, in heaps, the newest first; of what was said of a role, the last word.
fn heap(notices: Vec<Notice>) -> Vec<Heap> {
    let mut heaps: Vec<Heap> = Vec::new();
    let mut role_is_told = false;
    for notice in notices {
        if notice.event == AuditEvent::AuthzChange && std::mem::replace(&mut role_is_told, true) {
            continue;
        }
        match heaps.last_mut().filter(|heap| heap.takes(&notice)) {
            Some(heap) => {
                heap.times += 1;
                heap.oldest = (notice.id, notice.at);
                heap.sessions.extend(notice.session_id.filter(|id| !heap.sessions.contains(id)));
            }
            None => {
                let sessions = notice.session_id.into_iter().collect();
                heaps.push(Heap { oldest: (notice.id, notice.at), newest: notice, times: 1, sessions });
            }
        }
    }
    heaps
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
            {move || live.failed.get().map(|why| view! { <p class="notice bad" inner_html=Text::from(why)></p> })}
        </div>
    }
}

#[component]
fn One(
    live: Live<Told>,
    heaps: Memo<Vec<Heap>>,
    /// The one, as it is at first.
    heap: Heap,
    heading: NodeRef<H2>,
    on_dashboard: bool,
) -> impl IntoView {
    let told::Told { what, advice, ways } = told::notice(&heap.newest);
    let Notice { event, network, .. } = heap.newest.clone();
    let key = heap.key();
    let has_sessions = !heap.sessions.is_empty();
    let heap = Memo::new(move |_| {
        heaps.with(|heaps| heaps.iter().find(|it| it.key() == key).cloned()).unwrap_or_else(|| heap.clone())
    });
    let id = format!("notice-{}", key.0);
    let sign_out = move || {
        let sessions = heap.with_untracked(|heap| heap.sessions.clone());
        let work = async move {
            let mut came = Ok(String::new());
            // All of them, whatever becomes of one.
            for session_id in sessions {
                let path = format!("/api/sessions/{session_id}");
                came = came.and(live.ask::<()>(Method::DELETE, &path, None).await.map(|()| String::new()));
            }
            came
        };
        live.act(work, move || focus_soon(heading));
    };
    let say = move |one, many| {
        Signal::derive(move || if heap.with(|heap| heap.sessions.len()) == 1 { one } else { many })
    };
    let button = has_sessions.then(|| {
        view! {
            <Confirm
                id=format!("{id}-end")
                label=say("Sign it out", "Sign them out")
                to=id.clone()
                question=say("End that session?", "End all of those sessions?")
                yes=say("Sign it out", "Sign them out")
                no=say("Keep it", "Keep them")
                pending=live.pending
                act=sign_out
            />
        }
    });
    // The other page with notices is that of the devices.
    let elsewhere = |(_, address): &&(_, &str)| on_dashboard || *address != links::DEVICES;
    let links = ways.iter().filter(elsewhere).map(|(words, address)| {
        view! {
            <A href=*address attr:class="button">
                {*words}
            </A>
        }
    });
    let times = Memo::new(move |_| heap.with(|heap| heap.times));
    let first = Signal::derive(move || heap.with(|heap| Some(heap.oldest.1)));
    let last = Signal::derive(move || heap.with(|heap| Some(heap.newest.at)));
    view! {
        <li class="notice" class:bad=told::is_alarming(event)>
            <h3 id=id>{what}</h3>
            <p class="quiet">
                <Show when=move || { times.get() > 1 }>
                    <span>
                        <span inner_html=text(move || format!("{} times, first ", times.get()))></span> <When at=first />
                        ", last "
                    </span>
                </Show>
                <When at=last /> {network.map(|network| view! { ", from the network " <bdi class="mono">{network}</bdi> })}
            </p>
            <p>{advice}</p>
            <div class="notice-actions">{button} {links.collect_view()}</div>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::admin::Actor;

    fn notice(id: i64, event: AuditEvent, session: Option<u128>) -> Notice {
        Notice {
            id,
            at: 100 + id,
            event,
            detail: None,
            actor: Actor::Owner,
            session_id: session.map(Uuid::from_u128),
            browser: Some("Firefox".to_owned()),
            system: None,
            network: None,
        }
    }

    #[test]
    fn equal_notices_in_a_row_are_one() {
        use AuditEvent::{AuthnLoginFailMax, AuthnLoginSuccess};
        let elsewhere =
            Notice { network: Some("192.0.2.*".to_owned()), ..notice(3, AuthnLoginSuccess, Some(3)) };
        let told = heap(vec![
            notice(9, AuthnLoginFailMax, None),
            notice(8, AuthnLoginFailMax, None),
            notice(7, AuthnLoginSuccess, Some(7)),
            notice(6, AuthnLoginSuccess, Some(6)),
            notice(5, AuthnLoginSuccess, None),
            notice(4, AuthnLoginFailMax, None),
            elsewhere,
            notice(2, AuthnLoginSuccess, Some(2)),
        ]);
        let told: Vec<_> = told.iter().map(|it| (it.newest.id, it.times, it.sessions.len())).collect();
        assert_eq!(told, [(9, 2, 0), (7, 2, 2), (5, 1, 0), (4, 1, 0), (3, 1, 1), (2, 1, 1)]);
        assert_eq!(heap(vec![]), []);
        let role = |id, role: &str| Notice {
            detail: Some(role.to_owned()),
            ..notice(id, AuditEvent::AuthzChange, None)
        };
        let told = heap(vec![
            role(9, "user"),
            notice(8, AuthnLoginFailMax, None),
            role(7, "admin"),
            role(6, "user"),
        ]);
        assert_eq!(told.iter().map(|it| it.newest.id).collect::<Vec<_>>(), [9, 8]);
    }

    #[test]
    fn a_heap_that_grows_is_the_same() {
        let event = AuditEvent::ExcessRateLimitExceeded;
        let few = heap(vec![notice(4, event, Some(1)), notice(2, event, Some(1))]);
        let more =
            heap(vec![notice(7, event, Some(1)), notice(4, event, Some(1)), notice(2, event, Some(1))]);
        assert_eq!(
            few.iter().map(Heap::key).collect::<Vec<_>>(),
            more.iter().map(Heap::key).collect::<Vec<_>>()
        );
        let over = heap(vec![notice(4, event, None), notice(2, event, None)]);
        assert_ne!(few[0].key(), over[0].key(), "what is to be done has changed");
        assert_eq!((more[0].oldest, more[0].newest.at), ((2, 102), 107));
    }
}
