//! The engine, point by point of the design's list.
// Clippy's exemption for tests does not reach their helpers.
#![allow(clippy::cast_possible_truncation, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod accounts;
mod calls;
mod ending;
mod renewal;
mod tab;
mod tabs;
mod timing;
