//! One stream of a step, from bytes to lines.

use alm_masking::{Masker, Masks};

pub(crate) use super::framer::Piece;
use super::{framer::Framer, terminal::Parser, utf8::Decoder};

/// One stream of a step. Gives the same lines however its bytes were cut.
#[derive(Debug)]
pub(crate) struct Output {
    masker: Masker,
    decoder: Decoder,
    parser: Parser,
    framer: Framer,
}

impl Output {
    /// A stream from which these secrets are taken.
    pub(crate) fn new(masks: &Masks) -> Self {
        Self {
            masker: masks.masker(),
            decoder: Decoder::default(),
            parser: Parser::default(),
            framer: Framer::default(),
        }
    }

    /// Takes bytes in: the lines that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut masked = Vec::with_capacity(bytes.len());
        self.masker.push(bytes, &mut masked);
        let mut text = String::with_capacity(masked.len());
        self.decoder.push(&masked, &mut text);
        self.frame(&text)
    }

    /// Nothing came for a while: the line that is open, so that a question is seen before it is answered; without what may be the
    /// beginning of a secret.
    pub(crate) fn pause(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        self.framer.show(&mut out);
        out
    }

    /// Whether [`pause`](Self::pause) would give something.
    pub(crate) fn is_open(&self) -> bool {
        self.framer.is_open()
    }

    /// Nothing follows: the rest.
    pub(crate) fn finish(&mut self) -> Vec<Piece> {
        let mut masked = Vec::new();
        self.masker.finish(&mut masked);
        let mut text = String::new();
        self.decoder.push(&masked, &mut text);
        self.decoder.finish(&mut text);
        let mut out = self.frame(&text);
        self.framer.show(&mut out);
        out
    }

    fn frame(&mut self, text: &str) -> Vec<Piece> {
        let mut out = Vec::new();
        for c in text.chars() {
            if let Some(token) = self.parser.push(c) {
                self.framer.push(token, &mut out);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<Piece> {
        let mut output = Output::new(&Masks::default());
        let mut lines: Vec<_> = chunks.iter().flat_map(|chunk| output.push(chunk)).collect();
        lines.extend(output.finish());
        lines
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines(&[bytes]).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_end_at_line_breaks_and_the_last_one_at_the_end() {
        assert_eq!(texts(b"one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
        assert_eq!(texts(b""), Vec::<String>::new());
        assert_eq!(texts(b"\xff\xfex\n"), ["\u{fffd}\u{fffd}x"]);
    }

    #[test]
    fn progress_is_folded_to_its_last_state() {
        assert_eq!(texts(b"10%\r20%\r\x1b[K100%\r\ndone\n"), ["100%", "done"]);
        assert_eq!(texts(b"kept\r\r\n"), ["kept"]);
    }

    #[test]
    fn a_long_line_is_split_and_nothing_is_lost() {
        let text = "ä".repeat(100_000);
        let pieces = lines(&[text.as_bytes(), b"\n", b"next\n"]);
        assert_eq!(pieces.iter().map(|p| p.continued).collect::<Vec<_>>(), [false, true, true, true, false]);
        assert!(pieces.iter().all(|p| p.text.len() <= 64 * 1024));
        assert_eq!(pieces[..4].iter().map(|p| p.text.as_str()).collect::<String>(), text);
    }

    #[test]
    fn an_unfinished_line_is_shown_and_goes_on() {
        let mut output = Output::new(&Masks::default());
        assert_eq!(output.push(b"sure? "), []);
        assert!(output.is_open());
        assert_eq!(output.pause(), [Piece { text: "sure? ".into(), continued: false }]);
        assert_eq!(output.pause(), []);
        assert_eq!(output.push(b"yes\n"), [Piece { text: "yes".into(), continued: true }]);
        output.push(b"all");
        output.pause();
        assert_eq!(output.push(b"\nnext\n"), [Piece { text: "next".into(), continued: false }]);
        output.push(b"10%");
        output.pause();
        assert_eq!(output.push(b"\r20%\n"), [Piece { text: "20%".into(), continued: false }]);
    }

    #[test]
    fn a_stream_without_line_breaks_stays_small() {
        let mut output = Output::new(&Masks::default());
        let block = vec![b'x'; 1 << 16];
        let mut seen = 0;
        for _ in 0..256 {
            let pieces = output.push(&block);
            assert!(pieces.len() <= 2);
            seen += pieces.iter().map(|p| p.text.len()).sum::<usize>();
        }
        seen += output.finish().iter().map(|p| p.text.len()).sum::<usize>();
        assert_eq!(seen, 256 << 16);
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_lines(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(0x1b), Just(b'['), Just(b']'), Just(b'm'), Just(b'3'), Just(7u8), any::<u8>(),
            ], 0..80),
            cuts in proptest::collection::vec(0usize..80, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(lines(&chunks), lines(&[&bytes]));
            for line in lines(&[&bytes]) {
                prop_assert!(!alm_domain::strip_sgr(&line.text).chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }
}
