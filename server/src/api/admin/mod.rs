//! What administrators may do: `/api/admin`. Each handler asks for [`super::badge::Admin`].
//!
//! | Module | What lives there |
//! |---|---|
//! | [`users`] | people: found, made, closed, opened, given a role |
//! | [`sessions`] | everybody's sessions, and ending them |
//! | [`audit`] | the audit log |
//! | [`activity`] | what this server does |

pub mod activity;
pub mod audit;
pub(super) mod paging;
pub mod sessions;
pub mod users;
