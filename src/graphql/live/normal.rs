//! Documents that mean the same, written the same.

/// The document with every run of what GraphQL ignores (blanks, line breaks, commas, comments) as one blank. Strings are left as
/// they are. Means exactly the same.
pub(super) fn normalized(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string(rest),
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        if matches!(first, ' ' | '\t' | '\r' | '\n' | ',' | '#' | '\u{feff}') {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else {
            text.push_str(token);
        }
        rest = behind;
    }
    text.truncate(text.trim_end().len());
    text
}

/// Length of the string that the text begins with.
fn string(text: &str) -> usize {
    let (quote, escaped) = if text.starts_with("\"\"\"") { ("\"\"\"", "\\\"\"\"") } else { ("\"", "\\") };
    let mut at = quote.len();
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return text.len() };
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        at += if rest.starts_with(escaped) {
            let behind = if quote.len() == 1 { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 3 };
            1 + behind
        } else {
            first.len_utf8()
        };
    }
}

/// The names in a text; what stands in strings is taken for names too.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_ignored_is_written_as_one_blank_and_strings_stay() {
        let document = "subscription  S($a: ID!,\n  $b: Int) { # why\n  log(a: $a,, t: \"a,  \\\"b #\") { x } }\n";
        assert_eq!(normalized(document), "subscription S($a: ID! $b: Int) { log(a: $a t: \"a,  \\\"b #\") { x } }");
        assert_eq!(
            normalized("{ a(t: \"\"\"x,  \\\"\"\" , y\"\"\",b:1) }"),
            "{ a(t: \"\"\"x,  \\\"\"\" , y\"\"\" b:1) }"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_normalized_once_and_for_all(text in "[a{}\" \\\\,#\nü]{0,40}") {
            let once = normalized(&text);
            prop_assert_eq!(normalized(&once), once);
        }

        #[test]
        fn a_document_means_the_same_afterwards(blanks in "[ ,\n]{1,5}", comment in "#[a-z\" ]{0,8}\n") {
            let document = format!("query{blanks}Q($a:{comment}Int=-1){{a(b:[1{blanks}-2.5e3{blanks}\"x,  y\"]){comment}...F}}fragment F on Q{{b}}");
            let shape = |text: &str| async_graphql::parser::parse_query(text).map(|d| (d.operations.iter().count(), d.fragments.len()));
            let before = shape(&document).unwrap();
            prop_assert_eq!(shape(&normalized(&document)).unwrap(), before);
        }
    }
}
