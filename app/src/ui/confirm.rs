//! A button that asks once more before it does what can't be undone.

use leptos::html::Button;
use leptos::prelude::*;

use super::focus::focus_soon;
use super::text::text;

/// The button; pressed, it makes way for a question. The answer that changes nothing has the focus, is what Escape means,
/// and lies where the button was, so that a double click changes nothing either.
#[component]
pub fn Confirm(
    /// Unique on the page.
    id: String,
    /// What the button does.
    #[prop(into)]
    label: Signal<&'static str>,
    /// The id of the element that says to what it does it, if the label alone does not.
    #[prop(optional)]
    to: Option<String>,
    /// What is asked.
    #[prop(into)]
    question: Signal<&'static str>,
    /// The answer that does it.
    #[prop(into)]
    yes: Signal<&'static str>,
    /// The answer that does not.
    #[prop(into)]
    no: Signal<&'static str>,
    /// Whether something is under way, so that nothing else may begin.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether the question stands.
    #[prop(default = RwSignal::new(false))]
    asking: RwSignal<bool>,
    /// Does it.
    act: impl Fn() + 'static,
) -> impl IntoView {
    let [ask, keep] = std::array::from_fn(|_| NodeRef::<Button>::new());
    let open = move |_| {
        if !pending.get_untracked() {
            asking.set(true);
            focus_soon(keep);
        }
    };
    let close = move || {
        asking.set(false);
        focus_soon(ask);
    };
    let question_id = format!("{id}-question");
    let labels = to.map(|to| format!("{id} {to}"));
    let busy = move || pending.get().then_some("true");
    view! {
        <button
            node_ref=ask
            id=id
            type="button"
            class="button"
            aria-labelledby=labels
            aria-disabled=busy
            hidden=move || asking.get()
            on:click=open
            inner_html=text(move || label.get())
        ></button>
        <div
            class="confirm"
            role="group"
            aria-labelledby=question_id.clone()
            hidden=move || !asking.get()
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    close();
                }
            }
        >
            <p id=question_id.clone() inner_html=text(move || question.get())></p>
            <button
                type="button"
                class="button danger"
                aria-disabled=busy
                on:click=move |_| {
                    // The question stands until its answer can be heard.
                    if !pending.get_untracked() {
                        close();
                        act();
                    }
                }
                inner_html=text(move || yes.get())
            ></button>
            <button
                node_ref=keep
                type="button"
                class="button"
                on:click=move |_| close()
                inner_html=text(move || no.get())
            ></button>
        </div>
    }
    .into_any()
}
