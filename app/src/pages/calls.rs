//! The dashboard's calls to protected endpoints. Both go through the client engine, which attaches the badge, and
//! renews it when it is refused.

use http::Method;
use leptos::html::Input;
use leptos::prelude::*;
use uuid::Uuid;

use crate::session::Session;
use crate::ui::text::Text;

/// What the last call came to.
#[derive(Clone, PartialEq)]
enum Outcome {
    Answered { call: String, status: u16, replayed: bool, body: String },
    Failed { call: String, why: String },
}

/// Two ways to use the badge, and what came back. Drafts and answers are one person's: made anew for each session.
#[component]
pub fn Calls(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let ready = session_id.is_some();
    let session = Session::expect();
    let pending = RwSignal::new(false);
    let outcome = RwSignal::new(None);
    let note = NodeRef::<Input>::new();

    // `message` is what was typed for it, and may go once it has arrived.
    let send = move |method: Method, path: &'static str, body: Option<String>, message: Option<String>| {
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        leptos::task::spawn_local(async move {
            let call = format!("{method} {path}");
            let came = session.call(session_id, method, path, body).await;
            // The page may have been left meanwhile, or something else typed.
            if let (Ok(200..=299), Some(input)) =
                (came.as_ref().map(|it| it.status), note.try_get_untracked().flatten())
                && Some(input.value()) == message
            {
                input.set_value("");
            }
            outcome.set(Some(match came {
                Ok(answer) => Outcome::Answered {
                    call,
                    status: answer.status,
                    replayed: answer.replayed,
                    body: indented(answer.body),
                },
                Err(error) => Outcome::Failed { call, why: error.to_string() },
            }));
            pending.set(false);
        });
    };
    let leave_note = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = note.get_untracked() else { return };
        // The one call of the protected server function `crate::api::stamp`.
        let message = input.value();
        let body = serde_json::json!({ "message": message }).to_string();
        send(Method::POST, "/api/stamp", Some(body), Some(message));
    };
    let idle = move || ready && !pending.get();

    view! {
        <section class="panel" aria-labelledby="doors">
            <h2 id="doors">"Go through a door"</h2>
            <p class="quiet">
                "Each call shows the badge. Let it expire first if you like: with the retry on, you won't notice."
            </p>
            <div class="doors">
                <button
                    type="button"
                    class="button main"
                    disabled=!ready
                    aria-disabled=move || (!idle()).then_some("true")
                    on:click=move |_| send(Method::GET, "/api/me", None, None)
                >
                    "Call the API"
                </button>
                <form class="desk" on:submit=leave_note>
                    <label class="hidden" for="note">
                        "Leave a note at the desk"
                    </label>
                    <input node_ref=note id="note" maxlength="200" placeholder="Leave a note" autocomplete="off" required disabled=!ready />
                    <button class="button" disabled=!ready aria-disabled=move || (!idle()).then_some("true")>
                        "Leave it"
                    </button>
                </form>
            </div>
            <div class="answer" aria-busy=move || pending.get().then_some("true")>
                // The body is not read aloud by itself.
                <div role="status">
                    {move || match outcome.get() {
                        None => view! { <p class="note">"The answer shows up here."</p> }.into_any(),
                        Some(Outcome::Answered { call, status, replayed, .. }) => {
                            let kind = if status < 400 { "good" } else { "bad" };
                            view! {
                                <p class="answer-head">
                                    <span class="mono" translate="no" inner_html=Text::from(call)></span>
                                    <span class="tag" data-kind=kind inner_html=Text::from(status.to_string())></span>
                                    {replayed.then(|| view! { <small>"refused once, renewed, sent again"</small> })}
                                </p>
                            }
                                .into_any()
                        }
                        Some(Outcome::Failed { call, why }) => {
                            view! {
                                <p class="answer-head">
                                    <span class="mono" translate="no" inner_html=Text::from(call)></span>
                                    <span class="tag" data-kind="bad">
                                        "failed"
                                    </span>
                                </p>
                                <p inner_html=Text::from(why)></p>
                            }
                                .into_any()
                        }
                    }}
                </div>
                {move || match outcome.get() {
                    Some(Outcome::Answered { body, .. }) => Some(view! { <pre tabindex="0" translate="no" inner_html=Text::from(body)></pre> }),
                    _ => None,
                }}
            </div>
        </section>
    }
    .into_any()
}

/// JSON with line breaks; anything else as it is.
fn indented(body: String) -> String {
    serde_json::from_str::<serde_json::Value>(&body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or(body)
}
