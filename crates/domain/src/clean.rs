//! What may stand in a log line. Whatever a provider sends is brought into this form before it is stored.

/// The text with SGR sequences (`ESC [ … m`) and tabs kept, and every other control character and escape sequence taken out: what
/// is left cannot move a cursor, set a title or a clipboard, or end a line.
#[must_use]
pub fn clean_text(text: String) -> String {
    if !text.bytes().any(|b| (b < 0x20 && b != b'\t') || b == 0x7f)
        && !text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c))
    {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        match c {
            '\u{1b}' => {
                let length = escape_length(rest);
                if is_sgr(&rest[..length]) {
                    clean.push_str(&rest[..length]);
                }
                rest = &rest[length..];
                continue;
            }
            // The C1 forms of CSI and of the string sequences are rare; without their first character the rest is plain text.
            c if c.is_control() && c != '\t' => {}
            c => clean.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    clean
}

/// Length in bytes of the escape sequence that a text begins with (ECMA-48): control sequences, string sequences up to their
/// terminator, and two-character escapes. One that does not end takes the whole text.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        None => 1,
        Some(b'[') => bytes[2..].iter().position(|b| !(0x20..0x40).contains(b)).map_or(bytes.len(), |at| {
            let last = bytes[2 + at];
            // Anything but a final byte breaks the sequence off and is not part of it.
            if (0x40..0x7f).contains(&last) { at + 3 } else { at + 2 }
        }),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let end = bytes[2..].iter().position(|b| *b == 0x07 || *b == 0x1b);
            end.map_or(bytes.len(), |at| match (bytes[2 + at], bytes.get(3 + at)) {
                (0x1b, Some(b'\\')) => at + 4,
                (0x1b, _) => at + 2,
                _ => at + 3,
            })
        }
        Some(0x20..=0x7e) => 2,
        Some(_) => 1,
    }
}

fn is_sgr(sequence: &str) -> bool {
    sequence
        .strip_prefix("\u{1b}[")
        .and_then(|body| body.strip_suffix('m'))
        .is_some_and(|body| body.bytes().all(|b| b.is_ascii_digit() || b == b';' || b == b':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_stay_and_everything_that_acts_goes() {
        for (dirty, clean) in [
            ("\u{1b}[1;31mred\u{1b}[0m\tx", "\u{1b}[1;31mred\u{1b}[0m\tx"),
            ("a\u{1b}[2Jb\u{1b}[10;10Hc", "abc"),
            ("a\u{1b}]52;c;ZXZpbA==\u{7}b", "ab"),
            ("a\u{1b}]8;;javascript:x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}]0;title", "a"),
            ("a\u{1b}cb\u{1b}", "ab"),
            ("a\u{0}\u{8}\rb\nc\u{9b}31mz", "abc31mz"),
            ("a\u{1b}[31äb", "aäb"),
            ("a\u{1b}äb", "aäb"),
        ] {
            assert_eq!(clean_text(dirty.to_owned()), clean, "{dirty:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_colour_and_tabs_is_left(text in "[a\u{1b}\\[\\]0-9;m\u{7}\u{0}\u{9b}ä\\\\PJ\r\n\t]{0,60}") {
            let clean = clean_text(text);
            let plain = crate::strip_sgr(&clean);
            prop_assert!(!plain.chars().any(|c| c.is_control() && c != '\t'), "{:?}", clean);
            prop_assert_eq!(clean_text(clean.clone()), clean);
        }
    }
}
