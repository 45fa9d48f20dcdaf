//! A body's or a query's fields, and which of them is wrong.
//!
//! What is stored or hashed hangs on these bytes, so nothing is guessed: a percent sign that encodes nothing, and bytes
//! that are no UTF-8, are refused. (The usual decoders put U+FFFD in their place, and one password would open what
//! another one locked.)

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;

use crate::api::{ApiError, ErrorCode};

/// Why fields don't make what is asked for. Holds names of ours, never what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFields {
    /// This one is missing.
    Missing(&'static str),
    /// This one is there more than once.
    Doubled(&'static str),
    /// This one has a value of another kind.
    Mistyped(&'static str),
    /// This one holds bytes that are no UTF-8.
    NotText(&'static str),
    /// No more can be said: no form and no object, or a field that is not known.
    Unreadable,
}

impl BadFields {
    /// Its name, where one is to blame.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::Missing(field) | Self::Doubled(field) | Self::Mistyped(field) | Self::NotText(field) => {
                Some(field)
            }
            Self::Unreadable => None,
        }
    }

    /// Found in the value of this field, if that is one of ours.
    fn at(self, field: Option<&'static str>) -> Self {
        match (self, field) {
            (Self::NotText(_), Some(field)) => Self::NotText(field),
            (_, Some(field)) => Self::Mistyped(field),
            (_, None) => Self::Unreadable,
        }
    }
}

impl fmt::Display for BadFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "`{field}` is missing."),
            Self::Doubled(field) => write!(f, "`{field}` is there more than once."),
            Self::Mistyped(field) => write!(f, "`{field}` can't be understood."),
            Self::NotText(field) => write!(f, "`{field}` is no text in UTF-8."),
            Self::Unreadable => f.write_str(ErrorCode::InvalidRequest.text()),
        }
    }
}

impl std::error::Error for BadFields {}

/// Errors of types inside of a field; their texts may quote what was sent, so they are not kept.
impl de::Error for BadFields {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Unreadable
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Doubled(field)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unreadable
    }
}

impl From<BadFields> for ApiError {
    fn from(error: BadFields) -> Self {
        let told = Self::with_message(ErrorCode::InvalidRequest, error.to_string());
        Self { field: error.field().map(str::to_owned), ..told }
    }
}

/// Reads the fields of a form (URL, 5.1), or of a query.
///
/// # Errors
/// [`BadFields`].
pub fn from_form<T: DeserializeOwned>(form: &[u8]) -> Result<T, BadFields> {
    let mut fields = Vec::new();
    for (name, value) in form_pairs(form) {
        fields.push((name.ok_or(BadFields::Unreadable)?, FieldValue::Text(value)));
    }
    T::deserialize(Fields(fields))
}

/// Reads a JSON object.
///
/// # Errors
/// [`BadFields`].
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, BadFields> {
    let Pairs(pairs) = serde_json::from_slice(json).map_err(|_| BadFields::Unreadable)?;
    let fields = pairs.into_iter().map(|(name, value)| (name, FieldValue::Json(value)));
    T::deserialize(Fields(fields.collect()))
}

/// The names and values of a form, or of a query; none where one is no text.
fn form_pairs(form: &[u8]) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |&byte| byte == b'=').map(decoded);
        (halves.next().flatten(), halves.next().unwrap_or_else(|| Some(String::new())))
    })
}

fn decoded(encoded: &[u8]) -> Option<String> {
    let (mut text, mut rest) = (Vec::with_capacity(encoded.len()), encoded);
    loop {
        rest = match rest {
            [] => return String::from_utf8(text).ok(),
            [b'+', behind @ ..] => {
                text.push(b' ');
                behind
            }
            [b'%', high, low, behind @ ..] => {
                text.push((hex(*high)? << 4) | hex(*low)?);
                behind
            }
            [b'%', ..] => return None,
            [plain, behind @ ..] => {
                text.push(*plain);
                behind
            }
        };
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// An object's members as they stand, doubled ones included.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = members.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        json.deserialize_map(Members)
    }
}

/// A struct, to be made of these.
struct Fields(Vec<(String, FieldValue)>);

impl<'de> Deserializer<'de> for Fields {
    type Error = BadFields;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadFields> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadFields> {
        visitor.visit_map(Reading { fields: self.0.into_iter(), known, value: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Reading {
    fields: std::vec::IntoIter<(String, FieldValue)>,
    known: &'static [&'static str],
    /// The next value, and its name if that is one of ours.
    value: Option<(Option<&'static str>, FieldValue)>,
}

impl<'de> MapAccess<'de> for Reading {
    type Error = BadFields;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, BadFields> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some((self.known.iter().find(|known| **known == name).copied(), value));
        let name: StringDeserializer<BadFields> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, BadFields> {
        let (field, value) = self.value.take().ok_or(BadFields::Unreadable)?;
        seed.deserialize(value).map_err(|error| error.at(field))
    }
}

/// One field's value.
enum FieldValue {
    /// Of a form; none if it is no text.
    Text(Option<String>),
    /// Of an object.
    Json(Value),
}

impl FieldValue {
    fn text(text: Option<String>) -> Result<String, BadFields> {
        text.ok_or(BadFields::NotText(""))
    }
}

/// A form says everything as text; what is a number there is asked for as one.
macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadFields> {
            match self {
                Self::Json(value) => value.$method(visitor).map_err(|_| BadFields::Unreadable),
                Self::Text(text) => {
                    visitor.$visit(Self::text(text)?.parse().map_err(|_| BadFields::Unreadable)?)
                }
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadFields> {
            match self {
                Self::Json(value) => value.$method(visitor).map_err(|_| BadFields::Unreadable),
                Self::Text(text) => visitor.visit_string(Self::text(text)?),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for FieldValue {
    type Error = BadFields;

    numbers! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_f32 visit_f32 deserialize_f64 visit_f64
    }

    texts! {
        deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadFields> {
        match self {
            Self::Json(Value::Null) => visitor.visit_none(),
            given => visitor.visit_some(given),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadFields> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadFields> {
        match self {
            Self::Json(value) => {
                value.deserialize_enum(name, variants, visitor).map_err(|_| BadFields::Unreadable)
            }
            Self::Text(text) => {
                let variant: StringDeserializer<BadFields> = Self::text(text)?.into_deserializer();
                visitor.visit_enum(variant)
            }
        }
    }

    forward_to_deserialize_any! { i128 u128 unit_struct tuple tuple_struct struct }
}
