//! What ends sessions, and on whose word. For `races` and `planted`.

use std::sync::Arc;

use anyhow::{Result, ensure};
use lanyard_auth::Service;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::Password;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::service::RefreshError;
use lanyard_auth::store::{EndReason, SessionId, UserId};

use super::nodes::{NEW_PASSWORD, PASSWORD, renew};

/// What ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its owner signs out.
    SignOut,
    /// Its owner is signed out everywhere.
    KickOut,
    /// Its owner ends all his sessions but another one.
    EndOthers,
    /// Its owner changes his password in another session, which stays.
    PasswordChange,
    /// Its owner's account is closed.
    Disable,
    /// A thief uses a token that was replaced.
    Theft,
}

/// Whose sessions are to be ended.
#[derive(Clone, Debug)]
pub struct Targets {
    /// The person.
    pub user: UserId,
    /// Another session of his.
    pub keep: SessionId,
    /// The sessions themselves.
    pub sids: Vec<SessionId>,
    /// A replaced token of each, for a thief.
    pub stolen: Vec<RefreshToken>,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::SignOut, Self::KickOut, Self::EndOthers, Self::PasswordChange, Self::Disable, Self::Theft];

    /// Those that no sign-in survives which was under way.
    pub const OF_SIGN_INS: [Self; 3] = [Self::KickOut, Self::PasswordChange, Self::Disable];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignOut => "a sign-out",
            Self::KickOut => "signing out everywhere",
            Self::EndOthers => "the end of all other sessions",
            Self::PasswordChange => "a password change",
            Self::Disable => "the closing of the account",
            Self::Theft => "the finding of a theft",
        }
    }

    /// What the session's row says afterwards.
    pub fn reason(self) -> EndReason {
        match self {
            Self::SignOut => EndReason::SignedOut,
            Self::KickOut => EndReason::KickedOut,
            Self::EndOthers => EndReason::EndedElsewhere,
            Self::PasswordChange => EndReason::PasswordChanged,
            Self::Disable => EndReason::AccountDisabled,
            Self::Theft => EndReason::TokenReused,
        }
    }

    /// How many races are run against one of them: a password takes long to hash, so its change has many.
    pub fn races(self) -> usize {
        match self {
            Self::SignOut | Self::Theft => 1,
            Self::KickOut | Self::EndOthers | Self::Disable => 2,
            Self::PasswordChange => 10,
        }
    }

    /// Whether the session that asks goes on.
    pub fn keeps_one(self) -> bool {
        matches!(self, Self::EndOthers | Self::PasswordChange)
    }

    /// Ends them, at one node.
    ///
    /// # Errors
    /// What the service said.
    pub async fn end(self, here: Arc<Service>, targets: Targets) -> Result<()> {
        let Targets { user, keep, sids, stolen } = targets;
        match self {
            Self::SignOut => here.sign_out(&sids, &Device::default()).await?,
            Self::KickOut => drop(here.end_all_sessions(user, EndReason::KickedOut, &By::default()).await?),
            Self::EndOthers => drop(here.end_other_sessions(user, keep, &By::default()).await?),
            Self::PasswordChange => {
                let [old, new] = [PASSWORD, NEW_PASSWORD].map(|text| Password::new(text.to_owned()));
                here.change_password(keep, old, new, &Device::default(), None).await?;
            }
            Self::Disable => drop(here.disable_user(user, &By::default()).await?),
            Self::Theft => {
                for token in stolen {
                    let told = renew(&here, &token).await;
                    ensure!(matches!(told, Err(RefreshError::Reused)), "the thief was not found");
                }
            }
        }
        Ok(())
    }
}
