//! The types that settings have.

mod amount;
mod audience;
mod bind;
mod database_url;
mod exception;
mod host;
mod keys;
mod log;
mod network;
mod role;
mod text;
mod url;
mod words;

pub use amount::{Bytes, Count, Period};
pub use audience::AudienceParameter;
pub use bind::Bind;
pub use database_url::DatabaseUrl;
pub use host::HostName;
pub use keys::Keys;
pub use log::{LogFilter, LogFormat};
pub use network::Network;
pub use url::{IssuerUrl, PublicUrl, WebOrigin};
pub use words::Words;
