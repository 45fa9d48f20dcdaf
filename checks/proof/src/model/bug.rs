//! The bugs that can be planted into the model's server. Nothing that is shipped knows of them.

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The write does not compare the row with what was read.
    NoCompare,
    /// The answer goes out before the commit.
    AnswerBeforeCommit,
    /// The handler that finds reuse returns an error, and its transaction is rolled back with it.
    RollbackOnReuse,
    /// A retry inside the window rotates once more, instead of getting the same successor.
    WindowForks,
    /// A retry inside the window gets a fresh successor that is stored nowhere.
    FreshOnRetry,
    /// Times count whole seconds: here, units of two ticks.
    WholeSeconds,
    /// Only the server that rotated knows the token before.
    WindowInMemory,
    /// The first use of an access token confirms, however early.
    ConfirmAtFirstUse,
    /// The hint is not asked for.
    ConfirmWithoutHint,
    /// Rule 1 sets the cookie again.
    CookieInRule1,
    /// Rule 4 sets the old cookie again.
    CookieInRule4,
    /// Rule 4 hands out the successor, as rule 3 does.
    SuccessorInRule4,
    /// Rule 5 never ends the session.
    EndlessRecoveries,
    /// A confirmation is written whatever generation it was asked for.
    ConfirmWrongGeneration,
    /// A kick-out raises the user's version and leaves the sessions' rows alone.
    KickOutUsersOnly,
    /// Theft is judged as soon as the retry window is over.
    NoSettling,
    /// A token's tag is not verified.
    TagNotChecked,
    /// The compare-and-swap does not ask whether the session was ended.
    RotatesEnded,
    /// An access token may outlive its session.
    AccessOutlivesSession,
    /// Rule 4's access token lives as long as any other.
    LongTokenInRule4,
    /// Rule 4's access token is one of the newest generation, and confirms it.
    ConfirmsByRule4,
    /// Rule 5 hands out the same successor once more, instead of going forward.
    SameInRule5,
    /// Rule 5 asks to try again later.
    NoRecovery,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 23] = [
        Self::NoCompare,
        Self::AnswerBeforeCommit,
        Self::RollbackOnReuse,
        Self::WindowForks,
        Self::FreshOnRetry,
        Self::WholeSeconds,
        Self::WindowInMemory,
        Self::ConfirmAtFirstUse,
        Self::ConfirmWithoutHint,
        Self::CookieInRule1,
        Self::CookieInRule4,
        Self::SuccessorInRule4,
        Self::EndlessRecoveries,
        Self::ConfirmWrongGeneration,
        Self::KickOutUsersOnly,
        Self::NoSettling,
        Self::TagNotChecked,
        Self::RotatesEnded,
        Self::AccessOutlivesSession,
        Self::LongTokenInRule4,
        Self::ConfirmsByRule4,
        Self::SameInRule5,
        Self::NoRecovery,
    ];
}
