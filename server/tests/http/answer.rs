//! What came back, every header of it.

use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::Value;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A field of the body, as text.
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The value of a cookie that this answer sets.
    pub fn cookie(&self, name: &str) -> String {
        let set = self.set_cookies();
        let value = set.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
        value.unwrap_or_else(|| panic!("{name} is not set: {self:?}")).to_owned()
    }

    /// This is an error of ours: shape, status, headers, and nothing that touches a cookie.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.header("content-type")), (status, "application/json"), "{self:?}");
        assert_eq!(self.field("error"), code, "{self:?}");
        assert!(!self.field("message").is_empty(), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        assert!(self.set_cookies().is_empty(), "an error sets no cookie: {self:?}");
        let challenge = self.header("www-authenticate");
        let expected = match code {
            "token_expired" | "token_invalid" | "session_revoked" => "Bearer error=\"invalid_token\"",
            "insufficient_scope" => "Bearer error=\"insufficient_scope\"",
            _ if status == 401 => "Bearer",
            _ => "",
        };
        assert_eq!(challenge, expected, "{self:?}");
        assert_eq!(self.headers.contains_key("retry-after"), matches!(status, 429 | 503), "{self:?}");
    }

    /// The whole answer as text: status, headers in alphabetical order, body. What differs each time is
    /// replaced by the names given for it.
    pub fn text(&self, names: &[(&str, &str)]) -> String {
        let mut lines: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "date" && *name != "content-length")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        // A stable sort: the order of several cookies is part of the answer.
        lines.sort_by(|a, b| a.split(':').next().cmp(&b.split(':').next()));
        let text = format!("{}\n{}\n\n{}", self.status, lines.join("\n"), self.body);
        names.iter().fold(text, |text, (value, name)| text.replace(value, name))
    }
}
