//! What is under way while sessions are ended: renewals of them, and sign-ins. Neither survives.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use lanyard_auth::Service;
use lanyard_auth::access::AccessError;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::service::{Delivery, Issued, RefreshError};
use lanyard_auth::store::{EndReason, User};

use super::nodes::{Nodes, renew, token};
use crate::database::Database;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    /// Renewals.
    Renewals,
    /// Sign-ins.
    SignIns,
}

/// One of them, to be tried on both nodes at once.
#[derive(Clone, Debug)]
pub enum Rival {
    /// The renewal of a session that is ended.
    Renewal(Box<Victim>),
    /// A sign-in of a user, as he was when his password was checked.
    SignIn(User),
}

/// A session that is ended.
#[derive(Clone, Debug)]
pub struct Victim {
    /// What was handed out last.
    pub session: Issued,
    /// Its refresh token.
    pub current: RefreshToken,
    /// Its first refresh token.
    pub stolen: RefreshToken,
}

impl Victim {
    /// A session that was never renewed.
    ///
    /// # Errors
    /// It came without a refresh token.
    pub fn new(session: Issued) -> Result<Self> {
        let current = token(&session)?;
        Ok(Self { stolen: current.clone(), current, session })
    }

    /// Renews it.
    ///
    /// # Errors
    /// It was not rotated.
    pub async fn rotate(&mut self, service: &Service) -> Result<()> {
        self.session = renew(service, &self.current).await?;
        self.current = token(&self.session)?;
        Ok(())
    }
}

impl Rival {
    /// Tries it at one node. Nothing is what it gets when the end was first.
    ///
    /// # Errors
    /// It was refused for another reason than the end's.
    pub async fn attempt(self, service: Arc<Service>, reason: EndReason) -> Result<Option<Issued>> {
        match self {
            Self::Renewal(victim) => match renew(&service, &victim.current).await {
                Ok(issued) => Ok(Some(issued)),
                Err(RefreshError::Revoked(told)) if told == reason => Ok(None),
                Err(error) => bail!("a renewal got: {error}"),
            },
            Self::SignIn(user) => Ok(service.start_session(user, Delivery::Cookie, &[]).await?),
        }
    }

    /// Asks that nothing of what it got is good any more, after an end at the first node. Returns how many access
    /// tokens the other one accepted until it saw the row.
    ///
    /// # Errors
    /// What survives.
    pub async fn is_over<D: Database>(
        &self,
        nodes: &Nodes<D>,
        reason: EndReason,
        got: Vec<Issued>,
    ) -> Result<usize> {
        match self {
            Self::Renewal(victim) => nothing_survives(nodes, reason, victim, &got).await,
            Self::SignIn(_) => {
                let mut accepted = 0;
                for session in got {
                    accepted += nothing_survives(nodes, reason, &Victim::new(session)?, &[]).await?;
                }
                Ok(accepted)
            }
        }
    }
}

/// The session's row says that it was ended, each of its tokens is refused on both nodes, and so is each access
/// token: at once on the node that ended it, and elsewhere from when that node sees the row. `got` is what its
/// renewals got.
async fn nothing_survives<D: Database>(
    nodes: &Nodes<D>,
    reason: EndReason,
    victim: &Victim,
    got: &[Issued],
) -> Result<usize> {
    let [here, elsewhere] = &nodes.services;
    let over = Err(AccessError::Revoked(reason));
    let row = nodes.row(victim.session.sid).await?;
    ensure!(row.ended.map(|ended| ended.reason) == Some(reason), "the row says {:?}", row.ended);
    let mut badges = vec![&victim.session];
    badges.extend(got);
    let verdict = async |service: &Service, badge: &Issued| {
        service.authenticate(badge.access_token.reveal(), None).await.map(drop)
    };
    let mut accepted = 0;
    for badge in &badges {
        ensure!(verdict(here, badge).await == over, "an access token survives its session");
        accepted += usize::from(verdict(elsewhere, badge).await.is_ok());
    }

    let mut tokens = vec![victim.current.clone()];
    for rotated in got.iter().filter(|issued| issued.refresh_token.is_some()) {
        tokens.push(token(rotated)?);
    }
    let successors: Vec<_> = tokens.iter().skip(1).map(RefreshToken::hash).collect();
    ensure!(successors.windows(2).all(|pair| pair.first() == pair.last()), "two successors");
    for token in tokens {
        for service in &nodes.services {
            match renew(service, &token).await {
                Err(RefreshError::Revoked(told)) if told == reason => {}
                Err(error) => bail!("after the end a renewal gets: {error}"),
                Ok(_) => bail!("a session was renewed after its end"),
            }
        }
    }
    for badge in badges {
        ensure!(verdict(elsewhere, badge).await == over, "an access token survives elsewhere");
    }
    ensure!(nodes.row(victim.session.sid).await?.generation == row.generation, "rotated after the end");
    Ok(accepted)
}
