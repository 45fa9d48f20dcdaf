//! Text that changes, or that names somebody, as the whole content of an element of its own.
//!
//! Browsers' translators, and some extensions, put other nodes in the place of a page's texts. A text node that leptos would
//! write into is then no longer in the page; an element is. So each text that changes belongs to an element that holds
//! nothing else, and goes there by `inner_html=text(..)`: it is still text, never HTML.

use leptos::html::InnerHtmlValue;
use leptos::prelude::IntoAttributeValue;
use leptos::tachys::renderer::types::Element;

/// An element's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<T: Into<Text>> From<Option<T>> for Text {
    fn from(text: Option<T>) -> Self {
        text.map_or_else(|| Self(String::new()), Into::into)
    }
}

/// What an element says, whenever that changes.
pub struct TextSource(TextFn);

type TextFn = Box<dyn FnMut() -> Text + Send>;

/// What an element is to say; nothing for `None`.
pub fn text<T: Into<Text>>(say: impl Fn() -> T + Send + 'static) -> TextSource {
    TextSource(Box::new(move || say().into()))
}

impl IntoAttributeValue for TextSource {
    type Output = TextFn;

    fn into_attribute_value(self) -> TextFn {
        self.0
    }
}

impl IntoAttributeValue for Text {
    type Output = Self;

    fn into_attribute_value(self) -> Self {
        self
    }
}

impl InnerHtmlValue for Text {
    type AsyncOutput = Self;
    type State = (Element, Self);
    type Cloneable = Self;
    type CloneableOwned = Self;

    fn html_len(&self) -> usize {
        self.0.len()
    }

    fn to_html(self, buf: &mut String) {
        for letter in self.0.chars() {
            match letter {
                '&' => buf.push_str("&amp;"),
                '<' => buf.push_str("&lt;"),
                '>' => buf.push_str("&gt;"),
                _ => buf.push(letter),
            }
        }
    }

    fn to_template(_buf: &mut String) {}

    fn hydrate<const FROM_SERVER: bool>(self, el: &Element) -> Self::State {
        if FROM_SERVER { (el.clone(), self) } else { self.build(el) }
    }

    fn build(self, el: &Element) -> Self::State {
        el.set_text_content(Some(&self.0));
        (el.clone(), self)
    }

    fn rebuild(self, state: &mut Self::State) {
        // Whatever is in there by now goes.
        if self != state.1 {
            state.0.set_text_content(Some(&self.0));
            state.1 = self;
        }
    }

    fn into_cloneable(self) -> Self::Cloneable {
        self
    }

    fn into_cloneable_owned(self) -> Self::CloneableOwned {
        self
    }

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut html = String::new();
        Text::from(Some("<b>Ada & \"co\"</b>")).to_html(&mut html);
        assert_eq!(html, "&lt;b&gt;Ada &amp; \"co\"&lt;/b&gt;");
        assert_eq!((text(|| None::<&str>).0)(), Text(String::new()));
        assert_eq!((text(|| "Ada").0)(), Text("Ada".to_owned()));
    }
}
