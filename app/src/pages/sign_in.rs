//! Sign in.

use leptos::html::Input;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use crate::api::{ErrorCode, Password};
use crate::session::Session;
use crate::ui::form::{Before, Field, PasswordField, Problem, Sending, Submit, use_asked, use_onward};
use crate::ui::links;
use crate::ui::repeat::{FormKey, KeyField};

/// The form to sign in with, and why one has to.
#[component]
pub fn SignIn() -> impl IntoView {
    let session = Session::expect();
    let asked = use_asked();
    let sending = Sending::new("sign-in", Signal::derive(move || asked.get().error));
    let [email, password] = std::array::from_fn(|_| NodeRef::<Input>::new());
    let onward = use_onward(asked);
    let key = FormKey::default();

    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(address), Some(secret)) = (email.get_untracked(), password.get_untracked()) else { return };
        let request = session.sign_in(address.value(), Password::new(secret.value()), key.get());
        sending.send(key.until(request), onward.clone(), move |error| match error {
            ErrorCode::InvalidRequest => email,
            _ => password,
        });
    };

    view! {
        <Title text="Sign in · Lanyard" />
        <div class="door wrap">
            <div class="door-inner">
                <h1>"Sign in"</h1>
                <Before asked sending />
                <form
                    method="post"
                    action="/auth/login"
                    aria-busy=move || sending.pending.get().then_some("true")
                    on:submit=on_submit
                    on:input=move |_| sending.type_on()
                >
                    <KeyField key />
                    <Problem sending />
                    <Field label="Email" name="email" kind="email" autocomplete="username" maxlength=254 input=email sending />
                    <PasswordField autocomplete="current-password" input=password sending />
                    <Submit label="Sign in" meanwhile="Signing in…" sending />
                </form>
                {session.settings.demo.then(|| view! { <DemoNote /> })}
                <p class="note">
                    "No account yet? "
                    <A href=move || links::with_next(links::REGISTER, Some(&asked.get().next))>"Create one"</A>
                </p>
            </div>
        </div>
    }
}

/// Where to find a sign-in that works.
#[component]
pub fn DemoNote() -> impl IntoView {
    view! {
        <p class="note">
            "Just looking? Sign in as " <code>"ada@example.com"</code>
            ". The password is in the terminal that runs this server."
        </p>
    }
}
