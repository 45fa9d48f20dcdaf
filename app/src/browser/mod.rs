//! Performs the engine's effects.
