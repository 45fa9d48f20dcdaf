//! The model and the real thing do not agree: the one error of a replay that is a finding about either.

use std::fmt;

/// What the model says, and what really happened.
#[derive(Debug)]
pub struct Differs(String);

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Differs {}

/// Something is not as the model says.
///
/// # Errors
/// Always.
pub fn differs<T>(what: &str, model: impl fmt::Debug, real: impl fmt::Debug) -> anyhow::Result<T> {
    Err(Differs(format!("{what}: the model says {model:?}, really it is {real:?}")).into())
}

/// Both must be the same.
///
/// # Errors
/// [`Differs`], when they are not.
pub fn same<T: fmt::Debug + PartialEq>(what: &str, model: T, real: T) -> anyhow::Result<()> {
    if model == real { Ok(()) } else { differs(what, model, real) }
}
