//! Putting lines together.

use super::terminal::Token;

/// No line is longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// A line, or a part of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Whether it goes on from the piece before it.
    pub(crate) continued: bool,
}

/// Puts the lines of one stream together. Keeps at most one line of 64 KiB.
#[derive(Debug, Default)]
pub(super) struct Framer {
    line: String,
    /// Whether a part of this line was given out already.
    shown: bool,
    /// Whether the cursor is back at the beginning: what comes now takes the place of what is there.
    returned: bool,
}

impl Framer {
    /// Takes a token in, and appends the lines that it completes.
    pub(super) fn push(&mut self, token: Token, out: &mut Vec<Piece>) {
        match token {
            Token::Newline => {
                // A line that was shown whole needs no empty rest.
                if !(self.shown && self.line.is_empty()) {
                    self.give(out);
                }
                *self = Self { line: std::mem::take(&mut self.line), ..Self::default() };
            }
            Token::Return => self.returned = true,
            Token::Char(c) => {
                let mut bytes = [0; 4];
                self.add(c.encode_utf8(&mut bytes), out);
            }
            Token::Sgr(code) => self.add(&code, out),
        }
    }

    /// Gives out an unfinished line as it is now; what follows goes on from it.
    pub(super) fn show(&mut self, out: &mut Vec<Piece>) {
        if !self.line.is_empty() {
            self.give(out);
            self.shown = true;
        }
    }

    /// Whether a line is unfinished and not shown.
    pub(super) fn is_open(&self) -> bool {
        !self.line.is_empty()
    }

    fn add(&mut self, text: &str, out: &mut Vec<Piece>) {
        if self.returned {
            // What was shown stays; what takes its place is a line of its own.
            self.line.clear();
            self.shown = false;
            self.returned = false;
        }
        if self.line.len() + text.len() > LONGEST {
            self.show(out);
        }
        self.line.push_str(text);
    }

    fn give(&mut self, out: &mut Vec<Piece>) {
        out.push(Piece { text: std::mem::take(&mut self.line), continued: self.shown });
    }
}
