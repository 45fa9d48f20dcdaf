//! The audit log in words: for administrators, and for the person whom something concerns. Pure, and the same on server and
//! client.

use lanyard_client::EndReason;

use super::{links, words};
use crate::api::admin::{Actor, AuditEntry, AuditEvent, Notice};

/// What an entry says, in a line.
pub fn entry(it: &AuditEntry) -> &'static str {
    match (it.event, it.detail.as_deref()) {
        // Whose it was is known.
        (AuditEvent::AuthnLoginFail, None) if it.user.is_some() => "Wrong password",
        (event, detail) => self::event(event, detail),
    }
}

/// Which session an entry is about, if that is used elsewhere than where the entry comes from.
pub fn session(it: &AuditEntry) -> Option<String> {
    let (browser, system) = (it.session_browser.as_deref(), it.session_system.as_deref());
    let same = it.session_browser == it.browser && it.session_system == it.system;
    let is_known = browser.is_some() || system.is_some();
    (is_known && !same).then(|| format!("the session last used in {}", words::device(browser, system)))
}

/// Who did what an entry tells of, unless it was an administrator.
pub const fn actor(it: &AuditEntry) -> &'static str {
    match (it.event, it.actor) {
        // Whoever it was: he did not get in.
        (
            AuditEvent::AuthnLoginFail | AuditEvent::AuthnLoginFailMax | AuditEvent::AuthnPasswordChangeFail,
            Actor::Server,
        ) => "unknown",
        (_, Actor::Admin) => "an administrator",
        (_, Actor::Owner) => "the person",
        (_, Actor::CommandLine) => "the command line",
        (_, Actor::Server) => "the server",
    }
}

/// What happened, in a line; without a detail, what such an event is in general.
pub fn event(event: AuditEvent, detail: Option<&str>) -> &'static str {
    match (event, detail) {
        (AuditEvent::UserCreated, _) => "Account made",
        (AuditEvent::UserUpdated, Some("renamed")) => "Name changed",
        (AuditEvent::UserUpdated, Some("disabled")) => "Account closed",
        (AuditEvent::UserUpdated, Some("enabled")) => "Account opened again",
        (AuditEvent::UserUpdated, _) => "Account renamed, closed or opened",
        (AuditEvent::AuthnLoginSuccess, Some("new_browser")) => "Signed in, from a browser not seen before",
        (AuditEvent::AuthnLoginSuccess, Some("new_network")) => "Signed in, from a network not seen before",
        (AuditEvent::AuthnLoginSuccess, _) => "Signed in",
        (AuditEvent::AuthnLoginFail, Some("disabled")) => "Right password, but the account is closed",
        (AuditEvent::AuthnLoginFail, _) => "Wrong password, or no such address",
        (AuditEvent::AuthnLoginFailMax, _) => "Many wrong passwords in a short time",
        (AuditEvent::AuthnPasswordChange, _) => "Password changed, all other sessions ended",
        (AuditEvent::AuthnPasswordChangeFail, _) => "Password not changed: the current one was wrong",
        (AuditEvent::AuthnTokenRevoked, reason) => reason.and_then(links::named).map_or("Session ended", end),
        (AuditEvent::AuthnTokenReuse, _) => "Replaced refresh token used again, session ended",
        (AuditEvent::SessionRenewed, Some("recovered")) => "Renewed once more, after a lost answer",
        (AuditEvent::SessionRenewed, Some("new_browser")) => "Renewed from another browser",
        (AuditEvent::SessionRenewed, Some("new_network")) => "Renewed from another network",
        (AuditEvent::SessionRenewed, _) => "Renewed in an unusual way",
        (AuditEvent::ExcessRateLimitExceeded, _) => "Renewed far too often",
        (AuditEvent::AuthzFail, _) => "Asked for what only administrators may do",
        (AuditEvent::AuthzChange, Some("admin")) => "Made an administrator",
        (AuditEvent::AuthzChange, Some("user")) => "Administrator no longer",
        (AuditEvent::AuthzChange, _) => "Role changed",
    }
}

