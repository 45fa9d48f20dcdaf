//! Administration: everybody's accounts and sessions, the audit log, and what the server does right now. What a page shows
//! of them is in its address, so that it can be linked, reloaded, and gone back to.
//!
//! | File | What it draws |
//! |---|---|
//! | `people`, `new_account` | the accounts, and the form for another |
//! | `person` | one account, and what may be done to it |
//! | `everybody`, `sessions` | everybody's sessions, and the table of them |
//! | `audit`, `filter`, `entries` | the audit log, what of it is shown, and the table of it |
//! | `activity` | charts |
//! | `frame`, `table`, `only_one` | what is around each page and each table |

mod activity;
mod audit;
mod entries;
mod everybody;
mod filter;
mod frame;
mod new_account;
mod only_one;
mod people;
mod person;
mod sessions;
pub(super) mod table;

pub use activity::Activity;
pub use audit::AuditLog;
pub use everybody::Everybody;
pub use people::People;
pub use person::Person;
