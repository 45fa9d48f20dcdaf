//! The lanyard binary.

fn main() {}
