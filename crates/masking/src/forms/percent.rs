//! Percent-encoding, as addresses and forms have it.

/// What common encoders leave as it is, besides letters and digits: RFC 3986, `encodeURIComponent`, `encodeURI`, Python's
/// `quote`, and forms.
const KEPT: [&[u8]; 5] = [b"-._~", b"-._~!*'()", b"-._~!*'();/?:@&=+$,#", b"-._~/", b"-._*"];

/// As each of them encodes, with hexadecimal digits in either case; a space also as `+`.
pub(super) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for kept in KEPT {
        for space in ["%20", "+"] {
            let capital: String = text.iter().map(|byte| encoded(*byte, kept, space)).collect();
            forms.push(small_digits(&capital));
            forms.push(capital.into_bytes());
        }
    }
    forms
}

fn encoded(byte: u8, kept: &[u8], space: &str) -> String {
    match byte {
        b' ' => space.to_owned(),
        _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

fn small_digits(text: &str) -> Vec<u8> {
    let mut digits = 0;
    let small = text.bytes().map(|byte| {
        if byte == b'%' {
            digits = 2;
            return byte;
        }
        if digits == 0 {
            return byte;
        }
        digits -= 1;
        byte.to_ascii_lowercase()
    });
    small.collect()
}
