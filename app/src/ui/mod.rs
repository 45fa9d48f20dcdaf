//! The few components that pages share, and the words they use. Only `pages` and `shell` call them.
//!
//! | File | What it draws or says |
//! |---|---|
//! | `address` | what an address from outside leads to, and what its query says |
//! | `advice` | how good a password is, while it is chosen |
//! | `badge`, `demo` | the visitor badge on its lanyard: the person's own, and a demonstration |
//! | `chart` | bars over time |
//! | `confirm`, `focus` | a button that asks once more, and where the keyboard is afterwards |
//! | `flow` | a sequence of messages between parties, from data |
//! | `form` | fields and messages of forms |
//! | `header`, `notice` | what is on every page |
//! | `journal` | what just happened |
//! | `lead` | the sentence under a protected page's heading |
//! | `links` | addresses of our own pages, and which address is followed |
//! | `repeat` | what lets a form be sent twice and do its work once |
//! | `text` | text that changes, in an element of its own |
//! | `ticks` | what has to happen again and again while a page is open |
//! | `told` | the audit log in words |
//! | `way_out` | for whom no renewal succeeds |
//! | `words`, `calendar`, `device`, `when` | durations, dates and reasons, as people say them |
//!
//! Larger components end in `into_any`: together their types are more than the compiler wants to know.

pub mod address;
pub mod advice;
pub mod badge;
pub mod calendar;
pub mod chart;
pub mod confirm;
pub mod demo;
pub mod device;
pub mod flow;
pub mod focus;
pub mod form;
pub mod header;
pub mod journal;
pub mod lead;
pub mod links;
pub mod notice;
pub mod repeat;
pub mod text;
pub mod ticks;
pub mod told;
pub mod way_out;
pub mod when;
pub mod words;
