//! Changes what somebody is called.

use http::Method;
use leptos::html::Input;
use leptos::prelude::*;
use uuid::Uuid;

use crate::api::{ApiError, ErrorCode, Rename, UserInfo};
use crate::pages::ask::ask;
use crate::session::Session;
use crate::ui::form::{Done, Field, LONGEST_NAME, Problem, Sending, Submit};
use crate::ui::text::text;

/// The form for a new name.
#[component]
pub fn NameForm(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
    /// Who is signed in.
    user: Memo<Option<UserInfo>>,
) -> impl IntoView {
    let session = Session::expect();
    let sending = Sending::new("name", None);
    let input = NodeRef::<Input>::new();

    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(field) = input.get_untracked() else { return };
        let name = field.value();
        let request = async move {
            let body =
                serde_json::to_string(&Rename { name }).map_err(|_| ApiError::new(ErrorCode::Internal))?;
            ask::<UserInfo>(session, session_id, Method::POST, "/api/account/name", Some(body)).await
        };
        let then = move |user: UserInfo| {
            // As the server keeps it. The next badge tells every tab.
            field.set_value(&user.name);
            session.renew();
        };
        sending.send(request, then, move |_| input);
    };

    view! {
        <section class="panel" aria-labelledby="your-name">
            <h2 id="your-name">"Your name"</h2>
            <p class="quiet">
                "You sign in as " 
                <bdi class="email" translate="no" inner_html=text(move || user.get().map(|user| user.email))></bdi>
            </p>
            <form aria-busy=move || sending.pending.get().then_some("true") on:submit=on_submit on:input=move |_| sending.type_on()>
                <fieldset class="form" disabled=session_id.is_none()>
                    <Problem sending />
                    <Field
                        label="Name"
                        name="name"
                        autocomplete="name"
                        maxlength=LONGEST_NAME
                        input
                        sending
                        value=Signal::derive(move || user.get().map(|user| user.name))
                    />
                    <Submit label="Change the name" meanwhile="Changing it…" sending />
                    <Done sending told="Your name is changed, in every tab." />
                </fieldset>
            </form>
        </section>
    }
    .into_any()
}
