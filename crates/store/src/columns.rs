//! What columns hold, whichever database keeps them. For the two `rows` modules alone.

use lanyard_auth::audit::Actor;
use lanyard_auth::scope::Role;
use lanyard_auth::store::{EndReason, Ended, StoreError, UserId};
use lanyard_auth::time::Timestamp;

/// Where a session or an entry of the audit log comes from: browser, system, network.
pub const DEVICE: [&str; 3] = ["browser", "system", "network"];

/// Where the session of an entry is used, in the same order.
pub const SESSION_DEVICE: [&str; 3] = ["session_browser", "session_system", "session_network"];

/// When and why a session ended: both or neither.
pub fn ended(at: Option<i64>, reason: Option<&str>) -> Result<Option<Ended>, StoreError> {
    match (at, reason) {
        (None, None) => Ok(None),
        (Some(at), Some(name)) => {
            // What only a newer server knows has ended the session all the same.
            let reason = EndReason::from_name(name).unwrap_or(EndReason::KickedOut);
            Ok(Some(Ended { at: Timestamp(at), reason }))
        }
        _ => Err(corrupt("ended_at and end_reason")),
    }
}

/// A user's role. Of one that only a newer server knows, nobody can say here what it allows: no more than every account.
pub fn role(name: &str) -> Role {
    Role::from_name(name).unwrap_or(Role::User)
}

/// Who did something.
pub fn actor(name: &str, admin: Option<UserId>) -> Result<Actor, StoreError> {
    Actor::from_name(name, admin).ok_or_else(|| corrupt("actor"))
}

/// Bytes of a fixed length.
pub fn exact<const N: usize>(bytes: &[u8], column: &str) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| corrupt(column))
}

/// Names the column, never the value.
pub fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("{column} holds what it never should"))
}
