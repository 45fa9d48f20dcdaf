//! What every request passes on its way in and every answer on its way out.
//!
//! From the outside in: log, security headers, the error shape, time-out, cross-site check, plain forms.

pub mod cross_site;
pub mod errors;
pub mod forms;
pub mod headers;
pub mod log;
