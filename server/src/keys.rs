//! The keys, as files in the data folder that only their owner can read.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lanyard_auth::access::{AccessTokens, KeyError, SigningKey};
use lanyard_auth::random::{NoRandomness, Random};
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::time::Timestamp;
use zeroize::Zeroizing;

use crate::config::Config;

/// A key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// A file or the folder can't be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The data folder can't be made.
    #[error("the data folder {path} can't be made: {error}")]
    NoFolder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no master key.
    #[error("{0}: there is no key in it; a new server makes one when the file isn't there")]
    NoMasterKey(PathBuf),
    /// A line of the master keys is none.
    #[error("{path}: line {line} is not 32 bytes in base64")]
    BadMasterKey {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The signing key can't be used.
    #[error("{path}: {error}")]
    BadSigningKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: KeyError,
    },
    /// The system has no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// Makes the data folder, for its owner alone, if it isn't there.
///
/// # Errors
/// [`KeyFileError::NoFolder`].
pub fn prepare(folder: &Path) -> Result<(), KeyFileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| KeyFileError::NoFolder { path: folder.to_owned(), error })
}

/// The master keys: one a line, in base64; the first makes new tokens, the others only check old ones.
///
/// # Errors
/// [`KeyFileError`].
pub fn master(folder: &Path, random: &Random) -> Result<MasterKeys, KeyFileError> {
    let path = folder.join("master.keys");
    let text =
        read_or_make(&path, || Ok(Zeroizing::new(format!("{}\n", STANDARD.encode(random.bytes::<32>()?)))))?;
    let mut keys = Zeroizing::new(Vec::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut key = [0; 32];
        match STANDARD.decode_slice(line.trim(), &mut key) {
            Ok(32) => keys.push(key),
            _ => return Err(KeyFileError::BadMasterKey { path, line: index + 1 }),
        }
    }
    match keys.split_first() {
        Some((current, retired)) => Ok(MasterKeys::new(current, retired)),
        None => Err(KeyFileError::NoMasterKey(path)),
    }
}

/// What signs access tokens, with its key, which has signed one for trial.
///
/// # Errors
/// [`KeyFileError`].
pub fn access_tokens(config: &Config, now: Timestamp) -> Result<AccessTokens, KeyFileError> {
    let algorithm = config.signing_alg;
    let path = config.data_dir.join(format!("signing-{}.pem", algorithm.name().to_ascii_lowercase()));
    let bad = |error| KeyFileError::BadSigningKey { path: path.clone(), error };
    let pem = read_or_make(&path, || SigningKey::generate_pem(algorithm).map_err(bad))?;
    let key = SigningKey::from_pem(algorithm, &pem).map_err(bad)?;
    let tokens = AccessTokens::new(key, &config.public_url, config.access_ttl);
    tokens.try_out(now).map_err(bad)?;
    Ok(tokens)
}

/// What is in these places for others on this machine to read, in one sentence each.
pub fn exposed(folder: &Path, database: Option<&Path>) -> Vec<String> {
    #[cfg(unix)]
    {
        let inside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<_> = inside.filter(|path| is_secret(path)).collect();
        files.sort();
        files.extend(database.map(Path::to_owned));
        std::iter::once(folder.to_owned()).chain(files).filter_map(|path| open_to_others(&path)).collect()
    }
    #[cfg(not(unix))]
    Vec::new()
}

/// Whether a file of the data folder is one that only its owner should read, by its name.
#[cfg(unix)]
fn is_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "master.keys"
        || name.starts_with("demo-password-")
        || (name.starts_with("signing-") && name.ends_with(".pem"))
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    // To pass through a folder lets nobody read it.
    (mode & 0o066 != 0).then(|| {
        let path = path.display();
        format!("others on this machine can read or write {path} (mode {mode:o}); `chmod go= {path}` keeps them out")
    })
}

/// The text of a file; made first, for its owner alone, if it isn't there.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> Result<Zeroizing<String>, KeyFileError>,
) -> Result<Zeroizing<String>, KeyFileError> {
    let io = |error| KeyFileError::Io { path: path.to_owned(), error };
    match fs::read_to_string(path) {
        Ok(text) => return Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    let text = make()?;
    match put_whole(path, &text) {
        Ok(()) => Ok(text),
        // Another server was faster, and may have begun to use its own.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map(Zeroizing::new).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

/// Makes a file that is there either whole or not at all, wherever a crash falls; never over another one.
fn put_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Private to its owner, and gone again whatever happens.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    // The name itself must survive a power cut too.
    File::open(folder)?.sync_all()
}
