//! The client's session engine: a state machine without I/O that keeps a person signed in.
//!
//! ```text
//! Engine::step(now, input) -> effects
//! ```
//!
//! The driver (`app::browser`, or a test, or a model checker) tells the engine what happened and performs
//! what it asks for. The engine holds no token text, no clock, no randomness and no timer of its own.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`message`] | the vocabulary: inputs, effects and what they are made of |
//! | [`engine`] | who is signed in, and what each input does to that |
//! | `desk` | the errands to `/auth/*`: lock, one request at a time, back-off |
//! | `jar` | the hint cookie and the noted sign-out, which all tabs share |
//! | `calls` | the interceptor: calls that are under way or wait for a badge |
//! | `badge` | when to renew, when a badge is over, how long to rest |
//! | [`now`] | the two clocks, the hint cookie and the random number of one step |

mod badge;
mod calls;
mod desk;
pub mod engine;
mod jar;
pub mod message;
pub mod now;
mod reason;

pub use badge::Badge;
pub use engine::{Engine, Standing};
pub use jar::Jar;
pub use message::*;
pub use now::{Moment, Now};
pub use reason::EndReason;
