//! What a query says of pages. What can't be read is refused like everything else: 400.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

/// How many rows a page has at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(pub u32);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, Self::Error> {
        if (1..=200).contains(&limit) { Ok(Self(limit)) } else { Err("a page has 1 to 200 rows") }
    }
}

/// Behind which place a page begins: what [`next`] of the one before it said. Not a secret, and nothing that a client
/// needs to understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After<P>(pub P);

impl<'de, P: DeserializeOwned> Deserialize<'de> for After<P> {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        place.map(Self).ok_or_else(|| D::Error::custom("no place in this list"))
    }
}

/// Where the next page begins, as text.
pub fn next<P: Serialize>(place: Option<P>) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place?).ok()?))
}
