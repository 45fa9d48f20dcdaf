//! The script that each page begins with, and what it needs to know of the document. Only the server calls this.

use std::sync::LazyLock;

/// The script without what only its readers need: it stands in every page.
pub static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("start.js").lines().map(str::trim);
    lines.filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
});

/// How many elements, texts and comments a browser makes of this HTML, which is ours: `<` and `>` stand in its markup alone.
/// Hydration counts on all of them.
pub fn nodes(html: &str) -> String {
    let (mut elements, mut texts, mut comments) = (0, 0, 0);
    let mut pieces = html.split('<');
    texts += usize::from(pieces.next().is_some_and(|text| !text.is_empty()));
    while let Some(piece) = pieces.next() {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        match tag.as_bytes().first() {
            Some(b'!') => comments += 1,
            Some(b'/') => {}
            _ => elements += 1,
        }
        texts += usize::from(!text.is_empty());
        // Where scripts run, all of it is one text.
        if tag == "noscript" {
            let is_empty = text.is_empty();
            let after = pieces.find_map(|piece| piece.strip_prefix("/noscript>"));
            texts += usize::from(is_empty) + usize::from(after.is_some_and(|after| !after.is_empty()));
        }
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
