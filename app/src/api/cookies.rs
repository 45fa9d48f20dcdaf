//! The two cookies, and what a request shows of its session. The one place that reads or writes either.
//!
//! The refresh cookie carries the secret and goes to `/auth` alone. The hint lies beside it, readable and
//! empty-handed. No sibling subdomain can plant the hint (`__Host-`), so a refresh cookie counts only if the
//! hint names its session.

use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use lanyard_auth::Service;
use lanyard_auth::hint::Hint;
use lanyard_auth::refresh::{RefreshToken, UnknownKey};
use lanyard_auth::service::{NewRefreshToken, Unavailable};
use lanyard_auth::store::SessionId;

use super::error::{ApiError, ErrorCode};

/// Holds the refresh token.
pub const REFRESH: &str = "__Secure-lanyard-refresh";
/// Holds the hint.
pub const HINT: &str = "__Host-lanyard-hint";

/// Shows whether a browser keeps cookies such as the two above; it means nothing else.
const PROBE: &str = "__Host-lanyard-probe";

/// Cookies outlive their session by so many days, so that the server can still say "expired".
const KEPT_AFTER_EXPIRY: Duration = Duration::days(7);

/// What a request shows of its session.
#[derive(Debug)]
pub struct Shown {
    tokens: Vec<RefreshToken>,
    hint: Option<Hint>,
    /// By Bearer rather than by cookie.
    pub bearer: bool,
    /// Whether an answer's body may carry a refresh token: no Origin header, no cookie.
    pub body_allowed: bool,
}

impl Shown {
    /// Reads the headers. Malformed cookies are as good as none.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] for Bearer together with a cookie or an Origin: the successor would
    /// have nowhere to go.
    pub fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let shown = Self::beside_a_password(headers);
        match credential(headers) {
            Credential::Bad => Err(ApiError::with_message(
                ErrorCode::InvalidRequest,
                "The Authorization header can't be read.",
            )),
            Credential::Bearer(_) if !shown.body_allowed => Err(ApiError::with_message(
                ErrorCode::InvalidRequest,
                "A refresh token as Bearer must come without cookies and without an Origin.",
            )),
            Credential::Bearer(_) | Credential::None => Ok(shown),
        }
    }

    /// Reads the headers of a request that a password speaks for: whatever else came along may be of another day,
    /// and is never wrong.
    pub fn beside_a_password(headers: &HeaderMap) -> Self {
        let body_allowed = !headers.contains_key(ORIGIN) && !headers.contains_key(COOKIE);
        let (texts, hint, bearer) = match credential(headers) {
            Credential::Bearer(text) if body_allowed => (vec![text], None, true),
            _ => (values(headers, REFRESH), hint(headers), false),
        };
        let tokens = texts.into_iter().filter_map(|text| RefreshToken::parse(text).ok()).collect();
        Self { tokens, hint, bearer, body_allowed }
    }

    /// The one token that a renewal is about.
    ///
    /// # Errors
    /// [`ErrorCode::TokenUnknown`] when there is none, also for good when its key isn't here and nor is its session;
    /// [`ErrorCode::Unavailable`] when its session is there, since its key may be another node's.
    pub async fn one(&self, service: &Service) -> Result<&RefreshToken, ApiError> {
        let mut candidates: Vec<_> = self.tokens.iter().filter(|token| self.counts(token)).collect();
        candidates.sort_by_key(|token| self.hint.is_some_and(|hint| hint.generation != token.generation));
        let mut unknown = Vec::new();
        for token in candidates {
            match service.is_genuine(token) {
                Ok(true) => return Ok(token),
                Ok(false) => {}
                Err(UnknownKey) => unknown.push(token),
            }
        }
        if service.may_be_read_elsewhere(&unknown).await? {
            let message = "This server lacks the key of your session. Try again later, or sign in again.";
            return Err(ApiError { message: message.to_owned(), ..ApiError::unavailable() });
        }
        Err(ApiError::new(ErrorCode::TokenUnknown))
    }

    /// The sessions that whoever sent this holds, for ending them. What can't be read here is in nobody's way.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] when it takes a look at the database, and that is away.
    pub async fn held(&self, service: &Service) -> Result<Vec<SessionId>, ApiError> {
        Ok(service.held(&self.tokens).await.map_err(Unavailable::from)?)
    }

    /// As [`Shown::held`], for a caller who believes in this session, if they say so.
    ///
    /// # Errors
    /// [`ErrorCode::SessionChanged`] when some are held, and none of them is that session.
    pub async fn held_by(
        &self,
        service: &Service,
        expected: Option<SessionId>,
    ) -> Result<Vec<SessionId>, ApiError> {
        let sids = self.held(service).await?;
        let changed = expected.is_some_and(|expected| !sids.is_empty() && !sids.contains(&expected));
        if changed { Err(ApiError::new(ErrorCode::SessionChanged)) } else { Ok(sids) }
    }

    fn counts(&self, token: &RefreshToken) -> bool {
        self.bearer || self.hint.is_some_and(|hint| hint.names(token.sid))
    }
}

