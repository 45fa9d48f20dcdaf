//! Durations, names and reasons as people say them. Pure, and the same on server and client.

use std::net::Ipv4Addr;

use lanyard_client::EndReason;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::api::{ApiError, ErrorCode};
use crate::session::Cause;

/// What is left, as a clock that runs down: `9:18`, `1:02:03`. Rounded up, so that `0:00` means over.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from a float, `as` keeps within the integer's bounds"
)]
pub fn countdown(ms: f64) -> String {
    let seconds = (ms / 1000.0).ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// How long something lasts: `15 minutes`, `1 day`, `36 hours`.
pub fn lasting(ms: u64) -> String {
    const SECOND: u64 = 1000;
    const UNITS: [(u64, &str); 3] =
        [(86_400 * SECOND, "day"), (3600 * SECOND, "hour"), (60 * SECOND, "minute")];
    let (unit, name) = UNITS
        .into_iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit))
        .unwrap_or((SECOND, "second"));
    let number = ms.div_ceil(unit);
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// A name among other text where no element keeps its direction to itself, as in a page's title: what is written from right
/// to left stays between its neighbours.
pub fn isolated(name: &str) -> String {
    let is_from_right_to_left = |c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    };
    if name.contains(is_from_right_to_left) { format!("\u{2068}{name}\u{2069}") } else { name.to_owned() }
}

/// The letters for a person without a picture: of the first and of the last name. A letter is what is seen as one, so that
/// no emoji is cut in two.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next();
    let last = words.next_back();
    [first, last]
        .into_iter()
        .flatten()
        .filter_map(|word| word.graphemes(true).next())
        .map(str::to_uppercase)
        .collect()
}

/// What one calls a person.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or("you")
}

/// What a browser and its system are called, as far as they are known: a guess from what the browser says of itself.
pub fn device(browser: Option<&str>, system: Option<&str>) -> String {
    let browser = browser.unwrap_or("Unknown browser");
    match system {
        Some(system) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    }
}

/// Where browsers keep the refresh cookie, for somebody whose browser did not keep it here: never the place where they are.
pub fn cookie_kept(protocol: &str, host: &str) -> &'static str {
    let local = host == "localhost"
        || host == "[::1]"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    match protocol {
        "https:" => {
            "Cookies are blocked for this site: allow them in the browser's settings, then sign in again."
        }
        _ if local => {
            "Safari, GNOME Web and whatever else is made of WebKit keep it over https only, on this address too: open the page \
             over https, or in another browser, such as Firefox or Chrome. Those keep it here, unless cookies are blocked."
        }
        _ => {
            "Browsers keep it over https only: open the page there. On the computer that the server runs on, http://localhost \
             does as well, except in Safari and other browsers made of WebKit."
        }
    }
}

/// What became of somebody's other sessions. None may have been there, or the browser asked twice, since it got no answer.
pub fn others_ended(number: usize) -> String {
    match number {
        0 => "No other session is open now.".to_owned(),
        1 => "One other session was ended.".to_owned(),
        _ => format!("{number} other sessions were ended."),
    }
}

/// What became of all sessions of somebody else.
pub fn kicked_out(number: usize) -> String {
    match number {
        0 => "No session is open now.".to_owned(),
        1 => "One session was ended.".to_owned(),
        _ => format!("{number} sessions were ended."),
    }
}

/// Why a badge was issued, in a word for the badge itself.
pub const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::SignIn => "sign-in",
        Cause::Restored => "reopened",
        Cause::Timer => "timer",
        Cause::Unauthorized => "401",
        Cause::Woke => "woke up",
        Cause::Asked => "by hand",
        Cause::Peer => "other tab",
    }
}

/// Why a badge was issued, in a clause for the journal.
pub const fn cause_told(cause: Cause) -> &'static str {
    match cause {
        Cause::SignIn => "you signed in",
        Cause::Restored => "the session was taken up again",
        Cause::Timer => "by the timer, before the old one expired",
        Cause::Unauthorized => "after a 401",
        Cause::Woke => "the page woke up with one that was too old",
        Cause::Asked => "you asked for it",
        Cause::Peer => "another tab renewed and shared it",
    }
}

/// Why something was refused, and how long to wait where the server says so.
pub fn refused(error: &ApiError) -> String {
    match (error.error, error.retry_after) {
        (ErrorCode::TooManyRequests, Some(seconds)) => {
            format!("Too many attempts. Please try again in {}.", lasting(u64::from(seconds) * 1000))
        }
        _ => error.message.clone(),
    }
}

