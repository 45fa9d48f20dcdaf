//! The client's session engine: a state machine without I/O.

mod reason;

pub use reason::EndReason;
