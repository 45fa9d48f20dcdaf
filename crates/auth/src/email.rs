//! Email addresses: one form for each, by which it is kept, looked for and counted.
//!
//! Before the @: NFC and lower case (RFC 6532, 3.1; RFC 8265, 3.3, with its map of wide letters), of letters, digits and what
//! RFC 5322 takes in an atom. Behind it: the domain as the DNS has it, in ASCII, by UTS 46. That form is shown, too: what
//! looks like another domain and is none reads `xn--…`, and no letter of another script takes anybody in.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::text::{self, is_hidden};

/// Longest address that mail can carry, in octets (RFC 5321, 4.5.3.1.3, less the brackets).
const LONGEST: usize = 254;

/// Longest part before the @ (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// No address, whatever it is typed as, is longer; so much is looked at.
const LONGEST_TYPED: usize = 2_000;

/// What no account's address can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEmail {
    /// It can't be an address.
    #[error("this is not an email address")]
    NoAddress,
    /// It holds what can't be seen.
    #[error("the address holds an invisible character, perhaps from pasting; type it again")]
    Hidden,
}

/// An address in its one form.
///
/// # Errors
/// [`BadEmail`].
pub fn canonical(typed: &str) -> Result<String, BadEmail> {
    let typed = typed.trim();
    if typed.len() > LONGEST_TYPED {
        return Err(BadEmail::NoAddress);
    }
    let Some((local, domain)) = typed.rsplit_once(is_at) else {
        return Err(if typed.contains(is_hidden) { BadEmail::Hidden } else { BadEmail::NoAddress });
    };
    // Whether a domain may hold joiners, UTS 46 judges; its kept form has none.
    if local.contains(is_hidden) || domain.contains(|c| is_hidden(c) && !is_joiner(c)) {
        return Err(BadEmail::Hidden);
    }
    let (local, domain) = (canonical_local(local)?, canonical_domain(domain)?);
    let email = format!("{local}@{domain}");
    if email.len() <= LONGEST { Ok(email) } else { Err(BadEmail::NoAddress) }
}

/// The forms in which an account may be kept whose owner types this: that in which it was kept before there was
/// [`canonical`], for those that could not be brought into the other; and that.
pub fn kept_forms(typed: &str) -> impl Iterator<Item = String> {
    let before = typed.trim().to_lowercase();
    let now = canonical(typed).ok().filter(|now| *now != before);
    std::iter::once(before).chain(now)
}

/// What an address that was kept before is to be now: without what can't be seen. None if that is no address.
pub fn repaired(kept: &str) -> Option<String> {
    canonical(kept).or_else(|_| canonical(&without_hidden(kept))).ok()
}

/// By what attempts on an account are counted, whatever was typed.
pub fn counted_as(typed: &str) -> String {
    repaired(typed).unwrap_or_else(|| without_hidden(typed).trim().to_lowercase().nfc().collect())
}

/// The address as people of its country read it, where that is another than the kept one. For a search.
pub fn in_unicode(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let (unicode, read) =
        Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    (read.is_ok() && unicode != domain).then(|| format!("{local}@{unicode}"))
}

fn canonical_local(local: &str) -> Result<String, BadEmail> {
    let narrow = local.chars().flat_map(narrow).nfc().collect::<String>();
    // One sigma: where a word ends, the other one stands, whichever was typed.
    let lower = narrow.replace(['ς', 'σ'], "Σ").to_lowercase().nfc().collect::<String>();
    let fits = (1..=LONGEST_LOCAL).contains(&lower.len())
        && lower.chars().all(is_of_an_atom)
        && text::check(&lower).is_ok();
    if fits { Ok(lower) } else { Err(BadEmail::NoAddress) }
}

/// A letter as wide as an ideograph, or half as wide, is the letter.
fn narrow(c: char) -> impl Iterator<Item = char> {
    let is_of_other_width = matches!(c, '\u{ff00}'..='\u{ffef}');
    let mapped = is_of_other_width.then(|| std::iter::once(c).nfkc());
    mapped.into_iter().flatten().chain((!is_of_other_width).then_some(c))
}

/// Letters, marks and digits, none that only looks like others (RFC 8264, 9.17); and of ASCII what HTML's fields take.
fn is_of_an_atom(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
    }
    let group = c.general_category_group();
    matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number)
        && is_nfkc(c.encode_utf8(&mut [0; 4]))
}

fn canonical_domain(domain: &str) -> Result<String, BadEmail> {
    let ascii = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let bad = if domain.contains(is_joiner) { BadEmail::Hidden } else { BadEmail::NoAddress };
    ascii.map(|ascii| ascii.into_owned()).map_err(|_| bad)
}

fn without_hidden(text: &str) -> String {
    text.replace(is_hidden, "")
}

const fn is_at(c: char) -> bool {
    matches!(c, '@' | '\u{ff20}' | '\u{fe6b}')
}

const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests;
