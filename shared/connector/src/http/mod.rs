//! One HTTP client for every vendor: allowed hosts, pacing, retries, and the meaning of answers.
//!
//! Requests go only to the configured host; a redirect is an error and never followed. Every call, retry and wait is
//! counted by [`limit::Meter`]. A vendor's text is quoted briefly, and without the credentials that were sent to it.

mod call;
mod client;
pub mod error;
mod gate;
pub mod lenient;
pub mod limit;
mod redactor;
mod request_header;
mod retry;
mod session;
mod transport;

pub use call::Call;
pub use client::{Answer, Http, Vendor};
pub use gate::Concurrency;
pub use request_header::Header;
pub use retry::{RETRY_LOG, Retry, RetryListener};
pub use session::{DEFAULT_ATTEMPTS, Session};
pub use transport::Transport;
