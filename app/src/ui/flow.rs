//! A sequence of messages between parties, drawn from data: a grid where there is room, a list where there is not,
//! and for a screen reader an ordered list of messages either way.

use std::borrow::Cow;

use leptos::prelude::*;

/// Somebody who sends and receives: a name, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Such as `/auth`.
    pub name: &'static str,
    /// Such as `the desk`.
    pub role: &'static str,
}

/// What a message carries, which is its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// An access token.
    Badge,
    /// A refresh token.
    Passport,
    /// Neither.
    Neither,
}

/// A message from one party to another, by their places in the list of parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sends it.
    pub from: usize,
    /// Who receives it.
    pub to: usize,
    /// What it carries.
    pub carries: Carries,
    /// What it says.
    pub text: Cow<'static, str>,
}

/// The diagram, for up to four parties (`flow.css` knows the columns).
#[component]
pub fn Flow(
    /// Who takes part, from left to right.
    parties: &'static [Party],
    /// What they say to each other, in order.
    #[prop(into)]
    messages: Signal<Vec<Message>>,
) -> impl IntoView {
    let name = move |party: usize| parties.get(party).map_or("", |it| it.name);
    view! {
        <div class="flow">
            <div class="flow-parties" aria-hidden="true">
                {parties
                    .iter()
                    .map(|party| {
                        view! {
                            <p>
                                <b>{party.name}</b>
                                <span>{party.role}</span>
                            </p>
                        }
                    })
                    .collect_view()}
            </div>
            <ol>
                {move || {
                    messages
                        .get()
                        .into_iter()
                        .map(|it| {
                            let carries = match it.carries {
                                Carries::Badge => Some("badge"),
                                Carries::Passport => Some("passport"),
                                Carries::Neither => None,
                            };
                            view! {
                                <li>
                                    <div
                                        class="flow-message"
                                        class:back=it.to < it.from
                                        data-left=it.from.min(it.to)
                                        data-right=it.from.max(it.to)
                                        data-carries=carries
                                    >
                                        <span class="flow-way">
                                            {name(it.from)} <span aria-hidden="true">" → "</span>
                                            <span class="hidden">" to "</span> {name(it.to)}
                                            <span class="hidden">": "</span>
                                        </span>
                                        <span class="flow-text">{it.text}</span>
                                    </div>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ol>
        </div>
    }
}
