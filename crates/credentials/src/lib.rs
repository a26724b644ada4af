//! What the service knows about secrets: the vault that seals them, the guarded way out to servers whose addresses are given by
//! users, the OAuth protocol, and who a token belongs to.
//!
//! **Architecture Invariant:** no type of this crate can print a secret, and no error carries one: what a foreign server says is
//! cleaned of everything that was sent to it.
//!
//! **Architecture Invariant:** every connection of this crate goes through [`outbound`]: the address is checked and then used,
//! never looked up again.

pub mod identity;
pub mod oauth;
pub mod outbound;
pub mod sign_in;
pub mod vault;
