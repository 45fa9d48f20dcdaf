//! The client of protected server functions: `#[server(client = LanyardClient, ...)]`. Its requests are plain
//! data, so that the interceptor can send one a second time with the same body.

use std::future::Future;

use bytes::Bytes;
use futures::sink::Drain;
use futures::stream::{self, Empty, Stream};
use http::Method;
use server_fn::client::Client;
use server_fn::request::ClientReq;
use server_fn::response::ClientRes;

use super::{ApiError, ErrorCode};

/// A request that can be sent again.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// What the answer may be.
    pub accept: String,
    /// The body and its content type.
    pub body: Option<(String, Bytes)>,
}

/// An answer, read to its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Its text.
    pub status_text: String,
    /// `Location`, or the address that answered.
    pub location: String,
    /// Whether the server function asks for a redirect.
    pub redirect: bool,
    /// `Retry-After`, in seconds (RFC 9110, 10.2.3).
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Bytes,
    /// Whether this answers the second sending, after a 401.
    pub replayed: bool,
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody is signed in (any more).
    #[error("You are signed out.")]
    SignedOut,
    /// Somebody else signed in meanwhile, so it was not sent (again).
    #[error("Another account is signed in now.")]
    AccountChanged,
    /// The server could not be reached, or gave no badge in time.
    #[error("The server can't be reached right now.")]
    Unavailable,
    /// The server refused to renew the badge.
    #[error("The server refused to renew the access token.")]
    Refused,
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        let code = match error {
            CallError::SignedOut => ErrorCode::TokenMissing,
            CallError::AccountChanged => ErrorCode::SessionChanged,
            CallError::Unavailable => ErrorCode::Unavailable,
            CallError::Refused => ErrorCode::InvalidRequest,
        };
        Self::with_message(code, error.to_string())
    }
}

/// Sends a request through the interceptor, for the session that the page showed; without one, for whoever is
/// signed in.
///
/// # Errors
/// [`CallError`] when there is no answer; an error status is an answer.
#[cfg(feature = "hydrate")]
pub(crate) use crate::browser::call as send;

/// On the server there is no badge to send anything with.
#[cfg(not(feature = "hydrate"))]
pub(crate) async fn send(_request: Request, _made_for: Option<uuid::Uuid>) -> Result<Response, CallError> {
    Err(CallError::Unavailable)
}

/// Sends server functions through the interceptor. On the server they run directly, without it.
#[derive(Clone, Copy, Debug)]
pub struct LanyardClient;

impl<InputStreamError, OutputStreamError> Client<ApiError, InputStreamError, OutputStreamError>
    for LanyardClient
{
    type Request = Request;
    type Response = Response;

    async fn send(request: Request) -> Result<Response, ApiError> {
        Ok(send(request, None).await?)
    }

    async fn open_websocket(
        _path: &str,
    ) -> Result<
        (
            impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static,
            impl futures::Sink<Bytes> + Send + 'static,
        ),
        ApiError,
    > {
        Err::<(Empty<Result<Bytes, Bytes>>, Drain<Bytes>), _>(unsupported())
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        leptos::task::spawn(future);
    }
}

/// What can't be sent a second time is not sent at all.
fn unsupported() -> ApiError {
    ApiError::with_message(ErrorCode::Internal, "This client sends only what it could send again.")
}

impl ClientReq<ApiError> for Request {
    type FormData = ();

    fn try_new_req_query(
        path: &str,
        _content_type: &str,
        accepts: &str,
        query: &str,
        method: Method,
    ) -> Result<Self, ApiError> {
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        Ok(Self { method, path, accept: accepts.to_owned(), body: None })
    }

    fn try_new_req_text(
        path: &str,
        content_type: &str,
        accepts: &str,
        body: String,
        method: Method,
    ) -> Result<Self, ApiError> {
        Self::try_new_req_bytes(path, content_type, accepts, body.into(), method)
    }

    fn try_new_req_bytes(
        path: &str,
        content_type: &str,
        accepts: &str,
        body: Bytes,
        method: Method,
    ) -> Result<Self, ApiError> {
        let body = Some((content_type.to_owned(), body));
        Ok(Self { method, path: path.to_owned(), accept: accepts.to_owned(), body })
    }

    fn try_new_req_form_data(
        _path: &str,
        _accepts: &str,
        _content_type: &str,
        _body: Self::FormData,
        _method: Method,
    ) -> Result<Self, ApiError> {
        Err(unsupported())
    }

    fn try_new_req_multipart(
        _path: &str,
        _accepts: &str,
        _body: Self::FormData,
        _method: Method,
    ) -> Result<Self, ApiError> {
        Err(unsupported())
    }

    fn try_new_req_streaming(
        _path: &str,
        _accepts: &str,
        _content_type: &str,
        _body: impl Stream<Item = Bytes> + Send + 'static,
        _method: Method,
    ) -> Result<Self, ApiError> {
        Err(unsupported())
    }
}

impl ClientRes<ApiError> for Response {
    async fn try_into_string(self) -> Result<String, ApiError> {
        String::from_utf8(self.body.into()).map_err(|_| ApiError::new(ErrorCode::Internal))
    }

    async fn try_into_bytes(self) -> Result<Bytes, ApiError> {
        Ok(self.body)
    }

    fn try_into_stream(
        self,
    ) -> Result<impl Stream<Item = Result<Bytes, Bytes>> + Send + Sync + 'static, ApiError> {
        Ok(stream::iter([Ok(self.body)]))
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn status_text(&self) -> String {
        self.status_text.clone()
    }

    fn location(&self) -> String {
        self.location.clone()
    }

    fn has_redirect(&self) -> bool {
        self.redirect
    }
}
