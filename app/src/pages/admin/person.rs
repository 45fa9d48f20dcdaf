//! One person's account: what may be done to it, where he is signed in, and what happened of late.

use http::Method;
use leptos::html::H2;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::entries::EntriesTable;
use super::frame::Frame;
use super::sessions::{Everyone, SessionsTable};
use super::table::{AFTER, Paging};
use crate::api::admin::{Account, AccountChange, Audit};
use crate::api::{ApiError, EndedSessions, ErrorCode, Role};
use crate::pages::guard::use_user;
use crate::pages::live::{FRESH, Live, Standing};
use crate::session::Session;
use crate::ui::address::use_query;
use crate::ui::confirm::Confirm;
use crate::ui::focus::focus_soon;
use crate::ui::text::{Text, text};
use crate::ui::when::When;
use crate::ui::{links, words};

/// How many entries of the audit log are shown here.
const LATEST: &str = "10";

/// The page.
#[component]
pub fn Person() -> impl IntoView {
    view! {
        <Frame
            heading="A person's account"
            about="What is changed here holds from the next call on, on every device."
            body=|session_id| view! { <Body session_id /> }.into_any()
        />
    }
}

/// The address names nobody.
#[component]
fn Nobody() -> impl IntoView {
    view! {
        <Title text="Nobody · Administration · Lanyard" />
        <p class="notice bad">"This address names nobody."</p>
        <p>
            <a class="button" href=links::PEOPLE>
                "Everybody who has an account"
            </a>
        </p>
    }
    .into_any()
}

/// The account that the page's address names.
#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Uuid>().ok())));
    view! {
        <For each=move || [id.get()] key=|id| *id let:id>
            {match id {
                Some(id) => view! { <Details session_id id /> }.into_any(),
                None => view! { <Nobody /> }.into_any(),
            }}
        </For>
    }
    .into_any()
}

#[component]
fn Details(session_id: Option<Uuid>, id: Uuid) -> impl IntoView {
    let query = use_query();
    let user = Some(id.to_string());
    let account = Live::<Account>::fresh(session_id, format!("/api/admin/users/{id}"), FRESH);
    let sessions = {
        let user = user.clone();
        let path = Memo::new(move |_| {
            let after = query.with(|query| query.get(AFTER).map(str::to_owned));
            links::with_query("/api/admin/sessions", [("user", user.clone()), (AFTER, after)])
        });
        Everyone::fresh(session_id, path, FRESH)
    };
    let latest =
        links::with_query("/api/admin/audit", [("user", user.clone()), ("limit", Some(LATEST.to_owned()))]);
    let entries = Live::<Audit>::fresh(session_id, latest, FRESH);
    let all_entries = links::with_query(links::AUDIT, [("user", user)]);
    let open = NodeRef::<H2>::new();
    let title = move || match account.read.get() {
        Some(it) => format!("{} · Administration · Lanyard", words::isolated(&it.user.name)),
        None => "A person's account · Administration · Lanyard".to_owned(),
    };
    view! {
        <Show when=move || !account.is_missing() fallback=Nobody>
            <Title text=title />
            <div class="stack">
                <Standing live=account what="whose account this is" />
                <About
                    account
                    id
                    changed=move || {
                        sessions.look_after_all();
                        entries.look_after_all();
                    }
                />
                <section class="stack" aria-labelledby="sessions">
                    <h2 node_ref=open id="sessions" tabindex="-1">
                        "Signed in"
                    </h2>
                    <Standing live=sessions what="where that is" />
                    <SessionsTable live=sessions labelled_by="sessions" home=open with_people=false />
                    <Paging next=Signal::derive(move || sessions.read.with(|read| read.as_ref()?.next.clone())) home=open />
                </section>
                <section class="stack" aria-labelledby="entries">
                    <h2 id="entries">"What happened of late"</h2>
                    <EntriesTable
                        live=entries
                        labelled_by="entries"
                        with_people=false
                        nothing="Nothing is noted of this account."
                    />
                    <p>
                        <a class="button" href=all_entries.clone()>
                            "All of it, in the audit log"
                        </a>
                    </p>
                </section>
            </div>
        </Show>
    }
    .into_any()
}