const fn end(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "Signed out",
        EndReason::Replaced => "Session ended: another sign-in in the same browser",
        EndReason::Expired => "Session ended: expired",
        EndReason::TokenReused => "Session ended: a refresh token was used again",
        EndReason::Unconfirmed => "Session ended: its renewals never arrived",
        EndReason::EndedElsewhere => "Session ended from another device",
        EndReason::KickedOut => "Session ended by an administrator",
        EndReason::PasswordChanged => "Session ended: password changed",
        EndReason::AccountDisabled => "Session ended: account closed",
        EndReason::Unknown | EndReason::CookieRefused => "Session ended",
    }
}

/// Whether somebody ought to look into it.
pub const fn is_alarming(event: AuditEvent) -> bool {
    match event {
        AuditEvent::AuthnLoginFailMax
        | AuditEvent::AuthnTokenReuse
        | AuditEvent::ExcessRateLimitExceeded
        | AuditEvent::AuthzFail => true,
        AuditEvent::UserCreated
        | AuditEvent::UserUpdated
        | AuditEvent::AuthnLoginSuccess
        | AuditEvent::AuthnLoginFail
        | AuditEvent::AuthnPasswordChange
        | AuditEvent::AuthnPasswordChangeFail
        | AuditEvent::AuthnTokenRevoked
        | AuditEvent::SessionRenewed
        | AuditEvent::AuthzChange => false,
    }
}

/// That there are notices, for who can't see them come; nothing when there are none.
pub fn how_many_notices(number: usize) -> Option<String> {
    match number {
        0 => None,
        1 => Some("There is something to look at.".to_owned()),
        many => Some(format!("There are {many} things to look at.")),
    }
}

/// What opens notices that have come meanwhile.
pub fn new_notices(number: usize) -> String {
    format!("{number} new notice{}", if number == 1 { "" } else { "s" })
}

/// What a person is told of something.
pub struct Told {
    /// What happened: a heading.
    pub what: String,
    /// What it may mean, and what to do.
    pub advice: &'static str,
    /// Where that is done: a link's words, and its address.
    pub ways: &'static [(&'static str, &'static str)],
}

const PASSWORD: (&str, &str) = ("Change the password", links::ACCOUNT);
const DEVICES: (&str, &str) = ("Your devices", links::DEVICES);
const ADMINISTRATION: (&str, &str) = ("Administration", links::ADMIN);

/// What the person whom a notice concerns is told of it.
pub fn notice(notice: &Notice) -> Told {
    let from = || words::device(notice.browser.as_deref(), notice.system.as_deref());
    let told = |what: String, advice, ways| Told { what, advice, ways };
    let is_live = notice.session_id.is_some();
    match (notice.event, notice.detail.as_deref()) {
        (AuditEvent::AuthnLoginSuccess, detail) => {
            let network = if detail == Some("new_network") { ", in another network" } else { "" };
            let advice = if is_live { NOT_YOU } else { WAS_NOT_YOU };
            told(format!("New sign-in from {}{network}", from()), advice, &[PASSWORD])
        }
        (AuditEvent::SessionRenewed, Some("new_network")) => told(
            format!("{} goes on in another network", from()),
            if is_live { TRAVELLED } else { OVER },
            &[],
        ),
        (AuditEvent::SessionRenewed, _) => {
            told(format!("A session of yours goes on in {}", from()), if is_live { MOVED } else { OVER }, &[])
        }
        (AuditEvent::AuthnTokenReuse, _) => {
            told("A sign-in token of yours was used twice".to_owned(), STOLEN, &[PASSWORD, DEVICES])
        }
        (AuditEvent::AuthnLoginFailMax, _) => {
            told("Many wrong passwords were tried on your account".to_owned(), GUESSED, &[PASSWORD, DEVICES])
        }
        (AuditEvent::ExcessRateLimitExceeded, _) => {
            let advice = if is_live { RESTLESS } else { OVER };
            told("A session of yours is renewed far too often".to_owned(), advice, &[])
        }
        // Whoever changed it knows it; who did not can't change it.
        (AuditEvent::AuthnPasswordChange, _) => {
            told("Your password was changed".to_owned(), NEW_PASSWORD, &[DEVICES])
        }
        (AuditEvent::AuthzChange, Some("admin")) => {
            told("You are an administrator now".to_owned(), PROMOTED, &[ADMINISTRATION])
        }
        (AuditEvent::AuthzChange, _) => told("You are no administrator any more".to_owned(), DEMOTED, &[]),
        // Nothing else is meant for the person; a newer server may think otherwise.
        (other, detail) => told(event(other, detail).to_owned(), "", &[DEVICES]),
    }
}

