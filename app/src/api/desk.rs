//! The desk: where server functions meet the token engine. Server side only.

use std::sync::Arc;

use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use lanyard_auth::Service;
use lanyard_auth::access::{AccessError, Claims};
use lanyard_auth::device::{Device, Network};
use lanyard_auth::email::BadEmail;
use lanyard_auth::idempotency::{BadIdempotencyKey, IdempotencyKey};
use lanyard_auth::password::{self, BadPassword};
use lanyard_auth::scope;
use lanyard_auth::service::{Client, Delivery, Issued, RefreshError, SignInError, SignUpError, Unavailable};
use lanyard_auth::store::{EndReason as Stored, SessionId, StoreError, User};
use lanyard_auth::text::{BadText, escaped, legible};
use lanyard_auth::throttle::{Throttle, TooMany};
use lanyard_auth::watch::Watch;
use lanyard_client::EndReason;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::cookies::{self, Credential, Shown};
use super::error::{ApiError, ErrorCode};
use super::types::{AccessToken, Password, RefreshToken, Role, TokenDelivery, Tokens, UserInfo};
use crate::ui::words;

/// The request at hand, and the engine that answers it. From context, inside a server function.
pub(super) struct Desk {
    pub service: Arc<Service>,
    throttle: Arc<Throttle>,
    watch: Arc<Watch>,
    from: Network,
    headers: HeaderMap,
    response: ResponseOptions,
}

impl Desk {
    /// # Errors
    /// [`ErrorCode::Internal`] outside of a request.
    pub fn here() -> Result<Self, ApiError> {
        let missing = || ApiError::new(ErrorCode::Internal);
        Ok(Self {
            service: use_context::<Arc<Service>>().ok_or_else(missing)?,
            throttle: use_context().ok_or_else(missing)?,
            watch: use_context().ok_or_else(missing)?,
            from: use_context().ok_or_else(missing)?,
            headers: use_context::<Parts>().ok_or_else(missing)?.headers,
            response: use_context().ok_or_else(missing)?,
        })
    }

    /// What the request shows of its session.
    pub fn shown(&self) -> Result<Shown, ApiError> {
        Shown::read(&self.headers)
    }

    /// How somebody who signs in is to get the refresh token.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] when a browser asks for the token in the body, where scripts could read it.
    pub fn delivery(&self, wanted: Option<TokenDelivery>) -> Result<Delivery, ApiError> {
        match wanted.unwrap_or_default() {
            TokenDelivery::Cookie => Ok(Delivery::Cookie),
            TokenDelivery::Body if Shown::beside_a_password(&self.headers).body_allowed => Ok(Delivery::Body),
            TokenDelivery::Body => Err(ApiError::with_message(
                ErrorCode::InvalidRequest,
                "token_delivery=body must come without cookies and without an Origin.",
            )),
        }
    }

    /// The sessions that the new one of somebody who signs in replaces.
    ///
    /// # Errors
    /// As [`Shown::held`].
    pub async fn displaced(&self) -> Result<Vec<SessionId>, ApiError> {
        Shown::beside_a_password(&self.headers).held(&self.service).await
    }

    /// Counts an attempt to sign in with this address.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`].
    pub fn admit_sign_in(&self, email: &str) -> Result<(), ApiError> {
        Ok(self.throttle.sign_in(email, self.from)?)
    }

    /// Counts an attempt to register.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`].
    pub fn admit_registration(&self) -> Result<(), ApiError> {
        Ok(self.throttle.register(self.from)?)
    }

    /// Counts a renewal. It is served all the same.
    pub async fn count_renewal(&self, issued: &Issued) {
        if self.watch.renewed(issued.sid) {
            self.service.note_excess(issued.user.id, issued.sid, self.device()).await;
        }
    }

    /// Who asks for tokens.
    pub fn client(&self, delivery: Delivery) -> Client {
        Client { delivery, device: self.device() }
    }

    /// Where the request comes from.
    pub fn device(&self) -> Device {
        device(&self.headers, self.from)
    }

    /// What the request is called, so that it may be sent again: in the header, or in a form's field.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] when that is no key, or the two are not the same.
    pub fn idempotency_key(&self, field: Option<&str>) -> Result<Option<IdempotencyKey>, ApiError> {
        idempotency_key(&self.headers, field)
    }

