//! A demonstration of the badge for visitors who are not signed in: a life of seconds, so that one sees a renewal.

use lanyard_client::Serial;
use leptos::prelude::*;

use super::badge::{BadgeCard, Wearer};
use super::text::text;
use super::ticks::use_ticks;
use crate::session::{Badge, Cause};

const LIFE_MS: f64 = 12_000.0;
/// A tick that comes later than this, because the tab slept, counts as this much.
const LONGEST_STEP_MS: f64 = 1_000.0;

/// A badge on a clock of its own, which starts at hydration and can be paused (WCAG 2.2.2).
#[component]
pub fn Demonstration() -> impl IntoView {
    let ticks = use_ticks();
    let paused = RwSignal::new(false);
    let clock = RwSignal::new(None);
    let badge = RwSignal::new(issue(7, 0.0));

    Effect::new(move |before: Option<Option<f64>>| {
        let now = ticks.get();
        if let (Some(now), false) = (now, paused.get_untracked()) {
            let step = before.flatten().map_or(0.0, |before| (now - before).clamp(0.0, LONGEST_STEP_MS));
            let time = clock.get_untracked().unwrap_or(0.0) + step;
            if badge.with_untracked(|it| it.renews_at.is_some_and(|at| time >= at)) {
                badge.update(|it| *it = issue(it.number + 1, time));
            }
            clock.set(Some(time));
        }
        now
    });

    let wearer = Wearer {
        name: "Ada Lovelace".to_owned(),
        email: "ada@example.com".to_owned(),
        session: "7f3a".to_owned(),
    };
    view! {
        <div class="demonstration">
            <BadgeCard
                label="A badge, as a demonstration"
                alive="Demonstration"
                wearer=Signal::stored(Some(wearer))
                badge=Signal::derive(move || Some(badge.get()))
                now=clock
            />
            <p class="note">
                "A demonstration: this one lives 12 seconds. "
                <button
                    type="button"
                    class="link"
                    class:unready=move || clock.get().is_none()
                    on:click=move |_| paused.update(|it| *it = !*it)
                    inner_html=text(move || if paused.get() { "Go on" } else { "Pause" })
                ></button>
            </p>
        </div>
    }
}

/// The demonstration's badge of that number. It renews where the real one does, between 60 and 90 % of its life; the
/// golden ratio spreads the points well enough.
fn issue(number: u32, now: f64) -> Badge {
    let spread = (f64::from(number) * 0.618_034).fract();
    Badge {
        serial: Serial(u64::from(number)),
        number,
        issued_at: now,
        expires_at: now + LIFE_MS,
        renews_at: Some(now + LIFE_MS * (0.6 + 0.3 * spread)),
        cause: Cause::Timer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_renews_between_60_and_90_percent() {
        for number in 0..1000 {
            let badge = issue(number, 500.0);
            let share = badge.renews_at.map(|at| (at - badge.issued_at) / LIFE_MS).unwrap();
            assert!((0.6..=0.9).contains(&share), "{share}");
        }
    }
}
