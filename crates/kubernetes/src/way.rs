//! The way out, as the wiring gives it.

use std::fmt;

use url::Url;

/// The guarded way out of this service. Providers reach clusters by nothing else.
pub trait Way: fmt::Debug + Send + Sync + 'static {
    /// Whether this address may be connected to, as far as that can be told without looking its name up.
    ///
    /// # Errors
    /// The reason and the remedy, as a sentence.
    fn vet(&self, url: &Url) -> Result<(), String>;

    /// A client that trusts these certificates (PEM) along with those of the system, checks every address that it connects to,
    /// follows no redirect, and sets no limit to a whole request: whoever sends sets one.
    ///
    /// # Errors
    /// What is wrong with the certificates, as a sentence.
    fn client(&self, ca: Option<&str>) -> Result<reqwest::Client, String>;

    /// What an error of such a client means, for people. Names the host, and no other part of the address.
    fn explain(&self, host: &str, error: &reqwest::Error) -> String;
}
