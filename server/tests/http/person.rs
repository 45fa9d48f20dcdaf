//! Somebody with an account, a cookie jar, and the tokens that the server gave him.

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN};
use serde_json::json;
use uuid::Uuid;

use crate::answer::{Answer, send};
use crate::server::Server;

pub const REFRESH: &str = "__Secure-lanyard-refresh";
pub const HINT: &str = "__Host-lanyard-hint";
pub const PASSWORD: &str = "correct horse battery";

/// What a client holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub access: String,
    pub session: Uuid,
    pub refresh: String,
    /// Empty without a cookie jar.
    pub hint: String,
}

impl Held {
    /// What an answer with cookies left in the jar.
    pub fn from_cookies(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        Self {
            access: answer.field("access_token"),
            session: answer.field("session_id").parse().unwrap(),
            refresh: answer.cookie(REFRESH),
            hint: answer.cookie(HINT),
        }
    }

    /// What an answer held in its body.
    pub fn from_body(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        Self {
            access: answer.field("access_token"),
            session: answer.field("session_id").parse().unwrap(),
            refresh: answer.field("refresh_token"),
            hint: String::new(),
        }
    }

    pub fn cookies(&self) -> String {
        format!("{REFRESH}={}; {HINT}={}", self.refresh, self.hint)
    }
}

/// A request as a browser's page sends it: the cookies given, and where it comes from.
pub fn browser(server: &Server, path: &str, cookies: &str) -> RequestBuilder {
    server.post(path).header(ORIGIN, server.origin()).header(COOKIE, cookies)
}

/// A request with a Bearer credential and nothing else.
pub fn bearer(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.header(AUTHORIZATION, format!("Bearer {token}"))
}

/// A renewal with these cookies.
pub async fn refresh(server: &Server, cookies: &str) -> Answer {
    send(browser(server, "/auth/refresh", cookies)).await
}

/// A renewal without a cookie jar.
pub async fn refresh_bearer(server: &Server, token: &str) -> Answer {
    send(bearer(server.post("/auth/refresh"), token)).await
}

/// Who the server says that this access token's owner is.
pub async fn me(server: &Server, access: &str) -> Answer {
    send(bearer(server.get("/api/me"), access)).await
}

/// Makes the account that the tests use.
pub async fn register(server: &Server) -> Held {
    let fields = json!({"name": "Ada", "email": "ada@people.example", "password": PASSWORD});
    Held::from_cookies(&send(server.post("/auth/register").json(&fields)).await)
}

/// Makes the account, and signs in without a cookie jar.
pub async fn register_without_jar(server: &Server) -> Held {
    let fields = json!({
        "name": "Ada", "email": "ada@people.example", "password": PASSWORD, "token_delivery": "body",
    });
    Held::from_body(&send(server.post("/auth/register").json(&fields)).await)
}

/// Signs in again, from a browser whose jar is empty.
pub async fn sign_in(server: &Server) -> Held {
    Held::from_cookies(&send(server.post("/auth/login").json(&credentials())).await)
}

/// Makes an administrator at the command line, who signs in.
pub async fn administrator(server: &Server) -> Held {
    let create = ["user", "create", "Grace", "grace@people.example", "--role", "admin", "--password-stdin"];
    let made = server.command(&create, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{made:?}");
    let fields = json!({"email": "grace@people.example", "password": PASSWORD});
    Held::from_cookies(&send(server.post("/auth/login").json(&fields)).await)
}

/// What a sign-in sends.
pub fn credentials() -> serde_json::Value {
    json!({"email": "ada@people.example", "password": PASSWORD})
}
