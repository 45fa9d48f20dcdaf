//! What a person sees and changes of his own sessions and of himself. Ending them is in `revoke`.

use crate::audit::By;
use crate::store::{Session, SessionId, User, UserId};
use crate::text::{self, BadText};

use super::account::checked_name;
use super::{RefreshError, Service, SignUpError, Unavailable};

/// Longest name of a session, in characters.
const MAX_LABEL: usize = 60;

/// Why a session was not named.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// It is too long, or nobody could read it.
    #[error("a session's name has at most {MAX_LABEL} characters, and this one won't do: {0}")]
    BadLabel(#[from] BadText),
    /// The user has no such session.
    #[error("there is no such session")]
    NoSession,
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Service {
    /// A live session.
    ///
    /// # Errors
    /// [`RefreshError`], as for a renewal.
    pub async fn session(&self, sid: SessionId) -> Result<Session, RefreshError> {
        Ok(self.live(sid).await?.row)
    }

    /// Names a user's session, or takes its name away. Blanks around it are dropped; nothing else is no name.
    ///
    /// # Errors
    /// [`LabelError`].
    pub async fn label_session(
        &self,
        user: UserId,
        sid: SessionId,
        label: Option<&str>,
    ) -> Result<(), LabelError> {
        let label = label.map(str::trim).filter(|label| !label.is_empty());
        let label = label.map(|label| text::name(label, MAX_LABEL)).transpose()?;
        if self.store.label_session(user, sid, label.as_deref()).await.map_err(Unavailable::from)? {
            Ok(())
        } else {
            Err(LabelError::NoSession)
        }
    }

    /// Gives a user another name; `None` when there is no such user.
    ///
    /// # Errors
    /// [`SignUpError::BadName`], [`SignUpError::Unavailable`].
    pub async fn rename_user(&self, user: UserId, name: &str, by: &By) -> Result<Option<User>, SignUpError> {
        let name = checked_name(name)?;
        Ok(self.store.rename_user(user, &name, by).await.map_err(Unavailable::from)?)
    }
}
