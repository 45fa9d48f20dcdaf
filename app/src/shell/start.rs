//! The script that each page begins with, and what it needs to know of the document. Only the server calls this.

use std::sync::LazyLock;

/// The script without what only its readers need: it stands in every page.
pub static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("start.js").lines().map(str::trim);
    lines.filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
});

/// How many elements, texts and comments a browser makes of this HTML, which hydration counts on. It is ours: outside of
/// comments `<` and `>` stand in markup alone.
pub fn nodes(html: &str) -> String {
    let (mut elements, mut texts, mut comments) = (0, 0, 0);
    let mut rest = html;
    while !rest.is_empty() {
        let (text, markup) = rest.split_once('<').unwrap_or((rest, ""));
        texts += usize::from(!text.is_empty());
        let end = match markup {
            "" => "",
            _ if markup.starts_with("!--") => {
                comments += 1;
                "-->"
            }
            _ if markup.starts_with('!') => {
                comments += 1;
                ">"
            }
            _ if markup.starts_with('/') => ">",
            // Where scripts run, all that is in it is one text.
            _ if markup.starts_with("noscript>") => {
                elements += 1;
                texts += 1;
                "</noscript>"
            }
            _ => {
                elements += 1;
                ">"
            }
        };
        rest = markup.split_once(end).map_or("", |(_, rest)| rest);
    }
    format!("{elements} {texts} {comments}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_counted_as_a_browser_makes_them() {
        for (html, expected) in [
            ("", "0 0 0"),
            ("text", "0 1 0"),
            ("<p></p>", "1 0 0"),
            ("<p class=\"a\">one<!>two<br></p>three", "2 3 1"),
            ("<p> </p><!><!>", "1 1 2"),
            ("<b>&lt;i&gt;</b>", "1 1 0"),
            ("<!--<() />-->a<!>", "0 1 2"),
            ("<noscript><p>a</p><p>b</p></noscript><i></i>", "2 1 0"),
            ("<noscript>a<p>b</p></noscript>c", "1 2 0"),
        ] {
            assert_eq!(nodes(html), expected, "{html}");
        }
    }

    #[test]
    fn the_script_can_stand_in_a_page() {
        assert!(!SCRIPT.contains("//"), "a comment would reach every browser, or hide what follows it");
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"), "it would end the script");
    }
}
