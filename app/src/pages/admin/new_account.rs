//! Makes an account for somebody else.

use http::Method;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use uuid::Uuid;

use super::table::person;
use crate::api::admin::{Account, NewAccount};
use crate::api::{ApiError, ErrorCode, Password, Role};
use crate::pages::ask::ask;
use crate::session::Session;
use crate::ui::advice::Advising;
use crate::ui::form::{Field, LONGEST_NAME, PasswordField, Problem, Sending, Submit};
use crate::ui::repeat::{FormKey, KeyField};

/// The form, folded away until somebody wants it. Goes on to the new account.
#[component]
pub fn NewAccountForm(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let session = Session::expect();
    let navigate = use_navigate();
    let sending = Sending::new("account", None);
    let key = FormKey::default();
    let [name, email, password, admin] = std::array::from_fn(|_| NodeRef::<Input>::new());

    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(called), Some(address), Some(secret), Some(is_admin)) =
            (name.get_untracked(), email.get_untracked(), password.get_untracked(), admin.get_untracked())
        else {
            return;
        };
        let account = NewAccount {
            name: called.value(),
            email: address.value(),
            password: Password::new(secret.value()),
            role: if is_admin.checked() { Role::Admin } else { Role::User },
            idempotency_key: key.get(),
        };
        let request = async move {
            let body = serde_json::to_string(&account).map_err(|_| ApiError::new(ErrorCode::Internal))?;
            ask(session, session_id, Method::POST, "/api/admin/users", Some(body)).await
        };
        let navigate = navigate.clone();
        let then = move |made: Account| {
            // Unless this page was left meanwhile.
            if name.try_get_untracked().flatten().is_some() {
                navigate(&person(made.user.id), NavigateOptions::default());
            }
        };
        sending.send(key.until(request), then, move |error| match error {
            ErrorCode::EmailTaken => email,
            ErrorCode::WeakPassword => password,
            _ => name,
        });
    };

    let advising = Advising::beside(password, [name, email]);

    view! {
        <details class="panel">
            <summary>"Make an account"</summary>
            <form aria-busy=move || sending.pending.get().then_some("true") on:submit=on_submit on:input=move |_| sending.type_on()>
                <fieldset class="form" disabled=session_id.is_none()>
                    <KeyField key />
                    <Problem sending />
                    <Field label="Name" name="name" autocomplete="off" maxlength=LONGEST_NAME input=name sending />
                    <Field label="Email" name="email" kind="email" autocomplete="off" maxlength=254 input=email sending />
                    <PasswordField
                        autocomplete="new-password"
                        hint="At least 8 characters. Tell it to its owner by a safe way; it can be changed after signing in."
                        advising
                        input=password
                        sending
                    />
                    <label class="check">
                        <input node_ref=admin type="checkbox" />
                        "Administrator: sees and ends everybody's sessions"
                    </label>
                    <Submit label="Make the account" meanwhile="Making it…" sending />
                </fieldset>
            </form>
        </details>
    }
    .into_any()
}
