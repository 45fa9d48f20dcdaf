//! Ratios of what criterion has measured in this run.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// The mean time of a benchmark, in nanoseconds, from criterion's own files.
fn mean(group: &str, name: &str) -> anyhow::Result<f64> {
    let folder =
        std::env::var_os("CRITERION_HOME").context("CRITERION_HOME is set by `cargo xtask bench`")?;
    let file = Path::new(&folder).join(group).join(name).join("new").join("estimates.json");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let estimates: Value = serde_json::from_str(&text)?;
    estimates.pointer("/mean/point_estimate").and_then(Value::as_f64).context("criterion has no mean")
}

/// Prints how many times as long as `to` each of the others takes.
pub fn print(group: &str, to: &str, others: &[&str]) -> anyhow::Result<()> {
    let unit = mean(group, to)?;
    println!("\n{group}, as ratios to \"{to}\":");
    for name in others {
        println!("  {:>8.3}  {name}", mean(group, name)? / unit);
    }
    Ok(())
}
