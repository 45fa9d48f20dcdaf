//! Everybody who has an account, and the search among them.

use leptos::html::{H2, Input};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use uuid::Uuid;

use super::frame::Frame;
use super::new_account::NewAccountForm;
use super::table::{AFTER, Nothing, Paging, Table, Who};
use crate::api::Role;
use crate::api::admin::{Account, Accounts};
use crate::pages::live::{FRESH, Live, Standing};
use crate::ui::address::use_query;
use crate::ui::focus::focus_soon;
use crate::ui::links;
use crate::ui::text::text;
use crate::ui::when::When;

/// The parameter's name in our addresses and in the API's.
const SEARCH: &str = "search";

/// The page.
#[component]
pub fn People() -> impl IntoView {
    view! {
        <Title text="People · Administration · Lanyard" />
        <Frame
            heading="People"
            about="Everybody who has an account here."
            body=|session_id| view! { <Body session_id /> }.into_any()
        />
    }
}

/// The list, by the search in the page's address.
#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let query = use_query();
    let search = Memo::new(move |_| query.with(|query| query.get(SEARCH).unwrap_or_default().to_owned()));
    let path = Memo::new(move |_| {
        let search = Some(search.get()).filter(|search| !search.trim().is_empty());
        let after = query.with(|query| query.get(AFTER).map(str::to_owned));
        links::with_query("/api/admin/users", [(SEARCH, search), (AFTER, after)])
    });
    let live = Live::<Accounts>::fresh(session_id, path, FRESH);
    let list = NodeRef::<H2>::new();
    let users =
        move || live.read.with(|read| read.as_ref().map(|read| read.users.clone()).unwrap_or_default());
    let nobody = Signal::derive(move || {
        live.read.with(|read| read.as_ref().is_some_and(|read| read.users.is_empty()))
    });
    view! {
        <NewAccountForm session_id />
        <section class="stack" aria-labelledby="people">
            <div class="list-head">
                <h2
                    node_ref=list
                    id="people"
                    tabindex="-1"
                    inner_html=text(move || match search.with(String::is_empty) {
                        true => "Everybody, the newest account first",
                        false => "Found",
                    })
                ></h2>
                <Search search list />
            </div>
            <Standing live what="who has an account" />
            <Nothing is_empty=nobody told="No address or domain begins like that, and no name from any of its words on.">
                <a class="button" href=links::PEOPLE on:click=move |_| focus_soon(list)>
                    "Show everybody"
                </a>
            </Nothing>
            <Table labelled_by="people" columns=vec!["Person", "Role", "Account made", "Account"] busy=live.outdated>
                // Made anew when anything in it changes; nothing in it is typed into.
                <For
                    each=users
                    key=|it| (it.user.id, it.user.name.clone(), it.user.role, it.disabled_at)
                    let:account
                >
                    <Row account />
                </For>
            </Table>
            <Paging next=Signal::derive(move || live.read.with(|read| read.as_ref()?.next.clone())) home=list />
        </section>
    }
    .into_any()
}

/// A field for the beginning of a word. Before the WASM is there, a plain form.
#[component]
fn Search(
    /// What is searched for.
    search: Memo<String>,
    /// The heading of what was found.
    list: NodeRef<H2>,
) -> impl IntoView {
    let navigate = use_navigate();
    let path = use_location().pathname;
    let input = NodeRef::<Input>::new();
    // One may have gone back to another search.
    Effect::watch(
        move || search.get(),
        move |search, _, _| {
            if let Some(field) = input.get_untracked() {
                field.set_value(search);
            }
        },
        false,
    );
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(field) = input.get_untracked() else { return };
        let search = Some(field.value().trim().to_owned()).filter(|search| !search.is_empty());
        // The same page at either of its addresses: what is here stays, and the focus with it.
        let page = path.get_untracked();
        navigate(&links::with_query(&page, [(SEARCH, search)]), NavigateOptions::default());
        focus_soon(list);
    };
    view! {
        <form role="search" class="search" action=links::PEOPLE on:submit=on_submit>
            <label for="search">"Search"</label>
            <input
                node_ref=input
                id="search"
                type="search"
                name=SEARCH
                value=move || search.get()
                maxlength="254"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-describedby="search-hint"
            />
            <button class="button">"Find"</button>
            <p class="note" id="search-hint">
                "The beginning of an address, of its domain, or of a name from any of its words on."
            </p>
        </form>
    }
    .into_any()
}

#[component]
fn Row(account: Account) -> impl IntoView {
    let role = match account.user.role {
        Role::Admin => "administrator",
        Role::User => "user",
    };
    let state = match account.disabled_at {
        Some(at) => view! {
            <span class="tag" data-kind="bad">
                "closed since " <When at=Signal::stored(Some(at)) />
            </span>
        }
        .into_any(),
        None => "open".into_any(),
    };
    view! {
        <tr>
            <td data-column="Person">
                <Who user=account.user />
            </td>
            <td data-column="Role">{role}</td>
            <td data-column="Account made">
                <When at=Signal::stored(Some(account.created_at)) />
            </td>
            <td data-column="Account">{state}</td>
        </tr>
    }
    .into_any()
}
