//! Benchmarks, run by `cargo xtask bench`. Each says what it costs as a ratio to something that everybody knows, out of
//! one run: these hold on any machine, milliseconds don't.
//!
//! | Bench | What it shows |
//! |---|---|
//! | `access` | checking an access token, beside the bare check of its signature |
//! | `people` | a page of a million people, beside a page of a thousand |
