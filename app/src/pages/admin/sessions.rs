//! The table of sessions: everybody's, or one person's. What browsers say of themselves, and what people call their devices,
//! is text from outside: shown as text, and kept apart from the text around it.

use http::Method;
use leptos::html::H2;
use leptos::prelude::*;
use uuid::Uuid;

use super::table::{Nothing, Table, Who};
use crate::api::admin::{AccountSession, AccountSessions};
use crate::pages::live::Live;
use crate::session::Session;
use crate::ui::confirm::Confirm;
use crate::ui::focus::focus_soon;
use crate::ui::text::text;
use crate::ui::when::When;
use crate::ui::words;

/// Live sessions.
pub type Everyone = Live<AccountSessions>;

impl Everyone {
    fn all(self) -> Vec<Uuid> {
        let ids = |list: &AccountSessions| list.sessions.iter().map(|it| it.session.id).collect();
        self.read.with(|read| read.as_ref().map(ids).unwrap_or_default())
    }

    fn session(self, id: Uuid) -> Option<AccountSession> {
        self.read.with(|read| read.as_ref()?.sessions.iter().find(|it| it.session.id == id).cloned())
    }

    fn is_empty(self) -> bool {
        self.read.with(|read| read.as_ref().is_some_and(|read| read.sessions.is_empty()))
    }
}

/// The table, with the means to end each session.
#[component]
pub fn SessionsTable(
    /// The sessions.
    live: Everyone,
    /// The id of the heading above.
    labelled_by: &'static str,
    /// Where the focus goes when a session is gone: that heading.
    home: NodeRef<H2>,
    /// Whether it is to be said whose each one is.
    with_people: bool,
) -> impl IntoView {
    let columns = ["Person", "Device", "Network", "Signed in", "Last seen", ""];
    let columns = columns.into_iter().skip(usize::from(!with_people)).collect();
    view! {
        <Nothing is_empty=Signal::derive(move || live.is_empty()) told="No session is open." />
        <Table labelled_by columns busy=live.outdated>
            <For each=move || live.all() key=|id| *id let:id>
                <Row live id home with_people />
            </For>
        </Table>
    }
    .into_any()
}

#[component]
fn Row(live: Everyone, id: Uuid, home: NodeRef<H2>, with_people: bool) -> impl IntoView {
    // One that has gone from the list is shown as it was until it is gone from the page.
    let info = Memo::new(move |before: Option<&Option<AccountSession>>| {
        live.session(id).or_else(|| before.cloned().flatten())
    });
    let of =
        move |say: fn(&AccountSession) -> Option<String>| move || info.with(|it| it.as_ref().and_then(say));
    let user = Memo::new(move |_| info.with(|it| it.as_ref().map(|it| it.user.clone())));
    let is_current = Memo::new(move |_| info.with(|it| it.as_ref().is_some_and(|it| it.session.current)));
    // Said anew with each reading of the list.
    let time = move |of: fn(&AccountSession) -> Option<i64>| {
        Signal::derive(move || live.session(id).as_ref().and_then(of))
    };
    let name = of(|it| it.session.name.clone());
    view! {
        <tr>
            {with_people
                .then(|| {
                    view! {
                        <td data-column="Person">
                            {move || user.get().map(|user| view! { <Who user /> })}
                        </td>
                    }
                })}
            <td data-column="Device">
                <div class="who" id=format!("device-{id}")>
                    <bdi
                        translate="no"
                        inner_html=text(
                            of(|it| Some(words::device(it.session.browser.as_deref(), it.session.system.as_deref()))),
                        )
                    ></bdi>
                    <small hidden=move || name().is_none()>
                        <bdi translate="no" inner_html=text(name)></bdi>
                    </small>
                </div>
            </td>
            <td data-column="Network" class="mono">
                <bdi inner_html=text(
                    of(|it| Some(it.session.network.clone().unwrap_or_else(|| "unknown".to_owned()))),
                )></bdi>
            </td>
            <td data-column="Signed in">
                <When at=time(|it| Some(it.session.created_at)) />
            </td>
            <td data-column="Last seen">
                {move || match is_current.get() {
                    true => view! { <span class="tag" data-kind="good">"now"</span> }.into_any(),
                    false => view! { <When at=time(|it| it.session.last_seen_at) /> }.into_any(),
                }}
            </td>
            <td class="table-action">
                {move || match is_current.get() {
                    true => view! { <SignOut /> }.into_any(),
                    false => view! { <End live id home /> }.into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// Of the session that looks: the ordinary sign-out, offline too.
#[component]
fn SignOut() -> impl IntoView {
    let session = Session::expect();
    view! {
        <button type="button" class="button" on:click=move |_| session.sign_out()>
            "Sign out"
        </button>
    }
}

#[component]
fn End(live: Everyone, id: Uuid, home: NodeRef<H2>) -> impl IntoView {
    let end = move || {
        live.act(
            async move {
                let () = live.ask(Method::DELETE, &format!("/api/admin/sessions/{id}"), None).await?;
                Ok("The session was ended.".to_owned())
            },
            move || focus_soon(home),
        );
    };
    view! {
        <Confirm
            id=format!("end-{id}")
            label="End"
            to=format!("device-{id}")
            question="End this session?"
            yes="End it"
            no="Keep it"
            pending=live.pending
            act=end
        />
    }
}
