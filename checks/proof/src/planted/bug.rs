//! The bugs that somebody might have made, and which check must see each. For `planted`.

use super::checks::Check;
use crate::races::endings::Ending;

/// What somebody might have got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The rotation reads the row, compares, and then writes without comparing.
    ReadThenWrite,
    /// The rotation's answer goes out, and the commit follows.
    AnswerBeforeCommit,
    /// The rotation asks only for the generation, not whether the session was ended.
    RotatesWhatWasEnded,
    /// Nor does a look at the row say that the session was ended, or its user closed or changed.
    EndOverlooked,
    /// The end of a session for theft is rolled back, because the answer is an error.
    ReuseRolledBack,
    /// Signing out everywhere raises the user's version and leaves the sessions alone.
    KickOutOfUsersAlone,
    /// The end of all other sessions does not say which those were.
    OthersUntold,
    /// A password change raises no version, and ends the other sessions only if they are still as it saw them.
    PasswordChangeCrossed,
    /// A sign-in's last statement does not ask whether the user was closed or changed since he was read.
    SignInUnasked,
    /// A confirmation is written whatever generation it was for.
    LateConfirmation,
    /// A confirmation is written however young the generation is.
    EarlyConfirmation,
    /// Times are kept in whole seconds.
    WholeSeconds,
    /// What the retry window needs is kept in the memory of the node that rotated.
    WindowInMemory,
    /// Sessions are removed that were not renewed for a day.
    UnusedRemoved,
    /// A removal keeps its lock while it pauses.
    RemovalKeepsLock,
    /// What fills the revocation set at start is the users alone.
    EndedForgotten,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::ReadThenWrite,
        Self::AnswerBeforeCommit,
        Self::RotatesWhatWasEnded,
        Self::EndOverlooked,
        Self::ReuseRolledBack,
        Self::KickOutOfUsersAlone,
        Self::OthersUntold,
        Self::PasswordChangeCrossed,
        Self::SignInUnasked,
        Self::LateConfirmation,
        Self::EarlyConfirmation,
        Self::WholeSeconds,
        Self::WindowInMemory,
        Self::UnusedRemoved,
        Self::RemovalKeepsLock,
        Self::EndedForgotten,
    ];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadThenWrite => "read, then write without the compare",
            Self::AnswerBeforeCommit => "answer before the commit",
            Self::RotatesWhatWasEnded => "a rotation that does not ask for the end",
            Self::EndOverlooked => "a look at the row that overlooks the end",
            Self::ReuseRolledBack => "rollback because the reuse handler returned an error",
            Self::KickOutOfUsersAlone => "a kick-out that touches only users",
            Self::OthersUntold => "an end of the other sessions that does not say which",
            Self::PasswordChangeCrossed => "a password change that a renewal crosses",
            Self::SignInUnasked => "a sign-in that does not ask for the user as he is",
            Self::LateConfirmation => "a late confirmation of the wrong generation",
            Self::EarlyConfirmation => "confirmation before the settling time",
            Self::WholeSeconds => "whole-second times",
            Self::WindowInMemory => "the window kept in memory",
            Self::UnusedRemoved => "removal of what was not used for a day",
            Self::RemovalKeepsLock => "a removal that keeps its lock while it pauses",
            Self::EndedForgotten => "a revocation set that forgets ended sessions at a restart",
        }
    }

    /// What the checks that are made for it say then.
    pub fn shows_as(self) -> &'static str {
        match self {
            Self::ReadThenWrite => "different successors",
            Self::AnswerBeforeCommit => "the refresh token is not known",
            Self::RotatesWhatWasEnded => "rotations were written after the end",
            Self::EndOverlooked => "a session was renewed after its end",
            // It was not ended.
            Self::ReuseRolledBack
            | Self::KickOutOfUsersAlone
            | Self::PasswordChangeCrossed
            | Self::SignInUnasked => "the row says None",
            Self::OthersUntold => "an access token survives its session",
            Self::LateConfirmation => "confirmed: true",
            Self::EarlyConfirmation => "confirmed before it had settled",
            Self::WholeSeconds => "no refresh token was handed out",
            Self::WindowInMemory => "does not match the stored hash",
            Self::UnusedRemoved => "a live session was removed",
            Self::RemovalKeepsLock => "a renewal was held up",
            Self::EndedForgotten => "an access token is good again after a restart",
        }
    }

    /// The checks that are made for it.
    pub fn seen_by(self) -> &'static [Check] {
        match self {
            Self::ReadThenWrite => &[Check::Burst],
            Self::AnswerBeforeCommit => &[Check::Committed],
            Self::RotatesWhatWasEnded => &[Check::Renewals(Ending::SignOut)],
            Self::EndOverlooked => &[Check::Renewals(Ending::Disable)],
            Self::ReuseRolledBack => &[Check::Renewals(Ending::Theft)],
            Self::KickOutOfUsersAlone => &[Check::Renewals(Ending::KickOut)],
            Self::OthersUntold => &[Check::Renewals(Ending::EndOthers)],
            Self::PasswordChangeCrossed => &[Check::Renewals(Ending::PasswordChange)],
            Self::SignInUnasked => &[
                Check::SignIns(Ending::KickOut),
                Check::SignIns(Ending::PasswordChange),
                Check::SignIns(Ending::Disable),
            ],
            Self::LateConfirmation | Self::EarlyConfirmation => &[Check::Confirmation],
            Self::WholeSeconds => &[Check::Retry],
            Self::WindowInMemory => &[Check::Elsewhere],
            Self::UnusedRemoved | Self::RemovalKeepsLock => &[Check::Removal],
            Self::EndedForgotten => &[Check::Restart],
        }
    }
}
