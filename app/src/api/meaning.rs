//! What an answer of the server means to the client's engine. Only JSON of ours, under the status that
//! belongs to it, counts as the server's word: a proxy's 401, a firewall's 403 and a portal's HTML all mean
//! "not now" and sign nobody out. `crate::browser` calls this.

use lanyard_client::{CallAnswer, EndReason, LogoutAnswer, RefreshAnswer};

use super::client::Response;
use super::{ApiError, ErrorCode};

/// The server's own error, if it is one.
pub fn our_error(answer: &Response) -> Option<ApiError> {
    let error: ApiError = serde_json::from_slice(&answer.body).ok()?;
    (error.error.status() == answer.status).then_some(error)
}

/// What an answer of `/auth/refresh` without tokens means.
pub fn of_refusal(answer: &Response) -> RefreshAnswer {
    let error = our_error(answer);
    match error.as_ref().map(|error| (error.error, error.reason)) {
        Some((ErrorCode::SessionExpired, _)) => RefreshAnswer::Ended(EndReason::Expired),
        Some((ErrorCode::TokenReused, _)) => RefreshAnswer::Ended(EndReason::TokenReused),
        Some((ErrorCode::TokenUnknown, _)) => RefreshAnswer::Ended(EndReason::Unknown),
        Some((ErrorCode::SessionRevoked, reason)) => RefreshAnswer::Ended(revoked(reason)),
        Some((ErrorCode::SessionChanged, _)) => RefreshAnswer::Changed,
        Some((ErrorCode::InvalidRequest, _)) => RefreshAnswer::Refused,
        _ => RefreshAnswer::Failed {
            status: Some(answer.status),
            retry_after: retry_after(answer, error.as_ref()),
        },
    }
}

/// What an answer of `/auth/logout` means.
pub fn of_logout(answer: &Response) -> LogoutAnswer {
    let error = our_error(answer);
    match (answer.status, error.as_ref().map(|error| error.error)) {
        (204, _) | (_, Some(ErrorCode::SessionChanged | ErrorCode::InvalidRequest)) => LogoutAnswer::Done,
        _ => LogoutAnswer::Failed { retry_after: retry_after(answer, error.as_ref()) },
    }
}

/// What an answer to a call means.
pub fn of_call(answer: &Response) -> CallAnswer {
    match our_error(answer).map(|error| (error.error, error.reason)) {
        Some((ErrorCode::TokenExpired | ErrorCode::TokenInvalid, _)) => CallAnswer::Stale,
        Some((ErrorCode::SessionRevoked, reason)) => CallAnswer::Revoked(revoked(reason)),
        _ => CallAnswer::Other,
    }
}

/// A server that does not say why ended it from elsewhere.
fn revoked(reason: Option<EndReason>) -> EndReason {
    reason.unwrap_or(EndReason::KickedOut)
}

fn retry_after(answer: &Response, error: Option<&ApiError>) -> Option<u64> {
    let seconds = answer.retry_after.or(error.and_then(|error| error.retry_after))?;
    Some(u64::from(seconds) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            status_text: String::new(),
            location: String::new(),
            redirect: false,
            retry_after: None,
            body: body.to_owned().into(),
            replayed: false,
        }
    }

    fn ours(error: ApiError) -> Response {
        answer(error.error.status(), &serde_json::to_string(&error).unwrap())
    }

    #[test]
    fn only_our_json_under_its_own_status_ends_a_session() {
        let foreign = [
            answer(401, ""),
            answer(403, "<h1>Forbidden</h1>"),
            answer(401, r#"{"error":"invalid_token"}"#),
            answer(403, r#"{"error":"token_unknown","message":""}"#),
            answer(502, r#"{"error":"session_revoked","message":""}"#),
            answer(200, "<h1>Log in to our hotel</h1>"),
            ours(ApiError::new(ErrorCode::CrossSite)),
            ours(ApiError::new(ErrorCode::TooManyRequests)),
        ];
        for answer in foreign {
            assert_eq!(
                of_refusal(&answer),
                RefreshAnswer::Failed { status: Some(answer.status), retry_after: None }
            );
            assert_eq!(of_call(&answer), CallAnswer::Other);
            assert_eq!(of_logout(&answer), LogoutAnswer::Failed { retry_after: None });
        }
    }

    #[test]
    fn the_servers_word_counts() {
        let refused = |code| of_refusal(&ours(ApiError::new(code)));
        assert_eq!(refused(ErrorCode::SessionExpired), RefreshAnswer::Ended(EndReason::Expired));
        assert_eq!(refused(ErrorCode::TokenReused), RefreshAnswer::Ended(EndReason::TokenReused));
        assert_eq!(refused(ErrorCode::TokenUnknown), RefreshAnswer::Ended(EndReason::Unknown));
        assert_eq!(refused(ErrorCode::SessionChanged), RefreshAnswer::Changed);
        assert_eq!(refused(ErrorCode::InvalidRequest), RefreshAnswer::Refused);
        let revoked = ours(ApiError::revoked(EndReason::PasswordChanged));
        assert_eq!(of_refusal(&revoked), RefreshAnswer::Ended(EndReason::PasswordChanged));
        assert_eq!(of_call(&revoked), CallAnswer::Revoked(EndReason::PasswordChanged));
        assert_eq!(of_call(&ours(ApiError::new(ErrorCode::TokenExpired))), CallAnswer::Stale);
        assert_eq!(of_call(&ours(ApiError::new(ErrorCode::TokenInvalid))), CallAnswer::Stale);
        assert_eq!(of_call(&ours(ApiError::new(ErrorCode::TokenMissing))), CallAnswer::Other);
        assert_eq!(of_logout(&answer(204, "")), LogoutAnswer::Done);
        assert_eq!(of_logout(&ours(ApiError::new(ErrorCode::SessionChanged))), LogoutAnswer::Done);
    }

    #[test]
    fn a_reason_that_is_not_known_here_ends_the_session_all_the_same() {
        for reason in ["\"struck_by_lightning\"", "7", "null"] {
            let body = format!(r#"{{"error":"session_revoked","message":"","reason":{reason}}}"#);
            assert_eq!(of_refusal(&answer(401, &body)), RefreshAnswer::Ended(EndReason::KickedOut));
        }
    }

    #[test]
    fn retry_after_is_read_from_the_header_or_the_body() {
        let body = ours(ApiError { retry_after: Some(7), ..ApiError::unavailable() });
        let header = Response { retry_after: Some(9), ..answer(503, "busy") };
        for (answer, wait) in [(body, 7_000), (header, 9_000)] {
            let failed = RefreshAnswer::Failed { status: Some(503), retry_after: Some(wait) };
            assert_eq!(of_refusal(&answer), failed);
        }
    }
}
