//! Addresses of our own pages, and which addresses from a query may be followed.

use lanyard_client::EndReason;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};

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

/// `next` if it is a path of this site, and the dashboard otherwise. Browsers take `\` for `/` and drop tabs and
/// line breaks from addresses, so that `/\host` and `/<tab>/host` lead elsewhere.
pub fn safe_next(next: Option<&str>) -> &str {
    next.filter(|path| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(|c: char| c == '\\' || c.is_control())
    })
    .unwrap_or(DASHBOARD)
}

/// `page`, told where to go afterwards and why the session before is over.
pub fn with_next(page: &str, next: Option<&str>, ended: Option<EndReason>) -> String {
    #[derive(Serialize)]
    struct Query<'a> {
        next: Option<&'a str>,
        ended: Option<EndReason>,
    }
    with_query(page, Query { next, ended })
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

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for path in ["/", "/dashboard", "/dashboard?a=b#c", "/a//b", "/%2F%2Fevil.example"] {
            assert_eq!(safe_next(Some(path)), path);
        }
        for elsewhere in [
            "",
            "dashboard",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " //evil.example",
        ] {
            assert_eq!(safe_next(Some(elsewhere)), DASHBOARD, "{elsewhere:?}");
        }
        assert_eq!(safe_next(None), DASHBOARD);
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(with_next(SIGN_IN, None, None), "/sign-in");
        assert_eq!(
            with_next(SIGN_IN, Some("/a?b=c&d"), Some(EndReason::TokenReused)),
            "/sign-in?next=%2Fa%3Fb%3Dc%26d&ended=token_reused"
        );
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