/// Why a session is over, and what that means for the person: a heading and a sentence.
pub const fn ended(reason: EndReason) -> (&'static str, &'static str) {
    match reason {
        EndReason::SignedOut => ("You are signed out.", "In this browser, in every tab."),
        EndReason::Replaced => {
            ("Somebody else signed in here.", "A browser holds one session at a time. Sign in to take over.")
        }
        EndReason::Expired => {
            ("Your session expired.", "You were away for long, or signed in long ago. Sign in to go on.")
        }
        EndReason::TokenReused => (
            "A sign-in token was used twice.",
            "Somebody may hold a copy, so we ended the session, and every copy is worthless now. Sign in to go \
             on. Unless you restored or copied this browser's data yourself, change your password then, and look \
             through your devices.",
        ),
        EndReason::Unconfirmed => (
            "We could not make sure that it is still you.",
            "Several renewals in a row never arrived, so we ended the session. Sign in to go on.",
        ),
        EndReason::EndedElsewhere => (
            "You ended this session from another device.",
            "Sign in to go on. If that was not you, change your password then, and end what you don't know among \
             your devices.",
        ),
        EndReason::KickedOut => (
            "Your session was ended.",
            "By an administrator, or by whoever runs this service. Sign in to go on.",
        ),
        EndReason::PasswordChanged => (
            "The password was changed.",
            "That ends every other session. Sign in with the new one; if it was not you who changed it, ask whoever \
                 runs this service to close the account.",
        ),
        EndReason::AccountDisabled => {
            ("This account is closed.", "If that is a mistake, ask whoever runs this service.")
        }
        EndReason::CookieRefused => (
            "Your badge expired, and there was no passport.",
            "This browser keeps no cookie of ours, so nothing could renew the badge.",
        ),
        EndReason::Unknown => {
            ("This session is not known here any more.", "Sign in again; nothing of yours is lost.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_is_over_only_at_its_end() {
        for (ms, expected) in [
            (f64::NAN, "0:00"),
            (-1.0, "0:00"),
            (0.0, "0:00"),
            (0.5, "0:01"),
            (1000.0, "0:01"),
            (1001.0, "0:02"),
            (558_000.0, "9:18"),
            (3_723_000.0, "1:02:03"),
        ] {
            assert_eq!(countdown(ms), expected, "{ms}");
        }
    }

    #[test]
    fn durations_take_the_largest_unit_that_fits() {
        for (ms, expected) in [
            (0, "0 seconds"),
            (1_000, "1 second"),
            (2_500, "3 seconds"),
            (90_000, "90 seconds"),
            (900_000, "15 minutes"),
            (3_600_000, "1 hour"),
            (129_600_000, "36 hours"),
            (2_592_000_000, "30 days"),
        ] {
            assert_eq!(lasting(ms), expected);
        }
    }

    #[test]
    fn nobody_is_sent_to_where_they_are() {
        for host in ["localhost", "app.localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            let told = cookie_kept("http:", host);
            assert!(told.contains("over https") && told.contains("another browser"), "{host}: {told}");
            assert!(!told.contains("localhost"), "{host}: {told}");
        }
        for host in ["192.168.0.7", "lanyard.example", "localhost.example"] {
            assert!(cookie_kept("http:", host).contains("http://localhost"), "{host}");
        }
        for host in ["localhost", "lanyard.example"] {
            let told = cookie_kept("https:", host);
            assert!(told.contains("allow") && !told.contains("over https"), "{host}: {told}");
        }
    }

    #[test]
    fn a_device_is_called_by_what_is_known_of_it() {
        assert_eq!(device(Some("Firefox"), Some("Linux")), "Firefox on Linux");
        assert_eq!(device(Some("Firefox"), None), "Firefox");
        assert_eq!(device(None, Some("Linux")), "Unknown browser on Linux");
        assert_eq!(device(None, None), "Unknown browser");
    }

    #[test]
    fn whoever_is_refused_learns_how_long_to_wait() {
        let error = ApiError { retry_after: Some(120), ..ApiError::new(ErrorCode::TooManyRequests) };
        assert_eq!(refused(&error), "Too many attempts. Please try again in 2 minutes.");
        assert_eq!(refused(&ApiError::new(ErrorCode::NotFound)), ErrorCode::NotFound.text());
    }

    #[test]
    fn names_need_not_be_english() {
        assert_eq!(initials("Ada Lovelace"), "AL");
        assert_eq!(initials("  grace  brewster murray hopper "), "GH");
        assert_eq!(initials("Øyvind"), "Ø");
        assert_eq!(initials("ßen"), "SS");
        assert_eq!(initials("👩\u{200d}🚀 Ada 👨\u{200d}👩\u{200d}👧"), "👩\u{200d}🚀👨\u{200d}👩\u{200d}👧");
        assert_eq!(initials("🇩🇪🇫🇷"), "🇩🇪");
        assert_eq!(initials("❤\u{fe0f}x ę\u{301}x"), "❤\u{fe0f}Ę\u{301}");
        assert_eq!(initials(" "), "");
        assert_eq!(first_name("Ada Lovelace"), "Ada");
        assert_eq!(first_name(""), "you");
    }

    #[test]
    fn a_name_from_right_to_left_keeps_to_itself() {
        for as_it_is in ["Ada", "Zoë", "김철수", "👩\u{200d}🚀", ""] {
            assert_eq!(isolated(as_it_is), as_it_is);
        }
        for name in ["أحمد", "שמעון", "Ada (عادة)"] {
            assert_eq!(isolated(name), format!("\u{2068}{name}\u{2069}"));
        }
    }
}
