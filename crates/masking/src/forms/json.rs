//! Escaped for a JSON string.

/// How an encoder deviates from the least that it must escape.
#[derive(Clone, Copy, Default)]
struct Habit {
    /// Also these, as `\u00xx`.
    unicode: &'static [char],
    /// Also `/`, as `\/`.
    slash: bool,
    /// Also all that is not ASCII.
    ascii: bool,
    capital: bool,
}

/// As the encoders of the common languages do it: the least, Go, Gson, Python, PHP.
pub(super) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    // A text that is no UTF-8 is in no JSON.
    let Ok(text) = std::str::from_utf8(text) else { return Vec::new() };
    let least = Habit::default();
    let habits = [
        least,
        Habit { unicode: &['<', '>', '&', '\u{2028}', '\u{2029}'], ..least },
        Habit { unicode: &['<', '>', '&', '=', '\'', '\u{2028}', '\u{2029}'], ..least },
        Habit { slash: true, ..least },
        Habit { ascii: true, ..least },
        Habit { ascii: true, slash: true, ..least },
    ];
    let mut forms = Vec::new();
    for habit in habits {
        forms.push(escaped(text, habit));
        forms.push(escaped(text, Habit { capital: true, ..habit }));
    }
    forms
}

fn escaped(text: &str, habit: Habit) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if habit.slash => out.push_str("\\/"),
            c if c < ' ' || habit.ascii && !c.is_ascii() || habit.unicode.contains(&c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if habit.capital { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            }
            c => out.push(c),
        }
    }
    out.into_bytes()
}
