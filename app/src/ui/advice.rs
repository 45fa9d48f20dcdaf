//! What there is to say on a password while it is chosen.

use leptos::html::Input;
use leptos::prelude::*;
use serde::Deserialize;

use super::text::text;

/// How good a password is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Advice {
    /// From 0 to 4; the server takes 2 and more.
    pub score: u8,
    /// A sentence on what is wrong with it, or would make it better.
    pub advice: Option<String>,
    /// Whether it has more characters than the server takes.
    #[serde(default)]
    pub is_too_long: bool,
}

impl Advice {
    /// In words.
    fn verdict(&self) -> &'static str {
        match self.score {
            _ if self.is_too_long => "Too long: it takes 128 characters at most.",
            0 if self.advice.is_none() => "Too short: it takes 8 characters at least.",
            0 | 1 => "Easy to guess, so it would be refused.",
            2 => "It will do.",
            3 => "Good.",
            _ => "Very good.",
        }
    }
}

/// Judges what stands in a field, while somebody chooses a password there.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser judges as one types"))]
pub struct Advising {
    input: NodeRef<Input>,
    /// What everybody knows of the person, and so makes a bad password.
    about: StoredValue<Box<dyn Fn() -> Vec<String> + Send + Sync>>,
    said: RwSignal<Option<Advice>>,
}

impl Advising {
    /// For this field. `about` is asked at each letter.
    pub fn new(input: NodeRef<Input>, about: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { input, about: StoredValue::new(Box::new(about)), said: RwSignal::new(None) }
    }

    /// For this field, beside those in which what everybody knows of the person is typed.
    pub fn beside(input: NodeRef<Input>, others: [NodeRef<Input>; 2]) -> Self {
        Self::new(input, move || {
            others.into_iter().filter_map(|field| Some(field.get_untracked()?.value())).collect()
        })
    }

    /// Somebody is about to choose.
    pub fn prepare(self) {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(crate::browser::advice::prepare());
    }

    /// Something was typed.
    pub fn judge(self) {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            let (Some(field), Some(about)) =
                (self.input.try_get_untracked().flatten(), self.about.try_with_value(|about| about()))
            else {
                return;
            };
            let typed = || crate::browser::advice::in_one_form(zeroize::Zeroizing::new(field.value()));
            let password = typed();
            let told = match password.chars().count() {
                0 => None,
                1..8 => Some(Advice { score: 0, advice: None, is_too_long: false }),
                129.. => Some(Advice { score: 0, advice: None, is_too_long: true }),
                _ => crate::browser::advice::advise(&password, &about).await,
            };
            // Unless more was typed meanwhile, or the page was left.
            if password == typed() {
                self.said.try_set(told);
            }
        });
    }
}

/// Says how good the password is. The line is there from the start, so that nothing moves.
#[component]
pub fn AdviceLine(
    /// The field that it is about.
    advising: Advising,
) -> impl IntoView {
    let said = advising.said;
    let score = move || said.with(|said| said.as_ref().map(|advice| advice.score.to_string()));
    let told = move || {
        said.with(|said| {
            let advice = said.as_ref()?;
            let more = advice.advice.as_ref().map(|more| format!(" {more}")).unwrap_or_default();
            Some(format!("{}{more}", advice.verdict()))
        })
    };
    view! {
        <div class="advice" data-score=score>
            <span class="strength" aria-hidden="true">
                <i></i>
                <i></i>
                <i></i>
                <i></i>
            </span>
            <p class="note" role="status" inner_html=text(told)></p>
        </div>
    }
    .into_any()
}
