//! Frames of a websocket, as a server sends them: not masked, and never split (RFC 6455 allows more; nobody whom we measure does more).

use std::io;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    Close,
    Other,
}

/// Takes frames out of what is read, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The beginning of a frame whose rest has not come yet.
    begun: Vec<u8>,
}

impl Frames {
    /// Gives every frame that is whole now.
    pub(crate) fn take(&mut self, read: &[u8], mut each: impl FnMut(Frame<'_>)) -> io::Result<()> {
        if self.begun.is_empty() {
            let rest = all(read, &mut each)?;
            self.begun.extend_from_slice(rest);
        } else {
            self.begun.extend_from_slice(read);
            let left = all(&self.begun, &mut each)?.len();
            self.begun.drain(..self.begun.len() - left);
        }
        if self.begun.is_empty() {
            // One large message must not be remembered by every idle reader.
            self.begun = Vec::new();
        }
        Ok(())
    }
}

/// Gives all whole frames, and gives back what is left.
fn all<'a>(mut bytes: &'a [u8], each: &mut impl FnMut(Frame<'a>)) -> io::Result<&'a [u8]> {
    while let Some((opcode, payload, rest)) = split(bytes)? {
        each(match opcode {
            0x81 => Frame::Text(payload),
            0x88 => Frame::Close,
            0x89 => Frame::Ping(payload),
            0x82 | 0x8a => Frame::Other,
            _ => return Err(io::Error::other(format!("a frame begins with {opcode:#x}"))),
        });
        bytes = rest;
    }
    Ok(bytes)
}

/// What a frame begins with, what it holds, and what comes after it.
type Split<'a> = (u8, &'a [u8], &'a [u8]);

fn split(bytes: &[u8]) -> io::Result<Option<Split<'_>>> {
    let [opcode, length, ..] = bytes else { return Ok(None) };
    let (length, head): (usize, usize) = match length {
        126 => match bytes.get(2..4) {
            Some(long) => (long.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)), 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(long) => (long.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)), 10),
            None => return Ok(None),
        },
        short @ 0..126 => (usize::from(*short), 2),
        _ => return Err(io::Error::other("a server masked a frame")),
    };
    let Some(end) = head.checked_add(length) else { return Err(io::Error::other("an impossible length")) };
    Ok(bytes.get(head..end).map(|payload| (*opcode, payload, &bytes[end..])))
}

/// A text message as a server sends it.
pub(crate) fn text(payload: &[u8]) -> Vec<u8> {
    frame(0x81, payload, false)
}

/// A message as a client sends it. The mask is zero, which is one as good as any where nobody listens in.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(opcode, payload, true)
}

fn frame(opcode: u8, payload: &[u8], is_masked: bool) -> Vec<u8> {
    let mask = if is_masked { 0x80 } else { 0 };
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..126), _) => frame.push(short | mask),
        (_, Ok(long)) => {
            frame.push(126 | mask);
            frame.extend(long.to_be_bytes());
        }
        _ => {
            frame.push(127 | mask);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    if is_masked {
        frame.extend([0; 4]);
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_any_length_come_through_in_pieces_of_any_size() {
        let messages = [5, 125, 126, 1_000, 70_000].map(|length| vec![b'x'; length]);
        let mut stream: Vec<u8> = messages.iter().flat_map(|message| text(message)).collect();
        stream.extend([0x89, 1, b'p', 0x88, 0]);
        for size in [1, 3, 4_096, stream.len()] {
            let (mut frames, mut seen, mut rest) = (Frames::default(), Vec::new(), Vec::new());
            for piece in stream.chunks(size) {
                let each = |frame: Frame<'_>| match frame {
                    Frame::Text(payload) => seen.push(payload.to_vec()),
                    Frame::Ping(payload) => rest.push(payload.to_vec()),
                    Frame::Close => rest.push(b"close".to_vec()),
                    Frame::Other => panic!("{frame:?}"),
                };
                frames.take(piece, each).unwrap();
            }
            assert_eq!(seen, messages, "in pieces of {size}");
            assert_eq!(rest, [b"p".to_vec(), b"close".to_vec()]);
        }
    }
}
