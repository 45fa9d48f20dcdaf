//! (in work)

use crate::Scale;
use crate::report::Chapter;

/// Runs the chapter.
///
/// # Errors
/// What kept it from being shown at all.
pub async fn show(_scale: Scale, _report: &mut Chapter<'_>) -> anyhow::Result<()> {
    Ok(())
}
