//! Two accounts to look around with, one of them an administrator's. Only on loopback addresses, see `config`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard_auth::Service;
use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::Password;
use lanyard_auth::random::Random;
use lanyard_auth::records::Records;
use lanyard_auth::scope::Role;
use lanyard_auth::service::{Registration, SignUpError};
use lanyard_auth::store::StoreError;
use zeroize::Zeroizing;

use crate::keys::{KeyFileError, read_or_make};

/// A demo account, to be printed.
#[derive(Debug)]
pub struct Account {
    /// Its address.
    pub email: &'static str,
    /// Its password, unless its owner has changed it.
    pub password: Zeroizing<String>,
    /// Whether it was made just now.
    pub is_new: bool,
    /// What its owner may do by now.
    pub role: Role,
}

/// The demo accounts could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The file with their passwords can't be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An account can't be made.
    #[error("a demo account could not be made: {0}")]
    SignUp(#[from] SignUpError),
}

const ACCOUNTS: [(&str, &str, Role); 2] =
    [("Ada Lovelace", "ada@example.com", Role::Admin), ("Grace Hopper", "grace@example.com", Role::User)];

/// Makes the demo accounts that aren't there yet. Their passwords are random, and kept in a file so that
/// they can be printed at each start.
///
/// # Errors
/// [`DemoError`].
pub async fn accounts(
    service: &Service,
    records: &dyn Records,
    folder: &Path,
    random: &Random,
) -> Result<Vec<Account>, DemoError> {
    let mut accounts = Vec::new();
    for (name, email, role) in ACCOUNTS {
        let file = folder.join(format!("demo-password-{email}"));
        let make = || Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(random.bytes::<9>()?)));
        let password = read_or_make(&file, make)?;
        let password = Zeroizing::new(password.trim().to_owned());
        let registration = Registration::new(name, email, Password::new(password.to_string()))?;
        let registration = registration.with_role(role);
        let is_new = match service.sign_up(registration, &By::server(Device::default())).await {
            Ok(_) => true,
            Err(SignUpError::EmailTaken) => false,
            Err(error) => return Err(error.into()),
        };
        let role = records.user_by_email(email).await?.map_or(role, |user| user.role);
        accounts.push(Account { email, password, is_new, role });
    }
    Ok(accounts)
}
