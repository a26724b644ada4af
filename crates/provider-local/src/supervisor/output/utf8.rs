//! Decoding UTF-8 that arrives in pieces.

/// Decodes a stream; what is not UTF-8 becomes U+FFFD, as by `String::from_utf8_lossy` of the whole.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    open: Vec<u8>,
}

impl Decoder {
    /// Takes bytes in and gives out what is decided; holds back at most three bytes.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut String) {
        let joined;
        let mut rest = if self.open.is_empty() {
            bytes
        } else {
            self.open.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.open);
            &joined[..]
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return out.push_str(text),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(good));
                    match error.error_len() {
                        Some(length) => {
                            out.push(char::REPLACEMENT_CHARACTER);
                            rest = &bad[length..];
                        }
                        None => {
                            self.open = bad.to_vec();
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Nothing follows: what is open is no character.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.open).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cut_decodes_as_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..40) {
            let at = at.min(bytes.len());
            let (mut decoder, mut out) = (Decoder::default(), String::new());
            decoder.push(&bytes[..at], &mut out);
            decoder.push(&bytes[at..], &mut out);
            decoder.finish(&mut out);
            prop_assert_eq!(out, String::from_utf8_lossy(&bytes));
        }
    }
}
