//! What people write and others read: names. One form for each, and nothing in it that can't be seen or that covers what
//! stands beside it.
//!
//! Text is kept in Unicode's form NFC, so that one name typed on two systems is the same. Of what can't be seen, only what
//! some languages and emoji need is taken, and only where they need it (as RFC 5892, A.1 and A.2 have it).

use std::iter::Peekable;
use std::str::Chars;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _,
};

/// More signs above and below one letter are in no language: Vietnamese has two, Hebrew with all its points four.
const MOST_STACKED: usize = 4;

/// More marks on one letter are in no language, those included that stand beside it: Burmese has up to seven.
const MOST_MARKS: usize = 8;

/// Joins two letters, or two emoji, into one.
const ZWJ: char = '\u{200d}';

/// Keeps two letters from joining.
const ZWNJ: char = '\u{200c}';

/// A virama: joins the letter before it with the next.
const VIRAMA: u8 = 9;

/// A name that nobody may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// There is nothing in it, or too much.
    #[error("it is empty or too long")]
    Length,
    /// It holds what can't be seen, or changes the direction of what stands beside it.
    #[error("it holds an invisible character, perhaps from pasting; type it again")]
    Hidden,
    /// Too many accents on one letter, or one on none.
    #[error("it has accents that are on no letter, or too many on one")]
    Marks,
}

/// A name as it is kept: in NFC, with single blanks between words and none around them, at most so many characters.
///
/// # Errors
/// [`BadText`].
pub fn name(typed: &str, most: usize) -> Result<String, BadText> {
    let name = in_one_form(typed);
    if !(1..=most).contains(&name.chars().count()) {
        return Err(BadText::Length);
    }
    check(&name)?;
    Ok(name)
}

/// Whether it could be a name today, however long.
pub fn is_legible(text: &str) -> bool {
    check(text).is_ok()
}

/// A name that was kept before there were rules, without what can't be seen and with no more marks than a letter takes. None
/// if nothing is left that could be read.
pub fn legible(name: &str) -> Option<String> {
    let mut legible = in_one_form(name);
    if !is_legible(&legible) {
        let all = std::mem::take(&mut legible);
        for c in all.chars() {
            legible.push(c);
            if !is_legible(&legible) {
                legible.pop();
            }
        }
        legible = in_one_form(&legible);
    }
    Some(legible).filter(|name| !name.is_empty())
}

/// An address that was kept before there were rules, with what can't be seen written out: two that differ look different.
pub fn escaped(email: &str) -> String {
    if is_legible(email) {
        return email.to_owned();
    }
    email.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// In NFC, with single blanks between words and none around them.
pub(crate) fn in_one_form(text: &str) -> String {
    let words = text.trim().split(is_blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").nfc().collect()
}

/// Whether it is a space of whatever width.
pub(crate) fn is_blank(c: char) -> bool {
    c.general_category() == GeneralCategory::SpaceSeparator
}

/// Whether one sees nothing of it where it stands alone: controls, marks of direction, joiners, tags, variations, fillers,
/// and what Unicode gives no meaning.
pub fn is_hidden(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || is_variation(c)
        || matches!(
            c,
            '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{ffa0}'
                | '\u{fffc}'
                | '\u{1d159}'
        )
}

/// Refuses what can't be seen where it stands, and marks that are on nothing or are too many.
pub(crate) fn check(text: &str) -> Result<(), BadText> {
    let mut characters = text.chars().peekable();
    let (mut before, mut marks, mut stacked) = (None, 0, 0);
    while let Some(c) = characters.next() {
        if is_hidden(c) && !is_in_its_place(before, c, &mut characters) {
            return Err(BadText::Hidden);
        }
        if c.general_category_group() == GeneralCategoryGroup::Mark {
            marks += 1;
            stacked += usize::from(canonical_combining_class(c) != 0);
            if before.is_none_or(is_blank) || marks > MOST_MARKS || stacked > MOST_STACKED {
                return Err(BadText::Marks);
            }
        } else if !is_hidden(c) {
            (marks, stacked) = (0, 0);
        }
        before = Some(c);
    }
    Ok(())
}

/// Whether a character that can't be seen changes how its neighbours look, as their language or emoji want it.
fn is_in_its_place(before: Option<char>, c: char, behind: &mut Peekable<Chars<'_>>) -> bool {
    let (Some(before), behind) = (before, behind.peek().copied()) else { return false };
    match c {
        ZWJ | ZWNJ if canonical_combining_class(before) == VIRAMA => true,
        ZWJ | ZWNJ if uses_joiners(before) && behind.is_some_and(uses_joiners) => true,
        ZWJ => is_pictured(before) && behind.is_some_and(is_pictured),
        // As text or as a picture. Digits are keys on a keyboard.
        '\u{fe0e}' | '\u{fe0f}' => {
            before.is_emoji_char() && (!before.is_ascii() || behind == Some('\u{20e3}'))
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        // How a Chinese or Japanese name writes its letter.
        _ if is_variation(c) => matches!(
            before,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}'
        ),
        _ => false,
    }
}

fn is_variation(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether it is an emoji, or what makes one of the character before it.
fn is_pictured(c: char) -> bool {
    c == '\u{fe0f}' || (c.is_emoji_char() && !c.is_ascii())
}

/// Whether it belongs to a script whose letters join, from Arabic to the scripts of India and what came of them.
fn uses_joiners(c: char) -> bool {
    let is_letter =
        matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark);
    is_letter
        && matches!(
            c,
            '\u{600}'..='\u{109f}'
                | '\u{1780}'..='\u{18aa}'
                | '\u{1a20}'..='\u{1aad}'
                | '\u{1b00}'..='\u{1c4f}'
                | '\u{a840}'..='\u{a8ff}'
                | '\u{a980}'..='\u{a9df}'
                | '\u{aa00}'..='\u{abff}'
                | '\u{fb50}'..='\u{fdff}'
                | '\u{10d00}'..='\u{11fff}'
                | '\u{1e900}'..='\u{1e95f}'
        )
}

#[cfg(test)]
mod tests;
