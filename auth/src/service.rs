//! Being written.

/// Being written.
pub struct Service;
/// Being written.
pub struct Settings;
