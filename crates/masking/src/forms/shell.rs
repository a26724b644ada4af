//! Quoted for a shell.

/// What shells and their helpers put a backslash before: within double quotes, as `printf %q` of bash, as Ruby's `shellescape`
/// leaves it. What Perl's `quotemeta` does is told apart below.
const DOUBLE: &[u8] = b"\"\\$`";
const BASH: &[u8] = b" \t!\"$&'()*,;<>?[\\]^`{|}";
const RUBY_KEEPS: &[u8] = b"_-.,:+/@\n";

/// The inside of single, double and `$'…'` quotes, and with backslashes.
pub(super) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let backslashed = |special: &dyn Fn(u8) -> bool| {
        let mut out = Vec::with_capacity(text.len());
        for &byte in text {
            if special(byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out
    };
    vec![
        replaced(text, |byte| (byte == b'\'').then(|| br"'\''".to_vec())),
        replaced(text, |byte| (byte == b'\'').then(|| br#"'"'"'"#.to_vec())),
        backslashed(&|byte| DOUBLE.contains(&byte)),
        backslashed(&|byte| BASH.contains(&byte)),
        backslashed(&|byte| byte < 0x80 && !byte.is_ascii_alphanumeric() && !RUBY_KEEPS.contains(&byte)),
        backslashed(&|byte| byte < 0x80 && !byte.is_ascii_alphanumeric() && byte != b'_'),
        replaced(text, |byte| dollar(byte, "\\E", false)),
        replaced(text, |byte| dollar(byte, "\\033", true)),
    ]
}

/// Within `$'…'`; what is not ASCII is kept in a locale that knows it, and told by its number in one that does not.
fn dollar(byte: u8, escape: &str, only_ascii: bool) -> Option<Vec<u8>> {
    let text = match byte {
        b'\'' => "\\'".to_owned(),
        b'\\' => "\\\\".to_owned(),
        0x07 => "\\a".to_owned(),
        0x08 => "\\b".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        0x0b => "\\v".to_owned(),
        0x0c => "\\f".to_owned(),
        b'\r' => "\\r".to_owned(),
        0x1b => escape.to_owned(),
        0..=0x1f | 0x7f => format!("\\{byte:03o}"),
        0x80.. if only_ascii => format!("\\{byte:03o}"),
        _ => return None,
    };
    Some(text.into_bytes())
}

fn replaced(text: &[u8], with: impl Fn(u8) -> Option<Vec<u8>>) -> Vec<u8> {
    text.iter().flat_map(|&byte| with(byte).unwrap_or_else(|| vec![byte])).collect()
}
