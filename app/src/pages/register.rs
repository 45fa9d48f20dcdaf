//! Create an account.

use leptos::html::Input;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use crate::api::{ErrorCode, Password};
use crate::session::Session;
use crate::ui::advice::Advising;
use crate::ui::form::{
    Before, Field, LONGEST_NAME, PasswordField, Problem, Sending, Submit, use_asked, use_onward,
};
use crate::ui::links;
use crate::ui::repeat::{FormKey, KeyField};

/// The form to make an account with; whoever sends it is signed in as well.
#[component]
pub fn Register() -> impl IntoView {
    let session = Session::expect();
    let asked = use_asked();
    let sending = Sending::new("register", Signal::derive(move || asked.get().error));
    let [name, email, password] = std::array::from_fn(|_| NodeRef::<Input>::new());
    let onward = use_onward(asked);
    let key = FormKey::default();

    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(called), Some(address), Some(secret)) =
            (name.get_untracked(), email.get_untracked(), password.get_untracked())
        else {
            return;
        };
        let chosen = Password::new(secret.value());
        let request = session.register(called.value(), address.value(), chosen, key.get());
        sending.send(key.until(request), onward.clone(), move |error| match error {
            ErrorCode::EmailTaken => email,
            _ => password,
        });
    };

    let advising = Advising::beside(password, [name, email]);

    view! {
        <Title text="Create an account · Lanyard" />
        <div class="door wrap">
            <div class="door-inner">
                <h1>"Create an account"</h1>
                <Before asked sending />
                <form
                    method="post"
                    action="/auth/register"
                    aria-busy=move || sending.pending.get().then_some("true")
                    on:submit=on_submit
                    on:input=move |_| sending.type_on()
                >
                    <KeyField key />
                    <Problem sending />
                    <Field label="Name" name="name" autocomplete="name" maxlength=LONGEST_NAME input=name sending />
                    <Field label="Email" name="email" kind="email" autocomplete="email" maxlength=254 input=email sending />
                    <PasswordField
                        autocomplete="new-password"
                        hint="At least 8 characters. Several words that don't belong together are better than one with digits."
                        advising
                        input=password
                        sending
                    />
                    <Submit label="Create the account" meanwhile="Creating it…" sending />
                </form>
                <p class="note">
                    "Have one already? "
                    <A href=move || links::with_next(links::SIGN_IN, Some(&asked.get().next))>"Sign in"</A>
                </p>
            </div>
        </div>
    }
}
