//! The limits of the transport.

use std::time::Duration;

use ipnet::IpNet;

use super::DocumentLimits;

/// What the transport accepts, and for how long it waits. The defaults fit a server on loopback for one user.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Values of `Host` that are served: `name` (any port) or `name:port`. IPv6 addresses in brackets. What is not listed
    /// is refused, so that a foreign name that resolves to this machine reaches nothing.
    pub allowed_hosts: Vec<String>,
    /// Origins besides the server's own that a browser may call from, such as `http://localhost:4200`.
    pub allowed_origins: Vec<String>,
    /// Proxies that are believed about whom they were called by.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest request body, in bytes.
    pub max_body: usize,
    /// Longest time to read a request's body, and longest time to execute a query or mutation.
    pub request_timeout: Duration,
    /// Longest time for a client to send a request's headers, and longest idle time of a kept-alive connection.
    pub header_timeout: Duration,
    /// How long open requests and sockets may take to end once shutdown has begun.
    pub drain_timeout: Duration,
    /// Most connections at a time, websockets included; further ones wait in the kernel's backlog.
    pub max_connections: usize,
    /// Most operations that run at a time on one websocket.
    pub max_subscriptions_per_socket: usize,
    /// Largest message that a websocket client may send, in bytes.
    pub max_message: usize,
    /// Longest time until `connection_init` has come and been acknowledged; later the socket is closed with 4408.
    pub init_timeout: Duration,
    /// Longest time that a client may take nothing of what is written to it; then its connection is cut, whatever it serves.
    pub write_timeout: Duration,
    /// Pause between two pings of the server, and between two heartbeats of an event stream. A socket that was silent for two such
    /// pauses is closed.
    pub keep_alive: Duration,
    /// Pause between two checks of the token of an open stream, and of the rights that it stands for.
    pub recheck: Duration,
    /// How large a GraphQL document may be.
    pub document: DocumentLimits,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allowed_hosts: ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body: 1 << 20,
            request_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            max_subscriptions_per_socket: 50,
            max_message: 64 << 10,
            init_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(15),
            recheck: Duration::from_secs(4),
            document: DocumentLimits::default(),
        }
    }
}