    /// What the badge says that came with the request.
    pub async fn caller(&self) -> Result<Claims, ApiError> {
        authenticate(&self.service, &self.headers).await
    }

    /// The answer to a sign-in or a renewal; the cookies go with it, or the token goes into it.
    pub fn hand_out(&self, issued: Issued, delivery: Delivery) -> Tokens {
        let Issued { access_token, expires_in, sid, session_expires_at, user, refresh_token } = issued;
        let mut in_body = None;
        if let Some(token) = refresh_token {
            match delivery {
                Delivery::Cookie => {
                    let lives = session_expires_at.since(self.service.now());
                    self.set_cookies(cookies::set(&token, lives));
                }
                Delivery::Body => in_body = Some(RefreshToken::new(token.text.reveal().to_owned())),
            }
        }
        Tokens {
            access_token: AccessToken::new(access_token.reveal().to_owned()),
            token_type: "Bearer".to_owned(),
            expires_in,
            session_id: sid.0,
            session_expires_at: session_expires_at.seconds(),
            user: user_info(user),
            refresh_token: in_body,
        }
    }

    /// There is nothing to say: 204. A layer takes the empty body away.
    pub fn answer_nothing(&self) {
        self.response.set_status(StatusCode::NO_CONTENT);
    }

    /// Takes both cookies away.
    pub fn clear_cookies(&self) {
        self.set_cookies(cookies::clear());
    }

    fn set_cookies(&self, headers: [HeaderValue; 2]) {
        for header in headers {
            // Appended: inserting the second would overwrite the first.
            self.response.append_header(SET_COOKIE, header);
        }
    }
}

/// Checks the access token in a request's headers.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::TokenExpired`], [`ErrorCode::TokenInvalid`],
/// [`ErrorCode::SessionRevoked`] or [`ErrorCode::Unavailable`].
pub async fn authenticate(service: &Service, headers: &HeaderMap) -> Result<Claims, ApiError> {
    let token = match cookies::credential(headers) {
        Credential::None => return Err(ApiError::new(ErrorCode::TokenMissing)),
        // A bad token is never treated as no token.
        Credential::Bad => return Err(ApiError::new(ErrorCode::TokenInvalid)),
        Credential::Bearer(token) => token,
    };
    service.authenticate(token, cookies::hint(headers).as_ref()).await.map_err(|error| match error {
        AccessError::Expired => ApiError::new(ErrorCode::TokenExpired),
        AccessError::Invalid => ApiError::new(ErrorCode::TokenInvalid),
        AccessError::Revoked(reason) => ApiError::revoked(end_reason(reason)),
        AccessError::Unavailable => ApiError::unavailable(),
    })
}

/// What a request is called, so that it may be sent again: in its `Idempotency-Key`, or in the field
/// `idempotency_key`.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] when that is no key, or there are several.
pub fn idempotency_key(headers: &HeaderMap, field: Option<&str>) -> Result<Option<IdempotencyKey>, ApiError> {
    let refused = |BadIdempotencyKey| {
        let text = "An idempotency key has 1 to 255 visible ASCII characters.";
        ApiError::with_message(ErrorCode::InvalidRequest, text).of_field("idempotency_key")
    };
    let in_headers = headers.get_all("idempotency-key").iter();
    let in_headers = in_headers.map(|value| IdempotencyKey::from_header(value.as_bytes()));
    let mut keys = in_headers.chain(field.map(IdempotencyKey::new));
    let Some(first) = keys.next() else { return Ok(None) };
    let first = first.map_err(refused)?;
    for other in keys {
        if other.map_err(refused)? != first {
            let text = "There are several idempotency keys.";
            return Err(ApiError::with_message(ErrorCode::InvalidRequest, text).of_field("idempotency_key"));
        }
    }
    Ok(Some(first))
}

/// Where a request comes from, as far as it is kept.
pub fn device(headers: &HeaderMap, from: Network) -> Device {
    Device::new(headers.get(USER_AGENT).and_then(|value| value.to_str().ok()), from)
}

/// A password on its way to the engine.
pub fn typed(password: &Password) -> password::Password {
    password::Password::new(password.reveal().to_owned())
}

