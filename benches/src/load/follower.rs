//! A reader that remembers its cursor, and goes on from there on another connection.

use std::{io, net::SocketAddr};

use serde_json::json;

use super::{Client, client::Scratch};
use crate::line::{Stamp, stamps};

const CURSOR: &[u8] = b"\"cursor\":\"";

/// A reader that remembers its cursor.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) document: &'a str,
    pub(crate) build: &'a str,
    /// Lines that a message may have at most.
    pub(crate) lines: u32,
    pub(crate) cursor: Option<String>,
}

impl Follower<'_> {
    /// A connection that goes on behind the cursor.
    pub(crate) async fn connect(&self) -> io::Result<Client> {
        let mut client = Client::connect(self.address, None).await?;
        let variables = json!({"id": self.build, "after": self.cursor, "lines": self.lines});
        client.subscribe(self.document, &variables).await?;
        Ok(client)
    }

    /// Reads once. What is told in a message counts as told with its cursor, as it does for a program that handles messages
    /// whole. False when the connection has ended.
    pub(crate) async fn read(
        &mut self,
        client: &mut Client,
        scratch: &Scratch,
        mut each: impl FnMut(Stamp),
    ) -> io::Result<bool> {
        let cursor = &mut self.cursor;
        client
            .next(scratch, |message| {
                if let Some(told) = cursor_of(message) {
                    *cursor = Some(told.to_owned());
                }
                stamps(message).for_each(&mut each);
            })
            .await
    }
}

fn cursor_of(message: &[u8]) -> Option<&str> {
    let begin = memchr::memmem::find(message, CURSOR)? + CURSOR.len();
    let length = memchr::memchr(b'"', &message[begin..])?;
    std::str::from_utf8(&message[begin..begin + length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_of_an_event_is_found() {
        let message = json!({"data": {"buildLog": {"cursor": "AQEB-_x", "at": "now"}}}).to_string();
        assert_eq!(cursor_of(message.as_bytes()), Some("AQEB-_x"));
        assert_eq!(cursor_of(b"{}"), None);
    }
}
