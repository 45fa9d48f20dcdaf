//! What the audit log is to show, as its page's address says it. Pure, but for the device's time zone.

use uuid::Uuid;

use super::table::AFTER;
use crate::api::admin::AuditEvent;
use crate::ui::address::Query;
use crate::ui::{calendar, device, links};

/// What is asked for; all of it has to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Whom it concerns.
    pub user: Option<Uuid>,
    /// What happened.
    pub event: Option<AuditEvent>,
    /// The first day, such as `2026-12-20`.
    pub from: Option<String>,
    /// The last day.
    pub until: Option<String>,
}

/// A part of the address that can't be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// No id of anybody.
    User,
    /// No kind of event.
    Event,
    /// No day.
    From,
    /// No day.
    Until,
    /// The first day is after the last.
    Backwards,
}

impl Unclear {
    /// In words.
    pub const fn told(self) -> &'static str {
        match self {
            Self::User => "This address asks for one person, but by no id that anybody could have.",
            Self::Event => "This address asks for a kind of event that there is none of.",
            Self::From => "This address asks for all from a day on that is in no calendar.",
            Self::Until => "This address asks for all until a day that is in no calendar.",
            Self::Backwards => "The first day is after the last one.",
        }
    }

    /// Whether this is wrong with a part of the filter.
    pub fn is_about(self, part: Self) -> bool {
        self == part || (self == Self::Backwards && matches!(part, Self::From | Self::Until))
    }
}

impl Filter {
    /// Reads it from the address, with what is unclear there.
    pub fn read(query: &Query) -> (Self, Vec<Unclear>) {
        let mut unclear = Vec::new();
        let filter = Self {
            user: part(query, "user", Unclear::User, &mut unclear, |id| id.parse().ok()),
            event: part(query, "event", Unclear::Event, &mut unclear, links::named),
            from: part(query, "from", Unclear::From, &mut unclear, day),
            until: part(query, "until", Unclear::Until, &mut unclear, day),
        };
        // Days are written so that they sort.
        if filter.from.as_ref().zip(filter.until.as_ref()).is_some_and(|(from, until)| from > until) {
            unclear.push(Unclear::Backwards);
        }
        (filter, unclear)
    }

    /// The page that shows it.
    pub fn address(&self) -> String {
        let Self { user, event, from, until } = self.clone();
        let event = event.map(|event| event.to_string());
        let user = user.map(|user| user.to_string());
        links::with_query(links::AUDIT, [("user", user), ("event", event), ("from", from), ("until", until)])
    }

    /// Where the API answers it. Days are the device's own.
    pub fn path(&self, after: Option<String>) -> String {
        let seconds = |day: &Option<String>, later: u32| {
            day.as_deref().and_then(|day| device::midnight(day, later)).map(|at| at.to_string())
        };
        links::with_query(
            "/api/admin/audit",
            [
                ("user", self.user.map(|user| user.to_string())),
                ("event", self.event.map(|event| event.to_string())),
                ("from", seconds(&self.from, 0)),
                ("until", seconds(&self.until, 1)),
                (AFTER, after),
            ],
        )
    }
}

/// One parameter. An empty one, as a plain form sends it, asks for nothing.
fn part<T>(
    query: &Query,
    name: &str,
    otherwise: Unclear,
    unclear: &mut Vec<Unclear>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let said = query.get(name).filter(|said| !said.is_empty())?;
    let it = read(said);
    if it.is_none() {
        unclear.push(otherwise);
    }
    it
}

fn day(said: &str) -> Option<String> {
    calendar::is_day(said).then(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&'static str, &str)]) -> (Filter, Vec<Unclear>) {
        let address = links::with_query("", parameters);
        Filter::read(&Query::read(address.trim_start_matches('?')))
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let filter = Filter {
            user: Some(Uuid::from_u128(7)),
            event: Some(AuditEvent::AuthzFail),
            from: Some("2026-12-20".to_owned()),
            until: Some("2028-02-29".to_owned()),
        };
        let user = Uuid::from_u128(7).to_string();
        let asked = [
            ("user", user.as_str()),
            ("event", "authz_fail"),
            ("from", "2026-12-20"),
            ("until", "2028-02-29"),
        ];
        assert_eq!(read(&asked), (filter.clone(), vec![]));
        assert_eq!(
            filter.address(),
            format!("/admin/audit?user={user}&event=authz_fail&from=2026-12-20&until=2028-02-29")
        );
        assert_eq!(read(&[("user", ""), ("event", ""), ("until", "")]), (Filter::default(), vec![]));
    }

    #[test]
    fn what_is_no_good_is_not_passed_over() {
        let all = [("user", "ada"), ("event", "authn_login"), ("from", "2026-02-30"), ("until", "tomorrow")];
        let unclear = [Unclear::User, Unclear::Event, Unclear::From, Unclear::Until];
        assert_eq!(read(&all), (Filter::default(), unclear.to_vec()));
        for (asked, unclear) in all.into_iter().zip(unclear) {
            assert_eq!(read(&[asked]).1, [unclear], "{asked:?}");
        }
    }

    #[test]
    fn a_first_day_after_the_last_is_no_good() {
        for (from, until, wrong) in [
            ("2026-12-20", "2026-12-20", false),
            ("2026-12-20", "2027-01-01", false),
            ("2026-12-20", "2026-12-19", true),
            ("2027-01-01", "2026-12-31", true),
        ] {
            let (filter, unclear) = read(&[("from", from), ("until", until)]);
            assert_eq!(unclear.contains(&Unclear::Backwards), wrong, "{from} {until}");
            assert_eq!(filter.from.as_deref(), Some(from), "both stand in their fields");
        }
        assert!(Unclear::Backwards.is_about(Unclear::From) && Unclear::Backwards.is_about(Unclear::Until));
        assert!(!Unclear::Backwards.is_about(Unclear::User) && Unclear::From.is_about(Unclear::From));
    }
}
