//! Where a database is.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::sqlite::connect;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file at this very path: nothing in it is a scheme, a parameter or an escape.
    File(PathBuf),
    /// What a URL names, see [`crate::open`]. It may hold a password, so it is never shown.
    Url(String),
}

impl Place {
    /// The SQLite file, as an absolute path, if it is one.
    pub fn file(&self) -> Option<PathBuf> {
        connect::path(self.clone()).ok()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Url(_) => f.write_str("Url(..)"),
        }
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&str> for Place {
    fn from(url: &str) -> Self {
        Self::Url(url.to_owned())
    }
}

impl From<&String> for Place {
    fn from(url: &String) -> Self {
        Self::Url(url.clone())
    }
}
