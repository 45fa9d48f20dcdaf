//! What a person sees and changes of his own sessions and of himself. Ending them is in `revoke`.

use crate::audit::By;
use crate::store::{Session, SessionId, StoreError, User, UserId};

use super::account::checked_name;
use super::renew::still_live;
use super::{Service, SignUpError, Unavailable};

/// Longest name of a session, in characters.
const MAX_LABEL: usize = 60;

/// Why a session was not named.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// It is too long, or holds control characters.
    #[error("a session's name has at most {MAX_LABEL} characters")]
    BadLabel,
    /// The user has no such session.
    #[error("there is no such session")]
    NoSession,
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Service {
    /// A user's live sessions, newest first; at most [`crate::store::MOST_SESSIONS`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let seen = self.store.sessions_of(user).await?;
        let limits = &self.settings.limits;
        Ok(seen.row.into_iter().filter(|session| still_live(session, seen.now, limits).is_ok()).collect())
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
        if label.is_some_and(|label| label.chars().count() > MAX_LABEL || label.chars().any(char::is_control))
        {
            return Err(LabelError::BadLabel);
        }
        if self.store.label_session(user, sid, label).await.map_err(Unavailable::from)? {
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
        Ok(self.store.rename_user(user, name, by).await.map_err(Unavailable::from)?)
    }
}
