//! How people are found by how a word begins, whichever database keeps the words. For the `records` and
//! `words` modules alone.
//!
//! A word of a name stands with those behind it, "ada lovelace" and "lovelace". A person's words are kept in their
//! order, each with the number of its first letters that the one before it has too. Of those that begin with what
//! is searched for, only the smallest shares fewer letters than that has: so each person is found once, and what is read
//! are ranges of an index, one for each number of letters.

use lanyard_auth::records::{self, UserPlace};
use lanyard_auth::store::UserId;
use uuid::Uuid;

/// One of the words of a person.
pub struct Word {
    pub word: String,
    /// So many of its first letters begin the person's next smaller word too.
    pub shared: i32,
}

/// The words of a person with this address and name.
pub fn words(email: &str, name: &str) -> Vec<Word> {
    let mut before = String::new();
    records::words(email, name)
        .into_iter()
        .map(|word| {
            let shared = before.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
            before.clone_from(&word);
            Word { word, shared: i32::try_from(shared).unwrap_or(i32::MAX) }
        })
        .collect()
}

/// A search, or its next page.
pub struct Search {
    /// Behind this one.
    pub after: (String, UserId),
    /// Before this word.
    pub end: String,
    /// The words that share fewer letters than this with the one before them.
    pub letters: i32,
}

impl Search {
    /// For the words that begin with `prefix`, behind a place among them.
    pub fn new(prefix: &str, after: Option<&UserPlace>) -> Self {
        // Nobody has this id, which is before every other.
        let start = (prefix.to_owned(), UserId(Uuid::nil()));
        let after = match after {
            Some(UserPlace::Found { word, id }) => start.max((word.clone(), *id)),
            Some(UserPlace::Made { .. }) | None => start,
        };
        // No word has this sign: it is no character, and never will be.
        let end = format!("{prefix}{}", char::MAX);
        Self { after, end, letters: i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that a search finds among a person's words.
    fn found(prefix: &str, email: &str, name: &str) -> Vec<String> {
        let search = Search::new(prefix, None);
        let found = words(email, name).into_iter().filter(|Word { word, shared }| {
            *shared < search.letters
                && (word, &UserId(Uuid::max())) > (&search.after.0, &search.after.1)
                && *word < search.end
        });
        found.map(|found| found.word).collect()
    }

    #[test]
    fn a_person_is_found_once_by_the_smallest_word() {
        let ada = |prefix| found(prefix, "ada@adastra.example", "Adam Ada O'Ádam");
        assert_eq!(ada("a"), ["ada o'ádam"]);
        assert_eq!(ada("ada"), ["ada o'ádam"]);
        assert_eq!(ada("ada "), ["ada o'ádam"]);
        assert_eq!(ada("ada@"), ["ada@adastra.example"]);
        assert_eq!(ada("adam"), ["adam ada o'ádam"]);
        assert_eq!(ada("adam ada o"), ["adam ada o'ádam"]);
        assert_eq!(ada("adas"), ["adastra.example"]);
        assert_eq!(ada("o'á"), ["o'ádam"]);
        for none in ["b", "adab", "adamm", "adam o", "da", "adastra.examplee", "á"] {
            assert_eq!(ada(none), [""; 0], "{none}");
        }
    }
}
