//! One encoding in: what a plain HTML form sends, or the same fields as JSON.
//!
//! A form's body never begins with a brace, so the body itself tells which it is. Doubled fields are refused
//! in both.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

/// For `#[server(input = ...)]`.
pub type FormOrJson = Post<FormOrJsonBody>;

/// Writes forms, reads forms and JSON.
#[derive(Debug)]
pub struct FormOrJsonBody;

/// The body can't be read. Says nothing more: the underlying errors quote what was sent.
#[derive(Debug, thiserror::Error)]
#[error("the body can't be read")]
pub struct Unreadable;

impl ContentType for FormOrJsonBody {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl FormatType for FormOrJsonBody {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for FormOrJsonBody {
    type Error = Unreadable;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_urlencoded::to_string(output).map(Bytes::from).map_err(|_| Unreadable)
    }
}

impl<T: DeserializeOwned> Decodes<T> for FormOrJsonBody {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        match bytes.trim_ascii_start() {
            [b'{', ..] => serde_json::from_slice(&bytes).map_err(|_| Unreadable),
            // JSON as well, but no object; taken for a form, it would be one without fields.
            [b'[' | b'"', ..] => Err(Unreadable),
            _ => serde_urlencoded::from_bytes(&bytes).map_err(|_| Unreadable),
        }
    }
}

#[cfg(test)]
mod tests;
