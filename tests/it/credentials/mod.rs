//! Accounts at foreign servers, against real issuers.

pub(crate) mod accounts;
mod browser;
mod callbacks;
mod canary;
mod own;
mod protocol;
mod rotation;
mod secrets;
