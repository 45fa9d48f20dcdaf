//! What people see, and what carries it between browser and server.
//!
//! | Folder | What lives there |
//! |---|---|
//! | `pages` | one file a page |
//! | `shell` | the HTML document around them, and the routes |
//! | `ui` | the few components that pages share |
//! | `api` | server functions, their types, and the one closed [`api::ApiError`] |
//! | `browser` | what performs the client engine's effects: fetch, timers, tabs (WASM only) |
//! | `session` | what pages may know of the session, and what they may ask of it |

pub mod api;
#[cfg(feature = "hydrate")]
pub mod browser;
pub mod pages;
pub mod session;
pub mod shell;
pub mod ui;