/// Who it is, and what may be done to the account.
#[component]
fn About(
    account: Live<Account>,
    id: Uuid,
    /// Called once something was done.
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let me = use_user();
    let name = NodeRef::<H2>::new();
    let info = move |say: fn(&Account) -> String| move || account.read.with(|it| it.as_ref().map(say));
    let is_me = move || me.with(|me| me.as_ref().is_some_and(|me| me.id == id));
    let role = Memo::new(move |_| account.read.with(|it| it.as_ref().map(|it| it.user.role)));
    let closed_at = Memo::new(move |_| account.read.with(|it| it.as_ref().and_then(|it| it.disabled_at)));
    view! {
        <section class="panel about" aria-labelledby="person" aria-busy=move || (!account.is_read()).then_some("true")>
            <h2 node_ref=name id="person" tabindex="-1">
                <bdi translate="no" inner_html=text(info(|it| it.user.name.clone()))></bdi>
                {move || is_me().then(|| view! { <span class="tag">"you"</span> })}
            </h2>
            <p class="quiet">
                <bdi class="email" translate="no" inner_html=text(info(|it| it.user.email.clone()))></bdi>
            </p>
            <dl class="facts">
                <dt>"Role"</dt>
                <dd inner_html=text(move || match role.get() {
                    Some(Role::Admin) => "administrator",
                    Some(Role::User) => "user",
                    None => "…",
                })></dd>
                <dt>"Id"</dt>
                <dd class="mono id">{id.to_string()}</dd>
                <dt>"Account made"</dt>
                <dd>
                    <When at=Signal::derive(move || account.read.with(|it| it.as_ref().map(|it| it.created_at))) />
                </dd>
                <dt>"Account"</dt>
                <dd>
                    {move || match closed_at.get() {
                        Some(at) => {
                            view! {
                                <span class="tag" data-kind="bad">
                                    "closed since " <When at=Signal::stored(Some(at)) />
                                </span>
                            }
                                .into_any()
                        }
                        None => {
                            let told = if account.is_read() { "open" } else { "…" };
                            view! { <span inner_html=Text::from(told)></span> }.into_any()
                        }
                    }}
                </dd>
            </dl>
            <Actions
                account
                id
                role
                closed=Signal::derive(move || closed_at.get().is_some())
                is_me=Signal::derive(is_me)
                changed=move || {
                    changed();
                    focus_soon(name);
                }
            />
        </section>
    }
    .into_any()
}

#[component]
fn Actions(
    account: Live<Account>,
    id: Uuid,
    role: Memo<Option<Role>>,
    closed: Signal<bool>,
    is_me: Signal<bool>,
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let session = Session::expect();
    let send = move |change: AccountChange| async move {
        let body = serde_json::to_string(&change).map_err(|_| ApiError::new(ErrorCode::Internal))?;
        account.ask::<Account>(Method::PATCH, &format!("/api/admin/users/{id}"), Some(body)).await
    };
    let change = move |change: AccountChange, told: &'static str| {
        account.act(async move { send(change).await.map(|_| told.to_owned()) }, changed);
    };
    // Whoever is no administrator any more has nothing to ask here: the next badge says so to the page.
    let resign = move || {
        account.leave(async move {
            send(AccountChange { role: Some(Role::User), ..AccountChange::default() }).await?;
            session.renew();
            Ok(())
        });
    };
    let disable = move |disabled: bool, told| {
        change(AccountChange { disabled: Some(disabled), ..AccountChange::default() }, told)
    };
    let make =
        move |role: Role, told| change(AccountChange { role: Some(role), ..AccountChange::default() }, told);
    let kick_out = move || {
        // Before anything is waited for: the page may be left meanwhile, and its signals with it.
        let is_me = is_me.get_untracked();
        let work = async move {
            let path = links::with_query("/api/admin/sessions", [("user", id)]);
            let came: EndedSessions = account.ask(Method::DELETE, &path, None).await?;
            if is_me {
                // This one too: the cookies go, and the other tabs hear it from here.
                session.sign_out();
            }
            Ok(words::kicked_out(came.ended))
        };
        account.act(work, changed);
    };
    let pending = Signal::derive(move || account.pending.get() || !account.is_read());
    view! {
        <div class="actions" role="group" aria-labelledby="person">
            <Confirm
                id="kick-out".to_owned()
                label="End all sessions"
                question=Signal::derive(move || match is_me.get() {
                    true => "End every session of yours? You will be signed out here too.",
                    false => "End every session of this person?",
                })
                yes="End them"
                no="Keep them"
                pending
                act=kick_out
            />
            {move || match closed.get() {
                false => {
                    view! {
                        <Confirm
                            id="close".to_owned()
                            label="Close the account"
                            question=Signal::derive(move || match is_me.get() {
                                true => "Close your own account? You will be signed out, and only another administrator can open it.",
                                false => "Close this account? Every session ends, and nobody signs in.",
                            })
                            yes="Close it"
                            no="Leave it open"
                            pending
                            act=move || disable(true, "The account is closed, and its sessions are ended.")
                        />
                    }
                        .into_any()
                }
                true => {
                    view! {
                        <Confirm
                            id="open".to_owned()
                            label="Open the account"
                            question="Open this account again?"
                            yes="Open it"
                            no="Leave it closed"
                            pending
                            act=move || disable(false, "The account is open again.")
                        />
                    }
                        .into_any()
                }
            }}
            {move || match role.get() {
                Some(Role::Admin) => {
                    view! {
                        <Confirm
                            id="demote".to_owned()
                            label="Take administration away"
                            question=Signal::derive(move || match is_me.get() {
                                true => "Do you want to stop administering? Only another administrator can make you one again.",
                                false => "Shall this person not administer any more?",
                            })
                            yes="Take it away"
                            no="Leave it"
                            pending
                            act=move || {
                                if is_me.get_untracked() {
                                    resign();
                                } else {
                                    make(Role::User, "No administrator any more. Nobody was signed out.");
                                }
                            }
                        />
                    }
                        .into_any()
                }
                _ => {
                    view! {
                        <Confirm
                            id="promote".to_owned()
                            label="Make administrator"
                            question="Shall this person see and end everybody's sessions?"
                            yes="Make administrator"
                            no="Better not"
                            pending
                            act=move || make(Role::Admin, "An administrator from now on. Nobody was signed out.")
                        />
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}
