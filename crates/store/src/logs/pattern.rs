//! What a log is searched for.

use regex::{Regex, RegexBuilder};
use regex_syntax::{Parser, ParserBuilder};

/// No pattern is longer, in bytes.
const LONGEST: usize = 1_000;
/// Most bytes of a compiled expression. What a line costs is at most its length times this.
const PROGRAM: usize = 512 << 10;
/// The same of a text, whose letters are looked for one after another: the longest fits, whatever its letters.
const TEXT: usize = 1 << 20;
/// Most bytes that a thread sets aside while it searches.
const CACHE: usize = 2 << 20;
/// Deepest nesting of an expression.
const DEPTH: u32 = 50;

/// Text or an expression, ready to be looked for. Looking takes time linear in what is looked at, whatever the pattern: there
/// is no backtracking. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogPattern(Regex);

/// Why something cannot be searched for; the sentence goes on from the name of the field that holds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Too long.
    #[error("is {0} bytes long: search for at most {LONGEST}")]
    Long(usize),
    /// Not an expression.
    #[error("is not an expression ({problem}, at character {at}): correct it, or search for it as text")]
    Syntax {
        /// What is wrong.
        problem: String,
        /// Where, from 1.
        at: usize,
    },
    /// The expression is too large once its repetitions are written out.
    #[error("is too costly: use fewer or smaller repetitions and classes")]
    Costly,
}

impl LogPattern {
    /// This very text, wherever it stands in a line. The empty text is in every line.
    ///
    /// # Errors
    /// [`PatternError::Long`].
    pub fn text(text: &str, case_sensitive: bool) -> Result<Self, PatternError> {
        short(text)?;
        Self::compile(&regex::escape(text), case_sensitive, TEXT)
    }

    /// An expression in RE2 syntax (no look-around, no back-references). `^` and `$` are the ends of a line.
    ///
    /// # Errors
    /// [`PatternError`] says what to correct.
    pub fn expression(expression: &str, case_sensitive: bool) -> Result<Self, PatternError> {
        short(expression)?;
        parser(case_sensitive).parse(expression).map_err(|error| {
            let (problem, at) = match &error {
                regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
                regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
                _ => ("it does not parse".to_owned(), 0),
            };
            PatternError::Syntax { problem, at: expression.get(..at).map_or(0, |before| before.chars().count()) + 1 }
        })?;
        Self::compile(expression, case_sensitive, PROGRAM)
    }

    fn compile(expression: &str, case_sensitive: bool, most: usize) -> Result<Self, PatternError> {
        RegexBuilder::new(expression)
            .case_insensitive(!case_sensitive)
            .size_limit(most)
            .dfa_size_limit(CACHE)
            .nest_limit(DEPTH)
            .build()
            .map(Self)
            .map_err(|_| PatternError::Costly)
    }

    /// Whether it is found in this text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn short(pattern: &str) -> Result<(), PatternError> {
    if pattern.len() > LONGEST { Err(PatternError::Long(pattern.len())) } else { Ok(()) }
}

fn parser(case_sensitive: bool) -> Parser {
    ParserBuilder::new().case_insensitive(!case_sensitive).nest_limit(DEPTH).build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(text: &str) -> Result<LogPattern, String> {
        LogPattern::expression(text, true).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_searched_for_is_told_with_the_remedy() {
        for (bad, words) in [
            ("a(b", "unclosed group, at character 2"),
            ("ä[z-a]", "at character 3"),
            (r"(?=a)", "look-around"),
            (r"(a)\1", "backreferences are not supported"),
            (r"(((\w{100}){100}){100})", "is too costly"),
            (&"(".repeat(900), "correct it"),
            (&format!("{}a{}", "(".repeat(400), ")".repeat(400)), "nest"),
            (&"x".repeat(1_001), "is 1001 bytes long"),
        ] {
            let error = expression(bad).expect_err(bad);
            assert!(error.contains(words), "{bad}: {error}");
        }
        assert_eq!(LogPattern::text(&"x".repeat(1_001), true).unwrap_err(), PatternError::Long(1_001));
    }

    #[test]
    fn the_longest_text_is_taken_whatever_its_letters() {
        for letter in ["x", "ſ", "K", "\u{10ffff}", "\\", "\n"] {
            let text = letter.repeat(LONGEST / letter.len());
            for case_sensitive in [true, false] {
                assert!(LogPattern::text(&text, case_sensitive).unwrap().is_in(&text), "{letter:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_found_as_it_stands(text in any::<String>(), before in ".{0,9}", after in ".{0,9}") {
            prop_assume!(text.len() <= LONGEST);
            let line = format!("{before}{text}{after}");
            prop_assert!(LogPattern::text(&text, true).unwrap().is_in(&line));
            prop_assert!(LogPattern::text(&text, false).unwrap().is_in(&line));
            prop_assert_eq!(LogPattern::text(&text, true).unwrap().is_in(&before), before.contains(&text));
        }

        #[test]
        fn any_expression_is_compiled_or_refused(pieces in proptest::collection::vec(prop_oneof![
            ".", "[(){}\\[\\]|*+?^$\\\\.,0-9a-z-]{1,3}",
            Just("(?i)".to_owned()), Just("\\p{L}".to_owned()), Just("{1000}".to_owned()), Just("[^\\W\\d]".to_owned()),
            Just("(?P<n>".to_owned()), Just("\\b{start}".to_owned()), Just("[a&&b--c]".to_owned()),
        ], 0..40), case_sensitive: bool) {
            let text = pieces.concat();
            match LogPattern::expression(&text, case_sensitive) {
                // What was taken is looked for without harm.
                Ok(pattern) => drop(pattern.is_in("a line (of) a log, ünïcode {1}")),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
