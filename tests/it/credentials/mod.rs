//! Accounts at foreign servers, against real issuers.

mod accounts;
mod browser;
mod callbacks;
mod canary;
mod protocol;
mod rotation;
mod secrets;
