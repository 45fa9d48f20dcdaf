//! Tables that are cards on narrow screens, and the way from each of their pages to the next.

use leptos::html::H2;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::UserInfo;
use crate::pages::guard::use_user;
use crate::ui::address::use_query;
use crate::ui::focus::focus_soon;
use crate::ui::links;
use crate::ui::text::text;

/// A table. Each of its cells names its column in `data-column`, for where the columns' heads have no room.
#[component]
pub fn Table(
    /// The id of the heading above it.
    labelled_by: &'static str,
    /// The columns' heads; the one with the buttons is empty, to be heard only.
    columns: Vec<&'static str>,
    /// Whether all it has are numbers: it stays a table on narrow screens.
    #[prop(optional)]
    numbers: bool,
    /// Whether other rows are on their way.
    #[prop(into)]
    busy: Signal<bool>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let head = columns.into_iter().map(|column| match column {
        "" => view! { <th scope="col"><span class="hidden">"Action"</span></th> }.into_any(),
        _ => view! { <th scope="col" data-column=column>{column}</th> }.into_any(),
    });
    view! {
        <table class="table" class:numbers=numbers aria-labelledby=labelled_by aria-busy=move || busy.get().then_some("true")>
            <thead>
                <tr>{head.collect_view()}</tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
    .into_any()
}

/// Says that a list is empty.
#[component]
pub fn Nothing(
    /// Whether it is.
    is_empty: Signal<bool>,
    /// In words.
    told: &'static str,
    /// What there is to do about it.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    let to_do = move || children.as_ref().filter(|_| is_empty.get()).map(|children| children());
    view! {
        <p class="note" role="status" inner_html=text(move || is_empty.get().then_some(told))></p>
        {to_do}
    }
    .into_any()
}

/// The way to the page behind this one, and from there back to the first.
#[component]
pub fn Paging(
    /// Where the next page begins, if there is one.
    #[prop(into)]
    next: Signal<Option<String>>,
    /// Where the focus goes: the heading above the list.
    home: NodeRef<H2>,
) -> impl IntoView {
    let path = use_location().pathname;
    let query = use_query();
    let is_first = Memo::new(move |_| query.with(|query| query.get(AFTER).is_none()));
    let page = move |after| query.with(|query| path.with(|path| query.address_with(path, AFTER, after)));
    view! {
        <nav class="paging" aria-label="More of this list" hidden=move || is_first.get() && next.get().is_none()>
            <a
                class="button"
                hidden=move || is_first.get()
                href=move || page(None)
                on:click=move |_| focus_soon(home)
            >
                "From the beginning"
            </a>
            <a
                class="button"
                hidden=move || next.get().is_none()
                href=move || page(next.get())
                on:click=move |_| focus_soon(home)
            >
                "More"
            </a>
        </nav>
    }
    .into_any()
}

/// Where in a list its page begins: the parameter's name in our addresses and in the API's.
pub const AFTER: &str = "after";

/// Somebody's name and address, and the way to his account; "you" is marked.
#[component]
pub fn Who(
    /// Who.
    user: UserInfo,
) -> impl IntoView {
    let me = use_user();
    let id = user.id;
    view! {
        <div class="who">
            <a href=person(id)>
                <bdi translate="no">{user.name}</bdi>
            </a>
            {move || {
                me.with(|me| me.as_ref().is_some_and(|me| me.id == id)).then(|| view! { <span class="tag">"you"</span> })
            }}
            <small>
                <bdi translate="no">{user.email}</bdi>
            </small>
        </div>
    }
    .into_any()
}

/// Where somebody's account is.
pub fn person(id: uuid::Uuid) -> String {
    format!("{}/{id}", links::PEOPLE)
}