/// What is told of a user. A name of before there were rules is told as far as it can be read, and who can't be named by it by
/// the address.
pub fn user_info(user: User) -> UserInfo {
    let email = escaped(&user.email);
    let name = legible(&user.name).unwrap_or_else(|| email.clone());
    UserInfo { id: user.id.0, email, name, role: role(user.role) }
}

/// What somebody is told whose name holds what can't be seen.
pub const HIDDEN_IN_NAME: &str =
    "The name holds an invisible character, perhaps from pasting. Type it again.";

/// What somebody is told whose name nobody could read for its accents.
pub const MARKS_IN_NAME: &str = "The name has too many accents on one letter, or one on none.";

const fn bad_email(why: BadEmail) -> &'static str {
    match why {
        BadEmail::NoAddress => "This is not an email address.",
        BadEmail::Hidden => "The address holds an invisible character, perhaps from pasting. Type it again.",
    }
}

fn role(role: scope::Role) -> Role {
    match role {
        scope::Role::User => Role::User,
        scope::Role::Admin => Role::Admin,
    }
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        // Between the door and the database somebody took the role away.
        if matches!(error, Unavailable::Store(StoreError::NotAdmin)) {
            return Self::new(ErrorCode::InsufficientScope);
        }
        tracing::error!(%error, "could not answer");
        Self::unavailable()
    }
}

impl From<TooMany> for ApiError {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        // Rounded up: whoever waits as long as he is told must not come too early.
        let seconds = u32::try_from(retry_after.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        let wait = words::lasting(u64::from(seconds) * 1000);
        let message = format!("Too many attempts. Please try again in {wait}.");
        Self { retry_after: Some(seconds), ..Self::with_message(ErrorCode::TooManyRequests, message) }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::new(ErrorCode::InvalidCredentials),
            SignInError::Closed => Self::new(ErrorCode::AccountDisabled),
            SignInError::BadEmail(why) => {
                Self::with_message(ErrorCode::InvalidRequest, bad_email(why)).of_field("email")
            }
            SignInError::Unavailable(error) => error.into(),
        }
    }
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        let refused = |text: String| Self::with_message(ErrorCode::InvalidRequest, text);
        match error {
            SignUpError::BadEmail(why) => refused(bad_email(why).to_owned()).of_field("email"),
            SignUpError::BadName(why) => {
                let text = match why {
                    BadText::Length => "A name has 1 to 100 characters.",
                    BadText::Hidden => HIDDEN_IN_NAME,
                    BadText::Marks => MARKS_IN_NAME,
                };
                refused(text.to_owned()).of_field("name")
            }
            SignUpError::BadPassword(BadPassword::TooShort | BadPassword::TooLong) => {
                refused("A password has 8 to 128 characters.".to_owned()).of_field("password")
            }
            SignUpError::BadPassword(BadPassword::TooEasy(why)) => {
                let text = ErrorCode::WeakPassword.text();
                let text = why.map_or_else(|| text.to_owned(), |why| format!("{text} {why}"));
                Self::with_message(ErrorCode::WeakPassword, text).of_field("password")
            }
            SignUpError::EmailTaken => Self::new(ErrorCode::EmailTaken),
            SignUpError::KeyReused => Self::new(ErrorCode::IdempotencyKeyReused),
            SignUpError::Unavailable(error) => error.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::SessionChanged => Self::new(ErrorCode::SessionChanged),
            RefreshError::Unknown => Self::new(ErrorCode::TokenUnknown),
            RefreshError::Reused => Self::new(ErrorCode::TokenReused),
            RefreshError::Revoked(reason) => Self::revoked(end_reason(reason)),
            RefreshError::Expired => Self::new(ErrorCode::SessionExpired),
            RefreshError::Unavailable(error) => error.into(),
        }
    }
}

fn end_reason(reason: Stored) -> EndReason {
    match reason {
        Stored::SignedOut => EndReason::SignedOut,
        Stored::Replaced => EndReason::Replaced,
        Stored::TokenReused => EndReason::TokenReused,
        Stored::Unconfirmed => EndReason::Unconfirmed,
        Stored::EndedElsewhere => EndReason::EndedElsewhere,
        Stored::KickedOut => EndReason::KickedOut,
        Stored::PasswordChanged => EndReason::PasswordChanged,
        Stored::AccountDisabled => EndReason::AccountDisabled,
    }
}
