//! A server that knows which sessions live, and nothing else of what the real one knows.

use std::collections::BTreeSet;

use lanyard_client::*;

pub fn mark(session: SessionId) -> Mark {
    Mark(session.0 as u64 + 1_000)
}

fn grant(session: SessionId, lifetime: u64) -> Grant {
    Grant { session, mark: mark(session), lifetime }
}

/// What a request asks of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    Refresh { attempt: Attempt, session: Option<SessionId> },
    Logout { attempt: Attempt, session: Option<SessionId> },
    SignIn { attempt: Attempt },
    Call { call: CallId, badge: Token },
}

/// What it answers, and what it does to the cookie jar.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub input: Input,
    pub token: Option<Token>,
    pub cookies: Option<Option<SessionId>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    pub session: SessionId,
    expires: u64,
}

impl Asked {
    /// Requests to `/auth/*` have a number, calls have none.
    pub fn attempt(&self) -> Option<Attempt> {
        match *self {
            Self::Refresh { attempt, .. } | Self::Logout { attempt, .. } | Self::SignIn { attempt } => {
                Some(attempt)
            }
            Self::Call { .. } => None,
        }
    }
}

/// The sessions that live.
#[derive(Debug)]
pub struct Server {
    pub live: BTreeSet<SessionId>,
    lifetime: u64,
    sessions: u128,
}

impl Server {
    pub fn new(lifetime: u64) -> Self {
        Self { live: BTreeSet::new(), lifetime, sessions: 0 }
    }

    pub fn answer(
        &mut self,
        asked: Asked,
        cookie: Option<SessionId>,
        hint: Option<Mark>,
        time: u64,
    ) -> Answer {
        let lifetime = self.lifetime;
        match asked {
            Asked::Refresh { attempt, session } => {
                let shown = cookie.filter(|&c| hint == Some(mark(c)));
                let answer = match shown {
                    None => RefreshAnswer::Ended(EndReason::Unknown),
                    Some(held) if session.is_some_and(|believed| believed != held) => RefreshAnswer::Changed,
                    Some(held) if !self.live.contains(&held) => RefreshAnswer::Ended(EndReason::KickedOut),
                    Some(held) => RefreshAnswer::Granted(grant(held, lifetime)),
                };
                let granted = matches!(answer, RefreshAnswer::Granted(_));
                let token =
                    shown.filter(|_| granted).map(|session| Token { session, expires: time + lifetime });
                Answer {
                    input: Input::RefreshAnswered { attempt, answer },
                    token,
                    cookies: token.map(|token| Some(token.session)),
                }
            }
            Asked::Logout { attempt, session } => {
                let other = cookie.is_some_and(|held| session.is_some_and(|believed| believed != held));
                if !other && let Some(held) = cookie {
                    self.live.remove(&held);
                }
                Answer {
                    input: Input::LogoutAnswered { attempt, answer: LogoutAnswer::Done },
                    token: None,
                    cookies: (!other).then_some(None),
                }
            }
            Asked::SignIn { attempt } => {
                if let Some(held) = cookie {
                    self.live.remove(&held);
                }
                self.sessions += 1;
                let session = SessionId(self.sessions);
                self.live.insert(session);
                Answer {
                    input: Input::SignInAnswered { attempt, grant: Some(grant(session, lifetime)) },
                    token: Some(Token { session, expires: time + lifetime }),
                    cookies: Some(Some(session)),
                }
            }
            Asked::Call { call, badge } => {
                let answer = if !self.live.contains(&badge.session) {
                    CallAnswer::Revoked(EndReason::KickedOut)
                } else if badge.expires <= time {
                    CallAnswer::Stale
                } else {
                    CallAnswer::Other
                };
                Answer { input: Input::Answered { call, answer }, token: None, cookies: None }
            }
        }
    }
}
