//! The table of the audit log, or of a part of it.

use leptos::prelude::*;

use super::table::{Nothing, Table, Who};
use crate::api::admin::{Audit, AuditEntry};
use crate::pages::live::Live;
use crate::ui::when::When;
use crate::ui::{told, words};

/// The table.
#[component]
pub fn EntriesTable(
    /// The entries.
    live: Live<Audit>,
    /// The id of the heading above.
    labelled_by: &'static str,
    /// Whether it is to be said whom each one concerns.
    with_people: bool,
    /// What it says when there are none.
    nothing: &'static str,
    /// What there is to do then.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    let columns = ["Person", "When", "What", "From", "By"];
    let columns = columns.into_iter().skip(usize::from(!with_people)).collect();
    let entries =
        move || live.read.with(|read| read.as_ref().map(|read| read.entries.clone()).unwrap_or_default());
    let is_empty = Signal::derive(move || {
        live.read.with(|read| read.as_ref().is_some_and(|read| read.entries.is_empty()))
    });
    view! {
        <Nothing is_empty told=nothing>{children.as_ref().map(|children| children())}</Nothing>
        <Table labelled_by columns busy=live.outdated>
            <For each=entries key=|entry| entry.id let:entry>
                <Row entry with_people />
            </For>
        </Table>
    }
    .into_any()
}

#[component]
fn Row(entry: AuditEntry, with_people: bool) -> impl IntoView {
    let (what, session, actor) = (told::entry(&entry), told::session(&entry), told::actor(&entry));
    let by = match entry.admin.clone() {
        Some(user) => view! { <Who user /> }.into_any(),
        None => actor.into_any(),
    };
    let device = (entry.browser.is_some() || entry.system.is_some())
        .then(|| words::device(entry.browser.as_deref(), entry.system.as_deref()));
    let from = (device.is_some() || entry.network.is_some()).then(|| {
        view! {
            <div class="who">
                {device.map(|device| view! { <bdi>{device}</bdi> })}
                {entry.network.map(|network| view! { <small class="mono" translate="no"><bdi>{network}</bdi></small> })}
            </div>
        }
    });
    let whom = move || match entry.user {
        Some(user) => view! { <Who user /> }.into_any(),
        None => "no account".into_any(),
    };
    view! {
        <tr>
            {with_people.then(|| view! { <td data-column="Person">{whom()}</td> })}
            <td data-column="When">
                <When at=Signal::stored(Some(entry.at)) exact=true />
            </td>
            <td data-column="What" class:alarming=told::is_alarming(entry.event)>
                {what} {session.map(|session| view! { <small class="which">{session}</small> })}
            </td>
            <td data-column="From">{from}</td>
            <td data-column="By">{by}</td>
        </tr>
    }
    .into_any()
}
