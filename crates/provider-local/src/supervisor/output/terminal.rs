//! Taking apart what a program sends to a terminal: text, line breaks, colours; all other control sequences are left out.

/// What a character turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Text.
    Char(char),
    /// A colour code, whole.
    Sgr(String),
    /// End of the line.
    Newline,
    /// Back to the line's beginning.
    Return,
}

/// Longer colour codes are none.
const LONGEST_SGR: usize = 64;

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// Within `ESC [ …`: the parameters, until it cannot be a colour code any more.
    Csi(Option<String>),
    /// Within a string that runs to BEL or ST (OSC, DCS, SOS, PM, APC).
    Text2End,
    /// The same, after ESC.
    Text2EndEscape,
}

/// Takes a stream apart, character by character. Keeps at most one colour code.
#[derive(Debug, Default)]
pub(super) struct Parser {
    state: State,
}

impl Parser {
    /// Takes a character in.
    pub(super) fn push(&mut self, c: char) -> Option<Token> {
        // A line break ends any sequence: one that is never closed must not swallow the log.
        if c == '\n' {
            self.state = State::Text;
            return Some(Token::Newline);
        }
        match (&mut self.state, c) {
            (State::Text2End, '\u{7}' | '\u{9c}') => self.state = State::Text,
            (State::Text2End, '\u{1b}') => self.state = State::Text2EndEscape,
            (State::Text2EndEscape, '\\') => self.state = State::Text,
            (State::Text2EndEscape, '\u{1b}') | (State::Text2End, _) => {}
            (State::Text2EndEscape, _) => self.state = State::Text2End,
            (_, '\u{1b}') => self.state = State::Escape,
            (State::Escape, '[') => self.state = State::Csi(Some(String::new())),
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => self.state = State::Text2End,
            (State::Escape, ' '..='/') => {}
            (State::Escape, '0'..='~') => self.state = State::Text,
            (State::Csi(parameters), '0'..='9' | ';' | ':') => {
                if let Some(text) = parameters {
                    text.push(c);
                    if text.len() > LONGEST_SGR {
                        *parameters = None;
                    }
                }
            }
            (State::Csi(parameters), ' '..='?') => *parameters = None,
            (State::Csi(parameters), '@'..='~') => {
                let colour = parameters.take().filter(|_| c == 'm').map(|text| Token::Sgr(format!("\u{1b}[{text}m")));
                self.state = State::Text;
                return colour;
            }
            (_, '\u{9b}') => self.state = State::Csi(Some(String::new())),
            (_, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}') => self.state = State::Text2End,
            (State::Text, '\r') => return Some(Token::Return),
            (State::Text, '\t') => return Some(Token::Char('\t')),
            (State::Text, c) if !c.is_control() => return Some(Token::Char(c)),
            (State::Text, _) => {}
            // Control characters within a sequence do nothing; anything else cannot belong to it.
            (State::Escape | State::Csi(_), c) if c.is_control() => {}
            (State::Escape | State::Csi(_), c) => {
                self.state = State::Text;
                return Some(Token::Char(c));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut parser = Parser::default();
        text.chars()
            .filter_map(|c| parser.push(c))
            .map(|token| match token {
                Token::Char(c) => c.to_string(),
                Token::Sgr(code) => code,
                Token::Newline => "\n".to_owned(),
                Token::Return => "\r".to_owned(),
            })
            .collect()
    }

    #[test]
    fn colours_stay_and_all_else_goes() {
        assert_eq!(shown("\u{1b}[1;31mred\u{1b}[0m\u{1b}[2K\u{1b}[3A\u{1b}[?25l."), "\u{1b}[1;31mred\u{1b}[0m.");
        assert_eq!(shown("a\u{1b}]0;title\u{7}b\u{1b}]52;c;aGk=\u{1b}\\c"), "abc");
        assert_eq!(shown("a\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "alink");
        assert_eq!(shown("a\u{1b}Pdcs\u{1b}\\b\u{1b}(Bc\u{1b}7d\u{9b}31me\u{9d}osc\u{9c}f"), "abcd\u{1b}[31mef");
        assert_eq!(shown("\0\u{8}\u{7}x\ty\u{7f}"), "x\ty");
        assert_eq!(shown("\u{1b}[>4mx\u{1b}[1 mx"), "xx");
    }

    #[test]
    fn a_sequence_that_is_never_closed_ends_with_its_line() {
        assert_eq!(shown("a\u{1b}]0;open\nb\u{1b}[12\nc"), "a\nb\nc");
        assert_eq!(shown(&format!("\u{1b}[{}mx", "1;".repeat(1000))), "x");
    }
}
