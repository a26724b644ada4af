//! Section `limits`.

use super::{Bytes, Count, Fallback, Period, macros::section};

section! {
    /// How much the server takes from clients.
    pub struct Limits in "limits" {
        /// Largest body of a request.
        pub body: Bytes<1024, 67_108_864> = Fallback::Text("1 MiB");

        /// Longest time that a query or a mutation may take.
        pub request_timeout: Period<100, 600_000> = Fallback::Text("10 s");

        /// Longest time that a client may take to send the head of a request.
        pub header_timeout: Period<100, 600_000> = Fallback::Text("10 s");

        /// How many connections are served at a time; more wait until one ends.
        pub connections: Count<1, 1_000_000> = Fallback::Text("10000");

        /// How many subscriptions one websocket may hold.
        pub subscriptions_per_socket: Count<1, 10_000> = Fallback::Text("50");

        /// Largest message that a client may send over a websocket.
        pub message: Bytes<1024, 16_777_216> = Fallback::Text("64 KiB");

        /// Longest time that a websocket may stay open before it says who it is.
        pub init_timeout: Period<100, 600_000> = Fallback::Text("10 s");

        /// Longest time that the server waits for requests to end when it is told to stop.
        pub shutdown_timeout: Period<0, 600_000> = Fallback::Text("25 s");
    }
}
