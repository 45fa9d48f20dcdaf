//! What every request passes on its way in and every answer on its way out.
//!
//! From the outside in: log, security headers, plain forms, counts, the error shape, limits, the cross-site check.

pub mod count;
pub mod cross_site;
pub mod errors;
pub mod forms;
pub mod headers;
pub mod limits;
pub mod log;
