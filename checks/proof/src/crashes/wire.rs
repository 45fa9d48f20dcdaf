//! Requests to the server, and as much of each answer as came. For `client`, and `held`, which reads answers.

use std::net::SocketAddr;

use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN as FROM, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::held::Held;
use super::plan::Mood;
use super::world::{ORIGIN, World};

/// Holds the refresh token.
const REFRESH: &str = "__Secure-lanyard-refresh";
/// Holds the hint.
const HINT: &str = "__Host-lanyard-hint";

/// As much of an answer as came.
#[derive(Default)]
pub struct Answer {
    /// The status, if the head came.
    head: Option<u16>,
    /// The refresh token and the hint that its head set: a browser keeps them though the rest is lost.
    pub cookies: Option<(String, String)>,
    /// The body; `None` when it is lost, or the whole answer is.
    pub body: Option<Body>,
}

/// Those fields of any answer that a client looks at.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Body {
    pub access_token: Option<String>,
    pub refresh_token: Option<String>,
    pub error: String,
    pub reason: String,
    /// How many sessions were ended.
    pub ended: usize,
}

impl Answer {
    /// What it came to, without anything secret; `None` when that is lost.
    pub fn outcome(&self) -> Option<(u16, &str, &str)> {
        let body = self.body.as_ref()?;
        Some((self.head?, &body.error, &body.reason))
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

/// A client comes through the open door.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// What it has to do with.
    pub world: &'a World,
    /// Where the server listens.
    pub address: SocketAddr,
    /// How many times something was killed and started again.
    pub epoch: u64,
    /// What clients do more often now.
    pub mood: Mood,
}

impl Visit<'_> {
    /// Registers, and is signed in with that.
    pub async fn register(self, account: &Value) -> Answer {
        self.send(self.post("/auth/register").json(account), Shown::Nothing).await
    }

    /// Signs in; with a session that it shows, the new one takes that one's place.
    pub async fn sign_in(self, account: &Value, over: Option<&Held>) -> Answer {
        self.send(self.post("/auth/login").json(account), over.map_or(Shown::Nothing, Held::shown)).await
    }

    /// Renews.
    pub async fn renew(self, held: &Held) -> Answer {
        self.send(self.post("/auth/refresh"), held.shown()).await
    }

    /// Renews in two tabs at once, or the network doubles it; the answers as they came.
    pub async fn renew_twice(self, held: &Held) -> [Answer; 2] {
        let (one, other) = (self.renew(held), self.renew(held));
        tokio::pin!(one, other);
        tokio::select! {
            first = &mut one => [first, other.await],
            first = &mut other => [first, one.await],
        }
    }

    /// Signs out.
    pub async fn sign_out(self, held: &Held) -> Answer {
        self.send(self.post("/auth/logout"), held.shown()).await
    }

    /// A call that is answered without a look at the database.
    pub async fn call(self, held: &Held, access: &str) -> Answer {
        self.send(self.post("/api/stamp").json(&json!({"message": "here"})), held.shown_with(access)).await
    }

    /// Signs out everywhere.
    pub async fn leave_everywhere(self, held: &Held, access: &str) -> Answer {
        let request = self.world.request(Method::DELETE, self.address, "/api/sessions");
        self.send(request, held.shown_with(access)).await
    }

    /// Changes the password, which ends every other session.
    pub async fn change_password(self, held: &Held, access: &str, current: &str, new: &str) -> Answer {
        let passwords = json!({"current_password": current, "new_password": new});
        self.send(self.post("/api/account/password").json(&passwords), held.shown_with(access)).await
    }

    fn post(self, path: &str) -> RequestBuilder {
        self.world.request(Method::POST, self.address, path)
    }

    /// Sends a request, and reads and counts the answer.
    async fn send(self, request: RequestBuilder, shown: Shown<'_>) -> Answer {
        let answer = send(request, shown).await;
        let tally = &self.world.tally;
        match answer.outcome() {
            Some((503, ..)) => tally.unavailable.add(),
            Some(_) => {}
            None => {
                tally.lost.add();
                answer.head.iter().for_each(|_| tally.torn.add());
                answer.cookies.iter().for_each(|_| tally.half_kept.add());
            }
        }
        answer
    }
}

async fn send(request: RequestBuilder, shown: Shown<'_>) -> Answer {
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
    let head = Some(response.status().as_u16());
    // An answer without a body says everything by its status.
    let body = response.bytes().await.ok().map(|body| serde_json::from_slice(&body).unwrap_or_default());
    Answer { head, cookies, body }
}

fn cookie(response: &Response, name: &str) -> Option<String> {
    let set = response.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let values = set.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
    values.map(str::to_owned).find(|value| !value.is_empty())
}
