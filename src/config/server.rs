//! Section `server`.

use super::{Bind, Fallback, HostName, PublicUrl, WebOrigin, macros::section};

section! {
    /// Where the server listens, and for whom.
    pub struct Server in "server" {
        /// Address and port to listen on. On a loopback address only users of this machine can connect; on any other one
        /// `server.allowed_hosts` must say under which names the server is reached.
        pub bind: Bind = Fallback::Text("127.0.0.1:8080");

        /// Address under which people reach the server, when a proxy or a container stands between. It is what is printed
        /// and what links are made of; its host is allowed without being listed again.
        pub public_url: Option<PublicUrl> = Fallback::Unset("the address that is listened on");

        /// Names under which the server may be reached, checked against the `Host` header of every request (this is what
        /// stops DNS rebinding). Loopback names and the host of `server.public_url` are always allowed.
        pub allowed_hosts: Vec<HostName> = Fallback::Unset("none but loopback names and the host of `server.public_url`");

        /// Origins of web pages that may call the server from a browser, besides its own.
        pub allowed_origins: Vec<WebOrigin> = Fallback::Unset("none but its own");
    }
}
