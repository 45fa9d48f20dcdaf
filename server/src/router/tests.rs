//! That no route is outside the table, which the tests in `tests/http/routes.rs` walk.

use std::collections::BTreeSet;

use lanyard_auth::time::Clock;

use super::*;

macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        const TABLE: &[(&str, &str)] = &[$((stringify!($method), $path)),*];
    };
}
include!("../routes.rs");

/// What axum's router says of itself: the paths are quoted, and of each is said what methods it allows.
#[test]
fn the_table_holds_every_route() {
    let config = crate::config::tests::config(&[]).unwrap();
    let router = layered(&Arc::new(Activity::new(Clock::System)), &config).unwrap();
    let itself = format!("{router:?}");
    let quoted = itself.split('"').filter(|text| text.starts_with('/'));
    let pages = ["/", "/{*__private__axum_fallback}"];
    let paths: BTreeSet<_> = quoted.filter(|path| !pages.contains(path)).collect();
    assert_eq!(paths, TABLE.iter().map(|(_, path)| *path).collect());

    let allowed = itself.split("allow_header: Bytes(b\"").skip(1).filter_map(|text| text.split('"').next());
    let methods = allowed.flat_map(|methods| methods.split(',')).filter(|method| *method != "HEAD");
    assert_eq!(methods.count(), TABLE.len());
}
