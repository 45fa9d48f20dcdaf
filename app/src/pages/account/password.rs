//! Changes the password, which ends every other session.

use http::Method;
use leptos::html::Input;
use leptos::prelude::*;
use uuid::Uuid;

use crate::api::{ApiError, ChangePassword, EndedSessions, ErrorCode, Password, UserInfo};
use crate::pages::ask::ask;
use crate::session::Session;
use crate::ui::advice::Advising;
use crate::ui::form::{Done, PasswordField, Problem, Sending, Submit};
use crate::ui::repeat::{FormKey, KeyField};
use crate::ui::words;

/// The form for a new password. Password managers find the address in it, and which field is which.
#[component]
pub fn PasswordForm(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
    /// Who is signed in.
    user: Memo<Option<UserInfo>>,
) -> impl IntoView {
    let session = Session::expect();
    let sending = Sending::new("password", None);
    let ended = RwSignal::new(0);
    let key = FormKey::default();
    let [current, new] = std::array::from_fn(|_| NodeRef::<Input>::new());

    let known = move || {
        let user = user.get_untracked();
        user.map(|user| vec![user.name, user.email]).unwrap_or_default()
    };
    let advising = Advising::new(new, known);

    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(old), Some(chosen)) = (current.get_untracked(), new.get_untracked()) else { return };
        let change = ChangePassword {
            current_password: Password::new(old.value()),
            new_password: Password::new(chosen.value()),
            idempotency_key: key.get(),
        };
        let request = async move {
            let body = serde_json::to_string(&change).map_err(|_| ApiError::new(ErrorCode::Internal))?;
            ask(session, session_id, Method::POST, "/api/account/password", Some(body)).await
        };
        let then = move |came: EndedSessions| {
            ended.set(came.ended);
            old.set_value("");
            chosen.set_value("");
            advising.judge();
        };
        sending.send(key.until(request), then, move |error| match error {
            ErrorCode::InvalidRequest | ErrorCode::WeakPassword => new,
            _ => current,
        });
    };

    view! {
        <section class="panel" aria-labelledby="your-password">
            <h2 id="your-password">"Your password"</h2>
            <p class="quiet">"A new one ends every other session. This one goes on."</p>
            <form aria-busy=move || sending.pending.get().then_some("true") on:submit=on_submit on:input=move |_| sending.type_on()>
                <fieldset class="form" disabled=session_id.is_none()>
                    <KeyField key />
                    <Problem sending />
                    <input
                        type="email"
                        name="username"
                        autocomplete="username"
                        value=move || user.get().map(|user| user.email)
                        readonly
                        hidden
                    />
                    <PasswordField
                        label="Current password"
                        name="current-password"
                        autocomplete="current-password"
                        input=current
                        sending
                    />
                    <PasswordField
                        label="New password"
                        name="new-password"
                        autocomplete="new-password"
                        hint="At least 8 characters. Several words that don't belong together are better than one with digits."
                        advising
                        input=new
                        sending
                    />
                    <Submit label="Change the password" meanwhile="Changing it…" sending />
                    <Done
                        sending
                        told=Signal::derive(move || {
                            format!("Your password is changed. {}", words::others_ended(ended.get()))
                        })
                    />
                </fieldset>
            </form>
        </section>
    }
    .into_any()
}
