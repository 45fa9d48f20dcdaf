//! The tokens of one session, as its client keeps them: in a cookie jar, or by itself. For `client`.

use anyhow::bail;
use lanyard_auth::hint::Hint;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::store::SessionId;

use super::wire::{Answer, Shown};

/// The tokens of a session.
#[derive(Clone)]
pub struct Held {
    /// The session.
    pub sid: SessionId,
    /// The access token; none when it has expired, or was lost on its way.
    pub access: Option<String>,
    refresh: String,
    /// The hint beside the refresh token, if both are in a jar.
    hint: Option<String>,
}

impl Held {
    /// What a sign-in's answer handed out, as far as it came: out of the head into the jar, or out of the body.
    pub fn out_of(answer: Answer, jar: bool) -> anyhow::Result<Option<(Self, RefreshToken)>> {
        let body = answer.body.unwrap_or_default();
        let (refresh, hint) = match (jar, answer.cookies, body.refresh_token) {
            (true, Some((refresh, hint)), None) => (refresh, Some(hint)),
            (false, None, Some(refresh)) => (refresh, None),
            (_, None, None) => return Ok(None),
            _ => bail!("a refresh token in the wrong place"),
        };
        let token = RefreshToken::parse(&refresh)?;
        Ok(Some((Self { sid: token.sid, access: body.access_token, refresh, hint }, token)))
    }

    /// Puts away what a renewal's answer handed out, as far as it came.
    pub fn take(&mut self, answer: Answer) -> anyhow::Result<Option<RefreshToken>> {
        if let Some(access) = answer.body.as_ref().and_then(|body| body.access_token.clone()) {
            self.access = Some(access);
        }
        let Some((new, token)) = Self::out_of(answer, self.hint.is_some())? else { return Ok(None) };
        (self.refresh, self.hint) = (new.refresh, new.hint);
        Ok(Some(token))
    }

    /// What a thief has who has an old token of it.
    pub fn robbed_of(&self, token: &RefreshToken) -> Self {
        let hint = self.hint.as_ref().map(|_| Hint::new(token.sid, token.generation).to_string());
        Self { sid: self.sid, access: None, refresh: token.text().reveal().to_owned(), hint }
    }

    /// Whether a newer refresh token was put away since.
    pub fn is_newer_than(&self, before: &Self) -> bool {
        self.refresh != before.refresh
    }

    /// What a renewal or a sign-out shows.
    pub fn shown(&self) -> Shown<'_> {
        match &self.hint {
            Some(hint) => Shown::Jar { refresh: &self.refresh, hint },
            None => Shown::Bearer(&self.refresh),
        }
    }

    /// What a call shows.
    pub fn shown_with<'a>(&'a self, access: &'a str) -> Shown<'a> {
        Shown::Access { token: access, hint: self.hint.as_deref().unwrap_or_default() }
    }
}
