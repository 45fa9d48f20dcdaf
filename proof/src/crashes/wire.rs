//! One request of a client's, and as much of the answer as came. For `client` alone.

use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN as FROM, SET_COOKIE};
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::world::ORIGIN;

/// Holds the refresh token.
pub const REFRESH: &str = "__Secure-lanyard-refresh";
/// Holds the hint.
pub const HINT: &str = "__Host-lanyard-hint";

/// As much of an answer as came.
#[derive(Default)]
pub struct Answer {
    /// The refresh token and the hint that its head set: a browser keeps them though the rest is lost.
    pub cookies: Option<(String, String)>,
    /// The rest; `None` when it is lost, or the whole answer is.
    pub rest: Option<Rest>,
}

/// Status and body.
pub struct Rest {
    /// The HTTP status.
    pub status: u16,
    /// What the body says.
    pub body: Body,
}

/// Those fields of any answer that a client looks at.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Body {
    pub access_token: Option<String>,
    pub refresh_token: Option<String>,
    pub session_id: Option<Uuid>,
    pub error: String,
    pub reason: String,
}

impl Rest {
    /// What it came to, without anything secret.
    pub fn outcome(&self) -> (u16, &str, &str) {
        (self.status, &self.body.error, &self.body.reason)
    }
}

/// What the request shows of a session.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// Nothing.
    Nothing,
    /// From a page: the jar's refresh token and hint.
    Jar { refresh: &'a str, hint: &'a str },
    /// A refresh token, without a jar.
    Bearer(&'a str),
    /// An access token, and the hint if it comes from a page.
    Access { token: &'a str, hint: &'a str },
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder, shown: Shown<'_>) -> Answer {
    let request = match shown {
        Shown::Nothing => request,
        Shown::Jar { refresh, hint } => {
            request.header(FROM, ORIGIN).header(COOKIE, format!("{REFRESH}={refresh}; {HINT}={hint}"))
        }
        Shown::Bearer(token) | Shown::Access { token, hint: "" } => {
            request.header(AUTHORIZATION, format!("Bearer {token}"))
        }
        Shown::Access { token, hint } => {
            let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            request.header(FROM, ORIGIN).header(COOKIE, format!("{HINT}={hint}"))
        }
    };
    let Ok(response) = request.send().await else { return Answer::default() };
    let cookies = cookie(&response, REFRESH).zip(cookie(&response, HINT));
    let status = response.status().as_u16();
    let rest = response.bytes().await.ok().map(|body| {
        // An answer without a body says everything by its status.
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Rest { status, body }
    });
    Answer { cookies, rest }
}

fn cookie(response: &Response, name: &str) -> Option<String> {
    let set = response.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let values = set.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
    values.map(str::to_owned).find(|value| !value.is_empty())
}
