//! Signing in at a real issuer: on the pages, and with its tokens over every transport.

mod browser;
mod stage;
mod streams;
mod tokens;
mod ways;

pub(crate) use stage::Stage;
