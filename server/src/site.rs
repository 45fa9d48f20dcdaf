//! The files of the site: WASM, script, style, pictures.
//!
//! A release build carries them inside the binary, a debug build reads them from `target/site`, where
//! `cargo xtask build` puts them. Their addresses carry a hash of their content, so that browsers may keep
//! them for ever.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use lanyard_app::shell::Assets;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The addresses of the files that every page loads.
pub fn assets() -> Assets {
    let address = |path: &str| match Site::get(path) {
        Some(file) => format!("/{path}?v={}", version(&file)),
        None => format!("/{path}"),
    };
    Assets {
        js: address("pkg/lanyard.js"),
        wasm: address("pkg/lanyard_bg.wasm"),
        css: address("pkg/lanyard.css"),
        advice_js: address("pkg/advice.js"),
        advice_wasm: address("pkg/advice_bg.wasm"),
    }
}

/// Whether `cargo xtask build` has been here.
pub fn is_built() -> bool {
    Site::get("pkg/lanyard_bg.wasm").is_some()
}

/// The file at this address, if there is one.
pub fn file(uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
    let path = uri.path().strip_prefix('/')?;
    let file = Site::get(path)?;
    let version = version(&file);
    let etag = format!("\"{version}\"");
    let named = uri.query().is_some_and(|query| query.strip_prefix("v=") == Some(&version));
    let keep = if named { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let common = [(CACHE_CONTROL, keep), (ETAG, &etag), (VARY, "accept-encoding")];
    if headers.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let content_type = [(CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    Some(match compressed(path, headers) {
        Some(smaller) => (common, content_type, [(CONTENT_ENCODING, "br")], smaller.data).into_response(),
        None => (common, content_type, file.data).into_response(),
    })
}

/// The file's brotli twin, which release builds have, if the browser takes it.
fn compressed(path: &str, headers: &HeaderMap) -> Option<EmbeddedFile> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let takes_brotli = accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br") && parts.next() != Some("q=0")
    });
    takes_brotli.then(|| Site::get(&format!("{path}.br"))).flatten()
}

fn version(file: &EmbeddedFile) -> String {
    let [a, b, c, d, e, f, g, h, ..] = file.metadata.sha256_hash();
    format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}
