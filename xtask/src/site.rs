//! What browsers load, put together in `target/site`: WASM, its JavaScript, one style sheet, static files.
//! Called by `serve`.
//!
//! The server reads this folder in a debug build and embeds it in a release build, so it always lies beside
//! the sources, whatever `CARGO_TARGET_DIR` says. A file is written only when it changes: nothing that looks
//! at modification times does its work twice.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasm_bindgen_cli_support::Bindgen;

use crate::css;
use crate::run::{Error, Workspace, run};

/// Name of the files in `pkg/`: `lanyard.js`, `lanyard_bg.wasm`, `lanyard.css`.
const NAME: &str = "lanyard";

/// The packages that become WASM, and the names of their files in `pkg/`.
const MODULES: [(&str, &str); 2] = [("lanyard-frontend", NAME), ("lanyard-advice", "advice")];

/// Endings of files that are worth compressing.
const COMPRESSIBLE: [&str; 8] = ["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// The files of the site by their path inside it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Builds the site, for a release build with a `.br` beside each file that is worth it.
///
/// # Errors
/// What cargo, wasm-bindgen, the style sheets or the disk have to say.
pub fn build(workspace: &Workspace, release: bool) -> Result<(), Error> {
    let compiled = wasm(workspace, release)?;
    let mut files = Files::new();
    collect(&workspace.root.join("public"), Path::new(""), &mut files)?;
    for (package, name) in MODULES {
        let module = compiled.join(package.replace('-', "_")).with_extension("wasm");
        collect(&bindgen(workspace, release, &module, name)?, Path::new("pkg"), &mut files)?;
    }
    let sheet = css::bundle(&workspace.root.join("style").join("main.css"))?;
    files.insert(Path::new("pkg").join(NAME).with_extension("css"), sheet.into_bytes());
    write(&workspace.root.join("target").join("site"), &files, release)
}

/// Compiles what runs in browsers; returns the folder with the modules.
fn wasm(workspace: &Workspace, release: bool) -> Result<PathBuf, Error> {
    let (profile, folder) = if release { ("wasm-release", "wasm-release") } else { ("dev", "debug") };
    let target = "wasm32-unknown-unknown";
    let packages = MODULES.iter().flat_map(|(package, _)| ["--package", package]);
    run(workspace.cargo().arg("build").args(packages).args(["--target", target, "--profile", profile]))?;
    Ok(workspace.target.join(target).join(folder))
}

/// Makes the module loadable by browsers; returns the folder with the result.
fn bindgen(workspace: &Workspace, release: bool, module: &Path, name: &str) -> Result<PathBuf, Error> {
    let work = workspace.target.join("xtask");
    let done = work.join(format!("{name}-{}", if release { "release" } else { "debug" }));
    let xtask = std::env::current_exe().map_err(Error::file("find", Path::new("xtask")))?;
    let result = done.join(format!("{name}_bg.wasm"));
    if modified(&result) > modified(module) && modified(&result) > modified(&xtask) {
        return Ok(done);
    }
    println!("Binding the WASM of {name}");
    let fresh = work.join("pkg-new");
    remove(&fresh)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).omit_default_module_path(false);
    bindgen
        // After a panic nothing of the dead instance may run: the page's script calls this (`app/src/shell/start.js`).
        .reset_state_function(true)
        .typescript(false)
        .keep_debug(false)
        .remove_name_section(release)
        .remove_producers_section(release);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(&fresh))
        .map_err(|error| Error::Bindgen(format!("{error:#}")))?;
    // Whole or not at all: an interrupted run leaves nothing that looks finished.
    remove(&done)?;
    fs::rename(&fresh, &done).map_err(Error::file("write", &done))?;
    Ok(done)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Reads a folder with everything in it, to be put at `to`.
fn collect(folder: &Path, to: &Path, files: &mut Files) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            collect(&path, &to, files)?;
        } else {
            files.insert(to, fs::read(&path).map_err(Error::file("read", &path))?);
        }
    }
    Ok(())
}

/// Makes the folder hold exactly these files, touching only what differs.
fn write(site: &Path, files: &Files, compress: bool) -> Result<(), Error> {
    fs::create_dir_all(site).map_err(Error::file("create", site))?;
    let mut present = Files::new();
    collect(site, Path::new(""), &mut present)?;
    for (name, content) in files {
        let path = site.join(name);
        let same = present.remove(name).is_some_and(|found| found == *content);
        if compress
            && COMPRESSIBLE.iter().any(|ending| path.extension().is_some_and(|found| found == *ending))
        {
            let compressed = beside(name);
            // The compressed one goes first, so that an interrupted run never leaves an old one that counts.
            if present.remove(&compressed).is_none() || !same {
                println!("Compressing {}", name.display());
                replace(&site.join(compressed), &brotli(content, &path)?)?;
            }
        }
        if !same {
            replace(&path, content)?;
        }
    }
    for left_over in present.keys().map(|name| site.join(name)) {
        fs::remove_file(&left_over).map_err(Error::file("remove", &left_over))?;
    }
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(path, content).map_err(Error::file("write", path))
}

fn brotli(mut content: &[u8], path: &Path) -> Result<Vec<u8>, Error> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut content, &mut compressed, &parameters)
        .map_err(Error::file("compress", path))?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec())).collect()
    }

    fn names(site: &Path) -> Vec<String> {
        let mut found = Files::new();
        collect(site, Path::new(""), &mut found).unwrap();
        found.keys().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    fn age(path: &Path) {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        fs::File::options().append(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn only_what_changed_is_written_and_nothing_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        write(&site, &files(&[("a.css", "a"), ("pkg/b.js", "b"), ("old.txt", "x")]), true).unwrap();
        assert_eq!(names(&site), ["a.css", "a.css.br", "old.txt", "old.txt.br", "pkg/b.js", "pkg/b.js.br"]);
        for name in names(&site) {
            age(&site.join(name));
        }
        write(&site, &files(&[("a.css", "a"), ("pkg/b.js", "changed")]), true).unwrap();
        assert_eq!(names(&site), ["a.css", "a.css.br", "pkg/b.js", "pkg/b.js.br"]);
        let young = |name: &str| {
            modified(&site.join(name)).unwrap() > SystemTime::UNIX_EPOCH + Duration::from_secs(2)
        };
        assert_eq!(["a.css", "a.css.br", "pkg/b.js", "pkg/b.js.br"].map(young), [false, false, true, true]);
    }

    #[test]
    fn a_debug_build_removes_compressed_files_that_would_be_stale() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files(&[("a.css", "a")]), true).unwrap();
        write(folder.path(), &files(&[("a.css", "a")]), false).unwrap();
        assert_eq!(names(folder.path()), ["a.css"]);
    }

    #[test]
    fn compressed_files_hold_what_they_say() {
        let text = "the badge, shown at every door; ".repeat(100);
        let compressed = brotli(text.as_bytes(), Path::new("x")).unwrap();
        assert!(compressed.len() < text.len() / 10);
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut compressed.as_slice(), &mut back).unwrap();
        assert_eq!(back, text.as_bytes());
    }
}
