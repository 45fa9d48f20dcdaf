//! The one error that every layer answers with, browser and server alike.

use std::fmt;

use lanyard_client::EndReason;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// Seconds after which a client may try again when the server could not answer.
const RETRY_AFTER: u32 = 2;

/// An error on the wire: `{"error": "...", "message": "..."}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What programs look at.
    pub error: ErrorCode,
    /// What people read. Never holds a secret, nor text that somebody sent.
    pub message: String,
    /// Why the session is over, with [`ErrorCode::SessionRevoked`].
    #[serde(default, deserialize_with = "if_known", skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// Which field is to blame, with [`ErrorCode::InvalidRequest`] and [`ErrorCode::WeakPassword`]. Never what it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds to wait before trying again; also sent as `Retry-After` (RFC 9110, 10.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// A reason that only a newer server knows counts as none given: the error is what matters.
fn if_known<'de, D: Deserializer<'de>>(reason: D) -> Result<Option<EndReason>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Known(EndReason),
        Unknown(IgnoredAny),
    }
    Ok(match Said::deserialize(reason)? {
        Said::Known(reason) => Some(reason),
        Said::Unknown(_) => None,
    })
}

/// Every error there is. The names are the wire's and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the request can't be understood, or contradicts itself.
    InvalidRequest,
    /// 400: the password that was chosen is easy to guess.
    WeakPassword,
    /// 400: the browser keeps no cookie of ours, so a plain form can sign nobody in.
    CookiesRefused,
    /// 401: wrong address or password; which of them is not said.
    InvalidCredentials,
    /// 403: the password is right, and the account is closed.
    AccountDisabled,
    /// 409: the address has an account already.
    EmailTaken,
    /// 409: without this administrator nobody could administer anything.
    LastAdmin,
    /// 401: no access token came along.
    TokenMissing,
    /// 401: the access token is not one of ours.
    TokenInvalid,
    /// 401: the access token has expired; a renewal helps.
    TokenExpired,
    /// 401: the refresh token is not one of ours, or is missing. Final.
    TokenUnknown,
    /// 401: the refresh token had been replaced, and was used again: the session was ended. Final.
    TokenReused,
    /// 401: the session was ended; `reason` says why. Final.
    SessionRevoked,
    /// 403: the session's idle or absolute limit has passed. Final.
    SessionExpired,
    /// 409: the cookie belongs to another session than the caller believes in.
    SessionChanged,
    /// 403: the access token is good, but its scopes do not allow this (RFC 6750, 3.1).
    InsufficientScope,
    /// 403: the request came from another site.
    CrossSite,
    /// 404: there is nothing here.
    NotFound,
    /// 405: not with this method.
    MethodNotAllowed,
    /// 408: the request did not arrive in time.
    RequestTimeout,
    /// 413: the body is too long.
    PayloadTooLarge,
    /// 422: the idempotency key was used for another request.
    IdempotencyKeyReused,
    /// 429: too many requests.
    TooManyRequests,
    /// 503: the database is away or the server too busy; trying again is safe.
    Unavailable,
    /// 500: our fault.
    Internal,
}

impl ErrorCode {
    /// The HTTP status. The one place where an error becomes a status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::WeakPassword | Self::CookiesRefused => 400,
            Self::InvalidCredentials
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::TokenUnknown
            | Self::TokenReused
            | Self::SessionRevoked => 401,
            Self::SessionExpired | Self::InsufficientScope | Self::CrossSite | Self::AccountDisabled => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::EmailTaken | Self::LastAdmin | Self::SessionChanged => 409,
            Self::PayloadTooLarge => 413,
            Self::IdempotencyKeyReused => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// What a person is told where nothing more exact is known.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request could not be understood.",
            Self::WeakPassword => "This password is easy to guess. Several unusual words are better.",
            Self::CookiesRefused => {
                "You are not signed in: this browser does not keep the cookie that the sign-in is held by. Allow \
                 cookies for this site, and open it over https: elsewhere, browsers keep such cookies on \
                 http://localhost at most."
            }
            Self::InvalidCredentials => "The email address or the password is wrong.",
            Self::AccountDisabled => {
                "This account is closed. If that is a mistake, ask whoever runs this service."
            }
            Self::EmailTaken => "This email address has an account already.",
            Self::LastAdmin => "This is the last administrator. Make somebody else one first.",
            Self::TokenMissing => "An access token is needed here.",
            Self::TokenInvalid => "The access token is not valid.",
            Self::TokenExpired => "The access token has expired.",
            Self::TokenUnknown => "The refresh token is missing or not known here.",
            Self::TokenReused => "A replaced refresh token was used again, so the session was ended.",
            Self::SessionRevoked => "The session was ended.",
            Self::SessionExpired => "The session has expired.",
            Self::SessionChanged => "Another session is signed in now.",
            Self::InsufficientScope => "Your account is not allowed to do this.",
            Self::CrossSite => "Requests from other sites are refused.",
            Self::NotFound => "There is nothing here.",
            Self::MethodNotAllowed => "This method is not allowed here.",
            Self::RequestTimeout => "The request took too long to arrive.",
            Self::PayloadTooLarge => "The request is too long.",
            Self::IdempotencyKeyReused => "This was sent before with other contents. Please send it again.",
            Self::TooManyRequests => "Too many attempts. Please try again later.",
            Self::Internal => "Something went wrong on our side.",
            Self::Unavailable => "The service is not available right now. Please try again in a moment.",
        }
    }
}

impl ApiError {
    /// An error with its usual text.
    pub fn new(error: ErrorCode) -> Self {
        Self { error, message: error.text().to_owned(), reason: None, field: None, retry_after: None }
    }

    /// An error with a text of its own, which must hold nothing secret and nothing that somebody sent.
    pub fn with_message(error: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::new(error) }
    }

    /// The same, and this field is to blame.
    #[must_use]
    pub fn of_field(self, field: &'static str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// The session was ended, for this reason.
    pub fn revoked(reason: EndReason) -> Self {
        Self { reason: Some(reason), ..Self::new(ErrorCode::SessionRevoked) }
    }

    /// 503: try again a little later.
    pub fn unavailable() -> Self {
        Self { retry_after: Some(RETRY_AFTER), ..Self::new(ErrorCode::Unavailable) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    /// The framework's own errors. Their texts may quote what was sent, a password included, so none is
    /// passed on but those that `super::codec` has made.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Deserialization(text) => {
                serde_json::from_str(&text).unwrap_or_else(|_| Self::new(ErrorCode::InvalidRequest))
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::new(ErrorCode::InvalidRequest)
            }
            ServerFnErrorErr::Request(_) => Self::new(ErrorCode::Unavailable),
            ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::new(ErrorCode::MethodNotAllowed),
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Self::new(ErrorCode::Internal),
        }
    }
}
