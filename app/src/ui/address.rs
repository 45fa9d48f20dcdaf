//! What an address from outside leads to on this site, and what its query says. Pure but for [`use_query`], and the same
//! on server and client.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_matched};

use super::links;

/// No page of ours has a longer address.
const LONGEST: usize = 4096;

/// The path, the query and the fragment at which a browser that is on this site ends up when it follows `text`, as it
/// writes them (WHATWG URL, 4.4); none where that is elsewhere. Only paths from the root on: we write no others.
pub fn resolve(text: &str) -> Option<String> {
    // Browsers drop some of these, and read what is left.
    if text.contains(|c: char| c.is_ascii_control()) {
        return None;
    }
    let text = text.trim_end_matches(' ');
    let (rest, fragment) = split(text, '#');
    let (path, query) = split(rest, '?');
    let path = normalized(path.strip_prefix('/')?)?;
    let mut address = encoded(&path, "\"<>^`{}");
    if let Some(query) = query {
        address.push('?');
        address.push_str(&encoded(query, "\"<>'"));
    }
    if let Some(fragment) = fragment {
        address.push('#');
        address.push_str(&encoded(fragment, "\"<>`"));
    }
    Some(address)
}

/// As [`resolve`], if it may be one of our pages, to which somebody is sent on after signing in.
pub fn resolve_page(text: &str) -> Option<String> {
    resolve(text).filter(|address| {
        let path = path(address);
        let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
        let is_form = [links::SIGN_IN, links::REGISTER].contains(&path.trim_end_matches('/'));
        address.len() <= LONGEST && !is_file && !is_form && !is_for_programs(path)
    })
}

/// Whether programs are meant to ask here, rather than people to look: no page lies at such a path.
pub fn is_for_programs(path: &str) -> bool {
    ["/auth/", "/api/", "/health/", "/.well-known/"].iter().any(|folder| path.starts_with(folder))
}

fn path(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// A path, given without its first slash, after its dot segments have been followed. What then begins with two slashes
/// would name another host wherever it is written down, and so does what begins with two from the start.
fn normalized(path: &str) -> Option<String> {
    let is_separator = |c| matches!(c, '/' | '\\');
    if path.starts_with(is_separator) {
        return None;
    }
    let mut segments = Vec::new();
    let mut parts = path.split(is_separator).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part.to_ascii_lowercase().replace("%2e", ".").as_str() {
            ".." => {
                segments.pop();
            }
            "." => {}
            _ => {
                segments.push(part);
                continue;
            }
        }
        if is_last {
            segments.push("");
        }
    }
    let path = format!("/{}", segments.join("/"));
    (!path.starts_with("//")).then_some(path)
}

/// With escapes for these, and for all that is no visible ASCII; what is escaped already stays so.
fn encoded(text: &str, these: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        let is_plain = byte.is_ascii_graphic() && !these.as_bytes().contains(&byte);
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

/// The parameters of a page's address, decoded once, as forms encode them. The router's `ParamsMap` decodes what is
/// decoded already: `percent %41` becomes `percent A`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows `?`. There is nothing that can't be read.
    pub fn read(search: &str) -> Self {
        Self(serde_urlencoded::from_str(search).unwrap_or_default())
    }

    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The page at `path` with this query, but for one parameter, which is another one or none.
    pub fn address_with(&self, path: &str, name: &str, value: Option<String>) -> String {
        let others = self.0.iter().filter(|(other, _)| other != name);
        let all = others.map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = all.chain(value.as_deref().map(|value| (name, value))).collect();
        links::with_query(path, all)
    }
}