/// The hint that came along, if it is one.
pub fn hint(headers: &HeaderMap) -> Option<Hint> {
    values(headers, HINT).into_iter().find_map(Hint::parse)
}

/// What the Authorization header holds for us (RFC 6750, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// Nothing, or something for somebody else: another scheme.
    None,
    /// Bearer, but nothing that could be a token, or more than one header.
    Bad,
    /// What follows `Bearer`.
    Bearer(&'a str),
}

/// Reads the Authorization header.
pub fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut found = Credential::None;
    for header in headers.get_all(AUTHORIZATION) {
        let bytes = header.as_bytes();
        let (scheme, rest) = bytes.split_at(bytes.iter().position(|b| *b == b' ').unwrap_or(bytes.len()));
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            continue;
        }
        let token = std::str::from_utf8(rest).unwrap_or_default().trim();
        found = match found {
            Credential::None if !token.is_empty() => Credential::Bearer(token),
            _ => Credential::Bad,
        };
    }
    found
}

/// Every value of the cookies with this name; there may be several, from other paths and domains.
///
/// Read as bytes, one by one: another page of the site may have set a cookie that is no ASCII, and must not
/// sign anybody out by it. Only ASCII spaces are trimmed: a name that begins with a wider one is not ours,
/// and browsers let anybody set it.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        // Byte by byte: another app's cookie may hold anything, and must not hide ours.
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| str::from_utf8(pair.trim_ascii()).ok()?.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .collect()
}

/// The headers that put a refresh token and its hint into a browser's jar. `lives` is the time left until
/// the session's absolute limit, in milliseconds.
pub fn set(token: &NewRefreshToken, lives: i64) -> [HeaderValue; 2] {
    let max_age = Duration::milliseconds(lives.max(0)).saturating_add(KEPT_AFTER_EXPIRY);
    [header(refresh(token.text.reveal(), max_age)), header(readable(token.hint.to_string(), max_age))]
}

/// The headers that take both away.
pub fn clear() -> [HeaderValue; 2] {
    [header(refresh("", Duration::ZERO)), header(readable(String::new(), Duration::ZERO))]
}

/// Whether the browser has shown that it keeps our cookies.
pub fn are_kept(headers: &HeaderMap) -> bool {
    [PROBE, HINT, REFRESH].iter().any(|name| !values(headers, name).is_empty())
}

/// The header that asks a browser to keep a cookie, for the moment until it is seen whether it does.
pub fn probe() -> HeaderValue {
    let probe =
        Cookie::build((PROBE, "kept")).http_only(true).secure(true).same_site(SameSite::Strict).path("/");
    header(probe.max_age(Duration::minutes(1)).build())
}

fn refresh(value: &str, max_age: Duration) -> Cookie<'_> {
    Cookie::build((REFRESH, value))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path("/auth")
        .max_age(max_age)
        .build()
}

fn readable(value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build((HINT, value)).secure(true).same_site(SameSite::Lax).path("/").max_age(max_age).build()
}

fn header(cookie: Cookie<'_>) -> HeaderValue {
    // Names and values are ours and plain ASCII; an empty header is ignored by every browser.
    let mut value = HeaderValue::try_from(cookie.to_string()).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
