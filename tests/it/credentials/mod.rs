//! Accounts at foreign servers, against real issuers.

mod protocol;
mod rotation;
mod secrets;