const NOT_YOU: &str = "Not you? Sign it out, then change your password: somebody knows it.";
const WAS_NOT_YOU: &str =
    "That session has ended meanwhile. If it was not you, change your password: somebody knows it.";
const TRAVELLED: &str =
    "If you have not been travelling, sign it out: somebody may hold a copy of its cookie.";
const MOVED: &str = "That browser was another one before. Unless you updated or copied it, sign it out: somebody may hold a \
                     copy of its cookie.";
const OVER: &str =
    "That session has ended meanwhile. If somebody held a copy of its cookie, it is worthless now.";
const STOLEN: &str = "Somebody may hold a copy of it. We ended that session, so every copy is worthless. Unless you restored \
                      or copied a browser's data yourself, change your password, and end what you don't know among your \
                      devices.";
const GUESSED: &str = "Somebody may be guessing, or you forgot it yourself. Whoever got in is among your devices. A password that \
                       you use nowhere else, of several unusual words, keeps others out.";
const RESTLESS: &str =
    "A page or a program may be broken, or somebody holds a copy. If you don't know why, sign it out.";
const NEW_PASSWORD: &str =
    "Not you? Then somebody else has the new one: ask whoever runs this service to close the account.";
const PROMOTED: &str = "Another administrator has changed that, or whoever runs this service. You see and end everybody's sessions now.";
const DEMOTED: &str = "Another administrator has changed that, or whoever runs this service. If you didn't expect it, ask \
                       them. You are still signed in.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_told_in_words_of_its_own() {
        let mut told: Vec<_> = AuditEvent::ALL.into_iter().map(|it| event(it, None)).collect();
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), AuditEvent::ALL.len());
        assert_eq!(
            event(AuditEvent::AuthnTokenRevoked, Some("kicked_out")),
            "Session ended by an administrator"
        );
        assert_eq!(event(AuditEvent::AuthnTokenRevoked, Some("struck_by_lightning")), "Session ended");
        assert_eq!(
            event(AuditEvent::AuthnLoginSuccess, Some("new_browser")),
            "Signed in, from a browser not seen before"
        );
    }

    #[test]
    fn a_session_is_named_where_an_entry_comes_from_elsewhere() {
        let text = |text: &str| Some(text.to_owned());
        let mut entry = AuditEntry {
            id: 1,
            at: 0,
            event: AuditEvent::AuthnTokenRevoked,
            detail: text("ended_elsewhere"),
            actor: Actor::Owner,
            admin: None,
            user: None,
            session_id: None,
            browser: text("Firefox"),
            system: text("Linux"),
            network: None,
            session_browser: text("Chrome"),
            session_system: text("Linux"),
            session_network: None,
        };
        assert_eq!(session(&entry), text("the session last used in Chrome on Linux"));
        entry.session_browser = text("Firefox");
        assert_eq!(session(&entry), None);
        (entry.session_browser, entry.session_system) = (None, None);
        assert_eq!(session(&entry), None, "it is forgotten");
    }
}
