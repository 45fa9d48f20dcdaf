//! What the server does right now: charts, and the same numbers as a table.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use super::frame::Frame;
use super::table::Table;
use crate::api::admin;
use crate::pages::live::{Live, Standing};
use crate::ui::chart::Chart;
use crate::ui::text::Text;
use crate::ui::when::When;

/// How often it is asked for.
const EVERY: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub fn Activity() -> impl IntoView {
    view! {
        <Title text="Activity · Administration · Lanyard" />
        <Frame
            heading="Activity"
            about="What this server has done in the last ten minutes, in steps of ten seconds. It counts in memory, from nothing at each start."
            body=|session_id| view! { <Body session_id /> }.into_any()
        />
    }
}

#[component]
fn Body(
    /// The session that there is a badge for, if there is one.
    session_id: Option<Uuid>,
) -> impl IntoView {
    let live = Live::<admin::Activity>::fresh(session_id, "/api/admin/activity", EVERY);
    let series = move |of: fn(&admin::Activity) -> &Vec<u32>| {
        Signal::derive(move || live.read.with(|read| read.as_ref().map(of).cloned().unwrap_or_default()))
    };
    let step = Signal::derive(move || live.read.with(|read| read.as_ref().map_or(0, |read| read.step)));
    let rows = move || live.read.with(|read| read.as_ref().map(rows).unwrap_or_default());
    view! {
        <Standing live what="what happens" />
        <div class="charts">
            <Chart
                id="sign-ins"
                heading="Sign-ins"
                about="Somebody showed the right password, or made an account."
                values=series(|it| &it.sign_ins)
                step
            />
            <Chart
                id="renewals"
                heading="Renewals"
                about="A refresh token fetched a new access token, as it does every few minutes wherever somebody is signed in."
                token="passport"
                values=series(|it| &it.renewals)
                step
            />
            <Chart
                id="unauthorized"
                heading="Calls refused with 401"
                about="No badge was shown, an expired one, or one of an ended session; a wrong password counts too."
                token="badge"
                values=series(|it| &it.unauthorized)
                step
            />
            <Chart
                id="reuse"
                heading="Refresh tokens used again"
                about="A replaced refresh token came back, so somebody may hold a copy. Its session was ended; the audit log says whose."
                token="passport"
                values=series(|it| &it.reuse)
                step
            />
        </div>
        <p class="note" hidden=move || !live.read.with(|read| read.as_ref().is_some_and(is_quiet))>
            "All quiet. Sign in somewhere else, or renew your badge on the dashboard, and it shows up here within seconds."
        </p>
        <details class="panel">
            <summary id="numbers">"The same as a table"</summary>
            <Table
                labelled_by="numbers"
                columns=vec!["From", "Sign-ins", "Renewals", "401", "Used again"]
                numbers=true
                busy=live.outdated
            >
                {move || rows().into_iter().map(row).collect_view()}
            </Table>
        </details>
    }
    .into_any()
}

/// Whether nothing was counted.
fn is_quiet(activity: &admin::Activity) -> bool {
    let admin::Activity { sign_ins, renewals, unauthorized, reuse, .. } = activity;
    [sign_ins, renewals, unauthorized, reuse].into_iter().flatten().all(|count| *count == 0)
}

/// A stretch of time: its beginning, and what is counted in it.
type Stretch = (i64, [u32; 4]);

/// The stretches, the newest first.
fn rows(activity: &admin::Activity) -> Vec<Stretch> {
    let admin::Activity { step, until, sign_ins, renewals, unauthorized, reuse } = activity;
    let newest_first = |series: &Vec<u32>| series.clone().into_iter().rev();
    let starts = std::iter::successors(Some(*until), |at| at.checked_sub(i64::from(*step)));
    let calls = newest_first(renewals).zip(newest_first(unauthorized)).zip(newest_first(reuse));
    starts
        .zip(newest_first(sign_ins).zip(calls))
        .map(|(at, (signed, ((renewed, refused), reused)))| (at, [signed, renewed, refused, reused]))
        .collect()
}

fn row((at, [signed, renewed, refused, reused]): Stretch) -> impl IntoView {
    let number = |number: u32| Text::from(number.to_string());
    view! {
        <tr>
            <td data-column="From">
                <When at=Signal::stored(Some(at)) exact=true />
            </td>
            <td data-column="Sign-ins" inner_html=number(signed)></td>
            <td data-column="Renewals" inner_html=number(renewed)></td>
            <td data-column="401" inner_html=number(refused)></td>
            <td data-column="Used again" inner_html=number(reused)></td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_the_newest_stretch_first() {
        let activity = admin::Activity {
            step: 10,
            until: 1_000,
            sign_ins: vec![1, 2],
            renewals: vec![3, 4],
            unauthorized: vec![5, 6],
            reuse: vec![7, 8],
        };
        assert_eq!(rows(&activity), [(1_000, [2, 4, 6, 8]), (990, [1, 3, 5, 7])]);
    }

    #[test]
    fn it_is_quiet_when_nothing_at_all_happened() {
        let quiet = admin::Activity {
            step: 10,
            until: 1_000,
            sign_ins: vec![0, 0],
            renewals: vec![0, 0],
            unauthorized: vec![0, 0],
            reuse: vec![0, 0],
        };
        assert!(is_quiet(&quiet));
        assert!(!is_quiet(&admin::Activity { reuse: vec![0, 1], ..quiet.clone() }));
        assert!(!is_quiet(&admin::Activity { sign_ins: vec![1, 0], ..quiet }));
    }
}
