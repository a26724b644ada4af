//! What is wrong with a request before it is executed.

use async_graphql::{Pos, ServerError, parser};

use crate::http::Code;

/// Longest message of an error about a document, in bytes.
const LONGEST: usize = 200;

/// Why a document is not executed. Its message never repeats literals of the document, and is short.
#[derive(Debug)]
pub(in crate::http) struct Problem {
    pub(in crate::http) code: Code,
    pub(in crate::http) message: String,
    positions: Vec<Pos>,
}

impl Problem {
    pub(in crate::http) fn new(code: Code, message: impl AsRef<str>) -> Self {
        Self { code, message: brief(message.as_ref()), positions: Vec::new() }
    }

    pub(super) fn excess(what: &str, limit: usize) -> Self {
        Self::new(
            Code::QueryTooCostly,
            format!("the document has more than {limit} {what}: split it into smaller requests"),
        )
    }

    pub(super) fn syntax(error: &parser::Error) -> Self {
        let positions: Vec<Pos> = error.positions().collect();
        let at = positions.first().map(|p| format!(" at line {}, column {}", p.line, p.column)).unwrap_or_default();
        let message = match error {
            // The parser's own text shows the line of the document; what it expected comes last.
            parser::Error::Syntax { message, .. } => {
                let expected = message.rsplit_once("= ").map_or("", |(_, expected)| expected.trim());
                format!("syntax error{at}: {expected}")
            }
            other => format!("{other}{at}"),
        };
        Self { positions, ..Self::new(Code::GraphqlParseFailed, message) }
    }

    /// The same as an error of GraphQL.
    pub(in crate::http) fn into_error(self) -> ServerError {
        let mut error = ServerError::new(self.message, None);
        error.locations = self.positions;
        error.extensions.get_or_insert_default().set("code", self.code.as_str());
        error
    }
}

/// At most 200 bytes of a text, cut between characters.
pub(in crate::http) fn brief(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut end = LONGEST - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
