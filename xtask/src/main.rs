//! Build, serve, test: one command each.

fn main() {}
