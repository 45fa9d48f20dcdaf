use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use super::*;

/// Every code there is; the match makes a new one a compile error here.
fn every_code() -> Vec<ErrorCode> {
    use ErrorCode::*;
    let next = |code| match code {
        InvalidRequest => Some(WeakPassword),
        WeakPassword => Some(CookiesRefused),
        CookiesRefused => Some(InvalidCredentials),
        InvalidCredentials => Some(AccountDisabled),
        AccountDisabled => Some(EmailTaken),
        EmailTaken => Some(LastAdmin),
        LastAdmin => Some(TokenMissing),
        TokenMissing => Some(TokenInvalid),
        TokenInvalid => Some(TokenExpired),
        TokenExpired => Some(TokenUnknown),
        TokenUnknown => Some(TokenReused),
        TokenReused => Some(SessionRevoked),
        SessionRevoked => Some(SessionExpired),
        SessionExpired => Some(SessionChanged),
        SessionChanged => Some(InsufficientScope),
        InsufficientScope => Some(CrossSite),
        CrossSite => Some(NotFound),
        NotFound => Some(MethodNotAllowed),
        MethodNotAllowed => Some(RequestTimeout),
        RequestTimeout => Some(PayloadTooLarge),
        PayloadTooLarge => Some(IdempotencyKeyReused),
        IdempotencyKeyReused => Some(TooManyRequests),
        TooManyRequests => Some(Unavailable),
        Unavailable => Some(Internal),
        Internal => None,
    };
    std::iter::successors(Some(InvalidRequest), |code| next(*code)).collect()
}

#[test]
fn every_error_has_its_name_status_and_challenge() {
    let invalid = "Bearer error=\"invalid_token\"";
    let table: Vec<_> = every_code()
        .into_iter()
        .map(|code| {
            let response = Answer(ApiError::new(code)).into_response();
            let challenge = response.headers().get(WWW_AUTHENTICATE).map_or("", |it| it.to_str().unwrap());
            let name = serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
            (name, response.status().as_u16(), challenge.to_owned())
        })
        .collect();
    let expected = [
        ("invalid_request", 400, ""),
        ("weak_password", 400, ""),
        ("cookies_refused", 400, ""),
        ("invalid_credentials", 401, "Bearer"),
        ("account_disabled", 403, ""),
        ("email_taken", 409, ""),
        ("last_admin", 409, ""),
        ("token_missing", 401, "Bearer"),
        ("token_invalid", 401, invalid),
        ("token_expired", 401, invalid),
        ("token_unknown", 401, "Bearer"),
        ("token_reused", 401, "Bearer"),
        ("session_revoked", 401, invalid),
        ("session_expired", 403, ""),
        ("session_changed", 409, ""),
        ("insufficient_scope", 403, "Bearer error=\"insufficient_scope\""),
        ("cross_site", 403, ""),
        ("not_found", 404, ""),
        ("method_not_allowed", 405, ""),
        ("request_timeout", 408, ""),
        ("payload_too_large", 413, ""),
        ("idempotency_key_reused", 422, ""),
        ("too_many_requests", 429, ""),
        ("unavailable", 503, ""),
        ("internal", 500, ""),
    ];
    assert_eq!(table, expected.map(|(name, status, it)| (name.to_owned(), status, it.to_owned())));
}

#[tokio::test]
async fn time_outs_and_panics_have_the_shape() {
    let router = Router::new()
        .route("/slow", get(async || pending::<()>().await))
        .route("/panics", get(async || -> () { panic!("on purpose, with a secret") }))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_millis(10)))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(shape));
    for (path, expected) in
        [("/slow", ApiError::unavailable()), ("/panics", ApiError::new(ErrorCode::Internal))]
    {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), expected.error.status());
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(read(response.into_body()).await, expected);
    }
}
