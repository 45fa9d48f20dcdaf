//! What administrators read, a page at a time: people, sessions, the audit log. And what a person is shown of the
//! latter. Reads only; what changes something is in [`crate::store`].
//!
//! A page begins behind a place in an order that no change of others moves, so that nothing is skipped or repeated,
//! and the last page costs as much as the first.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::audit::{Entry, Filter};
use crate::email::in_unicode;
use crate::store::{Seen, Session, SessionId, StoreError, User, UserId};
use crate::text::is_hidden;
use crate::time::Timestamp;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<Row, Place> {
    /// Its rows.
    pub rows: Vec<Row>,
    /// The last row's place, if there are rows behind it.
    pub next: Option<Place>,
}

impl<Row, Place> Page<Row, Place> {
    /// A page of at most so many rows, out of what one row more was asked for; `place` tells a row's place.
    pub fn cut(mut rows: Vec<Row>, most: u32, place: impl Fn(&Row) -> Place) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let is_more = rows.len() > most;
        rows.truncate(most);
        let next = if is_more { rows.last().map(place) } else { None };
        Self { rows, next }
    }
}

/// A person's place in a list of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserPlace {
    /// In the list of all of them, the newest first.
    Made {
        /// When the account was made.
        at: Timestamp,
        /// Tells accounts of one moment apart.
        id: UserId,
    },
    /// In what a search found, by the word.
    Found {
        /// The first of the person's [`words`] that the search found.
        word: String,
        /// Tells people with one word apart.
        id: UserId,
    },
}

/// A session's place in a list of sessions, the newest sign-in first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPlace {
    /// The sign-in.
    pub at: Timestamp,
    /// Tells sign-ins of one moment apart.
    pub sid: SessionId,
}

impl SessionPlace {
    /// The place of this session.
    pub fn of(session: &Session) -> Self {
        Self { at: session.created_at, sid: session.sid }
    }
}

/// The words by which a person is found: the address, the domain of it, both also as they are read where that is another
/// way, and each word of the name with all that stand behind it, so that a name is found as one types it. In the form of
/// [`searched`], in order, each once.
pub fn words(email: &str, name: &str) -> Vec<String> {
    let (name, read) = (folded(name), in_unicode(email));
    let emails = || [Some(email), read.as_deref()].into_iter().flatten();
    let domains = emails().filter_map(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
    let inner = name.match_indices(' ').filter_map(|(blank, _)| name.get(blank + 1..));
    let all = emails().chain([&*name]).chain(domains).chain(inner);
    let mut words: Vec<_> = all.map(folded).filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    words
}

/// What somebody typed into a search, in the form of the [`words`] that it looks for; `None` if that is nothing.
pub fn searched(text: &str) -> Option<String> {
    // Of an address with nothing before it, the domain is meant.
    Some(folded(text).trim_start_matches('@').to_owned()).filter(|text| !text.is_empty())
}

/// In NFC and lower case, with one blank between words and none around them, without what can't be seen (which comes from
/// pasting, and stands in names of before), and with one sigma: the other stands where a word ends, which a beginning of
/// it does elsewhere.
fn folded(text: &str) -> String {
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !is_hidden(*c)).nfc().collect();
    let lower: String = seen.to_lowercase().nfc().collect();
    lower.replace('ς', "σ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// See the module. Each method is one look.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// One person.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The person with this address, in the form in which it is kept: one of
    /// [`kept_forms`](crate::email::kept_forms).
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError>;

    /// People whose address is kept in a form of before, since another person has the one that it should have or it can't be an
    /// address any more; the oldest accounts first, at most so many. They sign in with the address as it was typed when
    /// the account was made.
    async fn old_addresses(&self, most: u32) -> Result<Vec<User>, StoreError>;

    /// People, the newest first; or those of whose [`words`] one begins with `search` (as [`searched`] gives it), each
    /// once, by that word. `after` is a place in the same list.
    async fn users(
        &self,
        search: Option<&str>,
        after: Option<&UserPlace>,
        most: u32,
    ) -> Result<Page<User, UserPlace>, StoreError>;

    /// Sessions, of one person or of all, that have not been ended, nor reached their absolute limit, nor gone without a
    /// rotation for `idle`; the newest sign-in first, with the time.
    async fn live_sessions(
        &self,
        user: Option<UserId>,
        idle: Duration,
        after: Option<SessionPlace>,
        most: u32,
    ) -> Result<Seen<Page<Session, SessionPlace>>, StoreError>;

    /// Entries of the audit log, the newest first. What only a newer server has a word for is passed over, here and in
    /// [`Records::notices`].
    async fn entries(&self, filter: &Filter, most: u32) -> Result<Vec<Entry>, StoreError>;

    /// What the person of this session is to be shown, in the order of their ids, so that none is put away unseen: notices
    /// about him that are no older than `window`, that this session has not seen yet, and that are not about this session
    /// itself. For one, he did that himself; for another, nothing may tell a session of its own renewals.
    async fn notices(
        &self,
        user: UserId,
        sid: SessionId,
        window: Duration,
        most: u32,
    ) -> Result<Vec<Entry>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_by_address_domain_and_every_name() {
        let found = words("ada@example.com", " Ada  LOVELACE\tAda");
        assert_eq!(found, ["ada", "ada lovelace ada", "ada@example.com", "example.com", "lovelace ada"]);
        assert_eq!(words("a", " "), ["a"]);
        let abroad = words("zoë@xn--bcher-kva.example", "");
        assert_eq!(
            abroad,
            ["bücher.example", "xn--bcher-kva.example", "zoë@bücher.example", "zoë@xn--bcher-kva.example"]
        );
    }

    #[test]
    fn what_is_typed_gets_the_form_of_what_is_kept() {
        assert_eq!(searched("  Ada\u{a0} LOVE "), Some("ada love".to_owned()));
        assert!(words("a", "Οδυσσέας").concat().contains(&searched("ΟΔΥΣ").unwrap_or_default()));
        assert_eq!(searched("@Example.com"), Some("example.com".to_owned()));
        assert_eq!(searched("ZOE\u{308}\u{200b} \u{202e}x"), Some("zoë x".to_owned()));
        assert_eq!(words("a", "Zoe\u{308}\u{200b}"), words("a", "zoë"));
        assert_eq!(searched("ISTANBU\u{308}L\u{308}").as_deref(), Some("istanbül\u{308}"));
        for nothing in ["", " ", "\t\u{2003}", "@", "\u{200b}"] {
            assert_eq!(searched(nothing), None);
        }
    }
}
