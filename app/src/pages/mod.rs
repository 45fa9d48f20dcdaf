//! One file a page. Only `shell` calls them.

mod calls;
mod dashboard;
mod home;
mod not_found;
mod register;
mod sign_in;

pub use dashboard::Dashboard;
pub use home::Home;
pub use not_found::NotFound;
pub use register::Register;
pub use sign_in::SignIn;
