//! Section `server`.

use super::{Bind, Fallback, HostName, Network, PublicUrl, WebOrigin, macros::section};

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

        /// Proxies that stand before the server. The address of a client, as it is recorded in the audit trail, is read from
        /// `X-Forwarded-For` only as far as these have written it.
        pub trusted_proxies: Vec<Network> = Fallback::Unset("none: the other end of the connection is the client");
    }
}

impl Server {
    /// Every value of `Host` that is served: a name without a port stands for all ports.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let public = self.public_url.as_ref().and_then(|url| url.url().host_str());
        let listed = self.allowed_hosts.iter().map(HostName::as_str);
        ["localhost", "127.0.0.1", "[::1]"].into_iter().chain(public).chain(listed).map(str::to_owned).collect()
    }

    /// Every foreign `Origin` that is served. That of `public_url` is among them: a proxy may hide it from us.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let public = self.public_url.as_ref().map(|url| url.url().origin().ascii_serialization());
        public.into_iter().chain(self.allowed_origins.iter().map(|origin| origin.as_str().to_owned())).collect()
    }
}
