//! One file, or one folder, a page. Only `shell` calls them.

mod account;
mod admin;
mod ask;
mod calls;
mod dashboard;
mod devices;
pub(crate) mod guard;
mod home;
mod live;
mod not_found;
mod notices;
mod register;
mod sign_in;

pub use account::Account;
pub use admin::{Activity, AuditLog, Everybody, People, Person};
pub use dashboard::Dashboard;
pub use devices::Devices;
pub use home::Home;
pub use not_found::NotFound;
pub use register::Register;
pub use sign_in::SignIn;
