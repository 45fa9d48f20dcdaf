//! The REST API: server functions, the types on the wire, and the one closed error.

pub mod client;
pub mod error;
pub mod meaning;
pub mod types;

pub use client::{CallError, LanyardClient};
pub use error::{ApiError, ErrorCode};
pub use types::{AccessToken, Password, Tokens, UserInfo};
