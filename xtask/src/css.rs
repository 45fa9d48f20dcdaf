//! One style sheet out of several, by `@import "file.css";` lines. Called by `site`.
//!
//! Browsers would fetch imports one after the other; inlined in order they mean the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::Error;

/// The style sheet with its imports inlined in order, each file once.
///
/// # Errors
/// [`Error::Css`] with file and line: an import that is missing or not understood.
pub fn bundle(main: &Path) -> Result<String, Error> {
    let main = main.canonicalize().map_err(Error::file("find", main))?;
    let text = fs::read_to_string(&main).map_err(Error::file("read", &main))?;
    let mut bundle = String::new();
    inline(&main, &text, &mut vec![main.clone()], &mut bundle)?;
    Ok(bundle)
}

fn inline(file: &Path, text: &str, seen: &mut Vec<PathBuf>, bundle: &mut String) -> Result<(), Error> {
    for (index, line) in text.lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("@import") else {
            bundle.push_str(line);
            bundle.push('\n');
            continue;
        };
        let problem = |problem| Error::Css { file: file.to_owned(), line: index + 1, problem };
        let name = imported(rest).ok_or_else(|| {
            problem(format!("only `@import \"file.css\";` is understood, not `{}`", line.trim()))
        })?;
        let import = file.with_file_name(name);
        let unreadable = |error| problem(format!("the import {} can't be read: {error}", import.display()));
        let import = import.canonicalize().map_err(unreadable)?;
        if seen.contains(&import) {
            continue;
        }
        let text = fs::read_to_string(&import).map_err(unreadable)?;
        seen.push(import.clone());
        inline(&import, &text, seen, bundle)?;
    }
    Ok(())
}

/// The file's name in what follows `@import`.
fn imported(rest: &str) -> Option<&str> {
    let rest = rest.trim().strip_suffix(';')?.trim();
    let quoted = match rest.strip_prefix("url(") {
        Some(inner) => inner.strip_suffix(')')?.trim(),
        None => rest,
    };
    ['"', '\''].into_iter().find_map(|quote| {
        let name = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
        (!name.is_empty() && !name.contains([quote, ':'])).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn imports_are_inlined_in_order_and_once() {
        let folder = folder(&[
            ("main.css", "@import \"tokens.css\";\n@import url('parts/card.css');\nbody {}\n"),
            ("tokens.css", ":root {}\n"),
            ("parts/card.css", "@import \"../tokens.css\";\n@import 'ring.css';\n.card {}\n"),
            ("parts/ring.css", "@import \"card.css\";\n.ring {}\n"),
        ]);
        let bundle = bundle(&folder.path().join("main.css")).unwrap();
        assert_eq!(bundle, ":root {}\n.ring {}\n.card {}\nbody {}\n");
    }

    #[test]
    fn a_missing_import_is_named_with_its_place() {
        let folder = folder(&[("main.css", "/* hello */\n@import \"gone.css\";\n")]);
        let error = bundle(&folder.path().join("main.css")).unwrap_err().to_string();
        assert!(error.contains("main.css:2: the import"), "{error}");
        assert!(error.contains("gone.css"), "{error}");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for import in
            ["@import tokens.css;", "@import \"a.css\"", "@import \"a.css\" print;", "@import url(http://x);"]
        {
            let folder = folder(&[("main.css", import), ("a.css", "")]);
            let error = bundle(&folder.path().join("main.css")).unwrap_err().to_string();
            assert!(error.contains("is understood, not"), "{import}: {error}");
        }
    }
}
