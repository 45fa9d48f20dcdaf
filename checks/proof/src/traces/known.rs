//! Which real thing stands for which of the model: sessions, secrets and tokens. It is learnt as the real ones are
//! handed out, and whatever is met again must be the same.

use std::collections::HashMap;

use anyhow::Context as _;
use lanyard_auth::access::AccessTokenText;
use lanyard_auth::hint::Hint;
use lanyard_auth::random::Random;
use lanyard_auth::refresh::{MasterKeys, RefreshToken, SecretHash};
use lanyard_auth::service::{Issued, NewRefreshToken};
use lanyard_auth::store::SessionId;

use super::differs::{differs, same};
use crate::model::world::{Access, Token};

/// What is known so far.
#[derive(Default)]
pub struct Known {
    /// The sessions, by number.
    pub sessions: Vec<SessionId>,
    /// Ticks so far.
    pub ticks: u16,
    secrets: HashMap<(u8, u8), SecretHash>,
    tokens: HashMap<Token, RefreshToken>,
    badges: Vec<Badge>,
}

/// An access token that was handed out.
struct Badge {
    access: Access,
    ticks: u16,
    text: AccessTokenText,
}

impl Known {
    /// The real session.
    ///
    /// # Errors
    /// There is none with this number.
    pub fn sid(&self, session: u8) -> anyhow::Result<SessionId> {
        self.sessions.get(usize::from(session)).copied().context("a session with this number")
    }

    /// A session begins, which the model gives this number.
    ///
    /// # Errors
    /// It is not the next number.
    pub fn begin_session(&mut self, session: u8, issued: &Issued) -> anyhow::Result<()> {
        same("the session's number", usize::from(session), self.sessions.len())?;
        self.sessions.push(issued.sid);
        let first = issued.refresh_token.as_ref().context("a refresh token")?;
        let first = RefreshToken::parse(first.text.reveal())?;
        self.learn_secret(session, Token::first(session).secret, first.hash())
    }

    /// A secret is written, which the model gives this number.
    ///
    /// # Errors
    /// The number stands for another, or the secret for another number.
    pub fn learn_secret(&mut self, session: u8, secret: u8, hash: SecretHash) -> anyhow::Result<()> {
        let number = (session, secret);
        if let Some((used, _)) = self.secrets.iter().find(|(used, known)| **used != number && **known == hash)
        {
            return differs("one secret under two numbers", number, used);
        }
        same("a secret", *self.secrets.entry(number).or_insert(hash), hash)
    }

    /// The hash of the secret with this number.
    pub fn secret(&self, session: u8, secret: u8) -> Option<SecretHash> {
        self.secrets.get(&(session, secret)).copied()
    }

    /// A refresh token is handed out where the model hands out this one.
    ///
    /// # Errors
    /// It is another.
    pub fn learn_token(&mut self, token: Token, new: &NewRefreshToken) -> anyhow::Result<()> {
        let real = RefreshToken::parse(new.text.reveal())?;
        same("the refresh token's session", self.sid(token.session)?, real.sid)?;
        same("its generation", u32::from(token.generation), real.generation)?;
        same("its hint", Hint::new(real.sid, real.generation), new.hint)?;
        same("its secret", self.secret(token.session, token.secret), Some(real.hash()))?;
        let known = self.tokens.entry(token).or_insert_with(|| real.clone());
        // The texts themselves are never shown.
        same("whether it is the same as before", true, known.text().reveal() == new.text.reveal())
    }

    /// The refresh token that a client of the model shows; or, for a forged one, one that nobody ever made.
    ///
    /// # Errors
    /// It was never handed out.
    pub fn token(&self, token: Token, keys: &MasterKeys) -> anyhow::Result<RefreshToken> {
        if token.is_genuine() {
            return self.tokens.get(&token).cloned().context("a refresh token that was handed out");
        }
        let foreign = MasterKeys::new(&Random::System.bytes()?, &[]);
        let mut forged = foreign.first(self.sid(token.session)?, &Random::System)?;
        (forged.kid, forged.generation) = (keys.current(), token.generation.into());
        Ok(forged)
    }

    /// An access token is handed out.
    pub fn learn_badge(&mut self, access: Access, text: AccessTokenText) {
        self.badges.push(Badge { access, ticks: self.ticks, text });
    }

    /// An access token that by now says the same as the model's.
    ///
    /// # Errors
    /// None does.
    pub fn badge(&self, access: Access) -> anyhow::Result<&AccessTokenText> {
        // The thief has some that say what the model's do, but that no jar is needed: he would get round that.
        let either = [access, Access { jar: false, ..access }];
        let mut found = either.iter().filter_map(|access| self.badges().find(|(badge, _)| badge == access));
        let (_, text) = found.next().context("an access token that was handed out")?;
        Ok(text)
    }

    /// Every access token that was handed out, with what it says by now; the newest first.
    pub fn badges(&self) -> impl Iterator<Item = (Access, &AccessTokenText)> {
        let by_now = |badge: &Badge| badge.access.after(self.ticks.saturating_sub(badge.ticks));
        self.badges.iter().rev().map(move |badge| (by_now(badge), &badge.text))
    }
}

impl Access {
    /// The same token so many ticks later.
    fn after(self, ticks: u16) -> Self {
        let ticks = u8::try_from(ticks).unwrap_or(u8::MAX);
        let later = |left: Option<u8>| left.map(|left| left.saturating_sub(ticks));
        Self { confirms_in: later(self.confirms_in), left: later(self.left), ..self }
    }
}
