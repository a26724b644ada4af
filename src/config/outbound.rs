//! Section `outbound`.

use alm_credentials::outbound::Exception;

use super::{Fallback, macros::section};

section! {
    /// Where the server connects to when users give addresses: clusters and their OAuth servers.
    pub struct Outbound in "outbound" {
        /// Networks, addresses and hosts that may be connected to although they are not public. Everything private, loopback,
        /// link-local or otherwise special is refused unless it is listed here, by whatever name it is reached; a cloud's
        /// metadata service only if its address is listed. Plain http is spoken with this machine itself alone, if that is listed.
        pub allowed: Vec<Exception> = Fallback::Unset("none: public addresses only");
    }
}
