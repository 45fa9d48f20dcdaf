//! One encoding in: what a plain HTML form sends, or the same fields as JSON.
//!
//! A form's body never begins with a brace, so the body itself tells which it is. [`fields`] reads both, and names the
//! field that is missing, doubled, or can't be read.

pub mod fields;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

use self::fields::BadFields;
use super::ApiError;

/// For `#[server(input = ...)]`.
pub type FormOrJson = Post<FormOrJsonBody>;

/// Writes forms, reads forms and JSON.
#[derive(Debug)]
pub struct FormOrJsonBody;

/// The body can't be read. As text it is the [`ApiError`] in JSON, since server functions pass on nothing but text:
/// `ApiError::from_server_fn_error` reads it again.
#[derive(Debug, thiserror::Error)]
#[error("{}", serde_json::to_string(&ApiError::from(*.0)).unwrap_or_default())]
pub struct Unreadable(BadFields);

impl ContentType for FormOrJsonBody {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl FormatType for FormOrJsonBody {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for FormOrJsonBody {
    type Error = Unreadable;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_urlencoded::to_string(output).map(Bytes::from).map_err(|_| Unreadable(BadFields::Unreadable))
    }
}

impl<T: DeserializeOwned> Decodes<T> for FormOrJsonBody {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        read(&bytes).map_err(Unreadable)
    }
}

/// Reads a form or a JSON object.
///
/// # Errors
/// [`BadFields`].
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadFields> {
    match body.trim_ascii_start() {
        [b'{', ..] => fields::from_json(body),
        // JSON as well, but no object; taken for a form, it would be one without fields.
        [b'[' | b'"', ..] => Err(BadFields::Unreadable),
        _ => fields::from_form(body),
    }
}

#[cfg(test)]
mod tests;
