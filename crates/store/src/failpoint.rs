//! Places at which the crash harness (`proof`) ends the process. For the two stores alone.

/// A named place. Without the feature `failpoints`, which no release has, it is nothing at all.
///
/// Each write has two, before and after its commit. Where one statement is the whole transaction, as on
/// Postgres, "before" is before it is sent.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name);
    };
}