/// The query of the calling page's address. It stays as it was while another page takes this one's place.
pub fn use_query() -> Memo<Query> {
    let (here, matched) = (use_location(), use_matched());
    Memo::new(move |before: Option<&Query>| {
        let is_here = |path: &String| path.trim_end_matches('/') == matched.get().trim_end_matches('/');
        match before {
            Some(before) if !here.pathname.with(is_here) => before.clone(),
            _ => here.search.with(|search| Query::read(search)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORIGIN: &str = "https://lanyard.example";

    #[test]
    fn an_address_is_judged_by_where_it_leads() {
        for (text, leads_to) in [
            ("/", "/"),
            ("/dashboard?a=b#c", "/dashboard?a=b#c"),
            ("/a//b", "/a//b"),
            ("/a\\b", "/a/b"),
            ("/a/./b/../c/..", "/a/"),
            ("/%2e%2E/a/%2e", "/a/"),
            ("/../../a", "/a"),
            ("/%2F%2Fevil.example", "/%2F%2Fevil.example"),
            ("/%5Cevil.example", "/%5Cevil.example"),
            ("/café?q=é#ü", "/caf%C3%A9?q=%C3%A9#%C3%BC"),
            ("/a b?c d#e f ", "/a%20b?c%20d#e%20f"),
            ("/a?b=//evil.example/..&c=\\", "/a?b=//evil.example/..&c=\\"),
            ("/a?b#c?d#e", "/a?b#c?d#e"),
            ("/percent%2541?search=100%25+%2B", "/percent%2541?search=100%25+%2B"),
        ] {
            assert_eq!(resolve(text).as_deref(), Some(leads_to), "{text:?}");
        }
    }

    #[test]
    fn no_address_leads_elsewhere() {
        for elsewhere in [
            "",
            "dashboard",
            "?a",
            "#a",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e//evil.example",
            "/.%2E/\\evil.example",
            "/a/..//evil.example",
            "/a/../\\evil.example",
            "/./\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\0b",
            "https://evil.example",
            "javascript:alert(1)",
            " /dashboard",
            " //evil.example",
        ] {
            assert_eq!(resolve(elsewhere), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn only_pages_follow_a_sign_in() {
        for page in ["/", "/dashboard", "/admin/users?search=a.b#c.d", "/nowhere", "/sign-in-or-out"] {
            assert_eq!(resolve_page(page).as_deref(), Some(page));
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for other in [
            "/sign-in",
            "/sign-in/",
            "/sign-in?next=%2Fdashboard",
            "/x/../sign-in#a",
            "/register",
            "/auth/logout",
            "/a/../api/me",
            "/.well-known/jwks.json",
            "/favicon.svg",
            "/pkg/lanyard.js?v=1",
            "/.//evil.example",
            &long,
        ] {
            assert_eq!(resolve_page(other), None, "{other}");
        }
    }

    /// Pieces that mean something in addresses, and anything else.
    fn addresses() -> impl Strategy<Value = String> {
        const PIECES: &[&str] =
            &["/", "/", "\\", ".", "..", "%2e", "%2E", "?", "#", "%", "%5C", "%09", " ", "é", ":", "@", "a"];
        let piece = prop_oneof![
            4 => prop::sample::select(PIECES).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// The `url` crate is the same standard, written by somebody else.
        #[test]
        fn any_address_stays_on_this_site(text in addresses()) {
            let base = url::Url::parse(ORIGIN).unwrap();
            let theirs = base.join(&text).ok().filter(|url| url.origin() == base.origin());
            match resolve(&text) {
                Some(ours) => {
                    prop_assert!(ours.starts_with('/') && !ours.starts_with("//") && ours.is_ascii(), "{}", ours);
                    let theirs = theirs.unwrap();
                    let same = |url: &url::Url| url.as_str().replace("%5E", "^");
                    prop_assert_eq!(same(&theirs), format!("{ORIGIN}{ours}").replace("%5E", "^"));
                    // Following it once more leads to the same place.
                    prop_assert_eq!(resolve(&ours), Some(ours));
                }
                // Nothing is refused that would lead to a page of ours.
                None => prop_assert!(
                    text.contains(|c: char| c.is_ascii_control())
                        || theirs.is_none_or(|url| url.path().starts_with("//")),
                    "{:?}", text
                ),
            }
        }

        #[test]
        fn a_query_comes_back_as_it_was(value in ".*", name in "[a-z]+") {
            let address = Query::default().address_with("/", &name, Some(value.clone()));
            let query = Query::read(address.strip_prefix("/?").unwrap());
            prop_assert_eq!(query.get(&name), Some(value.as_str()));
        }
    }

    #[test]
    fn a_query_is_decoded_once() {
        let query = Query::read("search=percent+%2541&a=1&a=2&plus=%2B&bad=%zz%&bytes=%ff&b%26c=d&&e");
        for (name, value) in [
            ("search", Some("percent %41")),
            ("a", Some("1")),
            ("plus", Some("+")),
            ("bad", Some("%zz%")),
            ("bytes", Some("\u{fffd}")),
            ("b&c", Some("d")),
            ("e", Some("")),
            ("f", None),
        ] {
            assert_eq!(query.get(name), value, "{name}");
        }
        let query = Query::read("search=%26%3D%23&after=7");
        assert_eq!(
            query.address_with("/a", "after", Some("8 9".to_owned())),
            "/a?search=%26%3D%23&after=8+9"
        );
        assert_eq!(query.address_with("/a", "after", None), "/a?search=%26%3D%23");
        assert_eq!(Query::default().address_with("/a", "after", None), "/a");
    }
}
