//! The WASM entry point.
#![cfg(target_arch = "wasm32")]
