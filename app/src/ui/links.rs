//! Addresses of our own pages, and which address from a query is followed.

use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};

use super::address;

/// Where people land who did not want to go anywhere else.
pub const DASHBOARD: &str = "/dashboard";
/// The sessions of whoever is signed in.
pub const DEVICES: &str = "/devices";
/// The account of whoever is signed in.
pub const ACCOUNT: &str = "/account";
/// The sign-in page.
pub const SIGN_IN: &str = "/sign-in";
/// Administration: everybody's accounts, the same page as [`PEOPLE`].
pub const ADMIN: &str = "/admin";
/// Everybody's accounts; below it, at its id, each one.
pub const PEOPLE: &str = "/admin/users";
/// Everybody's sessions.
pub const SESSIONS: &str = "/admin/sessions";
/// The audit log.
pub const AUDIT: &str = "/admin/audit";
/// What the server does right now.
pub const ACTIVITY: &str = "/admin/activity";
/// The page for a new account.
pub const REGISTER: &str = "/register";

/// Where `next` leads to, if that is a page of this site, and the dashboard otherwise.
pub fn safe_next(next: Option<&str>) -> String {
    next.and_then(address::resolve_page).unwrap_or_else(|| DASHBOARD.to_owned())
}

/// `page`, told where to go afterwards.
pub fn with_next(page: &str, next: Option<&str>) -> String {
    with_query(page, [("next", next)])
}

/// `path` with a query of those of the parameters that are there.
pub fn with_query(path: &str, parameters: impl Serialize) -> String {
    match serde_urlencoded::to_string(parameters) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// A value of a closed set (an error, a reason) by its name in a query; nothing for any other text.
pub fn named<T: for<'de> Deserialize<'de>>(name: &str) -> Option<T> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;
    use lanyard_client::EndReason;

    #[test]
    fn only_pages_of_this_site_are_followed() {
        assert_eq!(safe_next(Some("/devices?a=b#c")), "/devices?a=b#c");
        for elsewhere in [Some("/.//evil.example"), Some("/sign-in?next=%2F"), Some(""), None] {
            assert_eq!(safe_next(elsewhere), DASHBOARD, "{elsewhere:?}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(with_next(SIGN_IN, None), "/sign-in");
        assert_eq!(with_next(SIGN_IN, Some("/a?b=c&d#e")), "/sign-in?next=%2Fa%3Fb%3Dc%26d%23e");
        let parameters = [("search", Some("ada & co")), ("after", None)];
        assert_eq!(with_query(PEOPLE, parameters), "/admin/users?search=ada+%26+co");
        assert_eq!(with_query(PEOPLE, [("after", None::<&str>)]), PEOPLE);
    }

    #[test]
    fn only_known_names_are_read() {
        assert_eq!(named("invalid_credentials"), Some(ErrorCode::InvalidCredentials));
        assert_eq!(named("kicked_out"), Some(EndReason::KickedOut));
        assert_eq!(named::<ErrorCode>("<b>pay here</b>"), None);
    }
}
