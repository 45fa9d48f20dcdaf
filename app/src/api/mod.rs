//! The REST API: server functions, the types on the wire, and the one closed error.

pub mod admin;
pub mod client;
pub mod codec;
#[cfg(feature = "ssr")]
pub mod cookies;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod error;
pub mod functions;
pub mod meaning;
pub mod types;

pub use client::{CallError, LanyardClient};
pub use error::{ApiError, ErrorCode};
pub use functions::{login, logout, refresh, register, stamp};
pub use types::{
    AccessToken, ChangePassword, EndedSessions, Me, Password, RefreshToken, Rename, RenameSession, Role,
    SessionInfo, Sessions, Stamp, TokenDelivery, Tokens, UserInfo,
};
