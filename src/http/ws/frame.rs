//! Websocket frames as a server writes them.

use std::io::IoSlice;

use super::ending::Ending;

/// Longest head of a frame.
const LONGEST_HEAD: usize = 10;

/// The head of a text frame (RFC 6455, section 5.2): whole, of the last fragment, unmasked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    bytes: [u8; LONGEST_HEAD],
    length: usize,
}

impl Head {
    /// Of a frame that carries so many bytes.
    pub(super) fn of(payload: usize) -> Self {
        const FINAL_TEXT: u8 = 0x81;
        let mut bytes = [0; LONGEST_HEAD];
        bytes[0] = FINAL_TEXT;
        let length = match (u8::try_from(payload), u16::try_from(payload)) {
            (Ok(small @ 0..=125), _) => {
                bytes[1] = small;
                2
            }
            (_, Ok(medium)) => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&medium.to_be_bytes());
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..].copy_from_slice(&(payload as u64).to_be_bytes());
                LONGEST_HEAD
            }
        };
        Self { bytes, length }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The text before the payload of a `next` message for this operation; behind the payload comes [`NEXT_END`].
pub(super) fn next_start(id: &str) -> Result<Box<[u8]>, Ending> {
    let id = serde_json::to_string(id).map_err(|_| Ending::INTERNAL)?;
    Ok(format!(r#"{{"type":"next","id":{id},"payload":"#).into_bytes().into())
}

/// See [`next_start`].
pub(super) const NEXT_END: &[u8] = b"}";

/// Lays a `next` message out, and copies nothing.
pub(super) fn with_next<T>(start: &[u8], payload: &[u8], send: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
    let head = Head::of(start.len() + payload.len() + NEXT_END.len());
    send(&[head.as_bytes(), start, payload, NEXT_END].map(IoSlice::new))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::protocol::frame::FrameSocket;

    use super::*;

    #[test]
    fn the_library_reads_what_we_write() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let mut bytes = Head::of(length).as_bytes().to_vec();
            bytes.extend_from_slice(&payload);
            let frame = FrameSocket::new(Cursor::new(bytes)).read(None).unwrap().unwrap();
            assert!(frame.header().is_final);
            assert_eq!(frame.into_text().unwrap().as_bytes(), payload, "{length}");
        }
    }

    #[test]
    fn an_id_is_written_as_json_whatever_it_is() {
        let start = next_start("a\"b\\\n").unwrap();
        let text = [&start, &b"{\"data\":1}"[..], NEXT_END].concat();
        let message: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(message, serde_json::json!({"type": "next", "id": "a\"b\\\n", "payload": {"data": 1}}));
    }
}
