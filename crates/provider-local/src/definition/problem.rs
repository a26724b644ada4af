//! What is wrong with a pipeline file.

use std::fmt;

use alm_domain::shorten;

use super::node::Mark;

/// A problem: where it is, what it is, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionProblem {
    /// The file, as the caller named it.
    pub file: String,
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in characters.
    pub column: usize,
    /// The keys from the outside in, such as `stages.build.needs[1]`; empty for the file as a whole.
    pub key: String,
    /// A sentence that ends in the remedy.
    pub message: String,
}

impl fmt::Display for DefinitionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for DefinitionProblem {}

/// At most this many are told; a file with more is not what its writer thinks it is.
const TOLD: usize = 100;

/// Problems as they are found.
#[derive(Debug)]
pub(super) struct Problems {
    file: String,
    found: Vec<DefinitionProblem>,
    untold: usize,
}

impl Problems {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new(), untold: 0 }
    }

    pub(super) fn add(&mut self, at: Mark, path: &Path<'_>, message: impl Into<String>) {
        self.add_at(at, path.to_string(), message);
    }

    pub(super) fn add_at(&mut self, at: Mark, key: String, message: impl Into<String>) {
        if self.found.len() >= TOLD {
            self.untold += 1;
            return;
        }
        let (file, message) = (self.file.clone(), message.into());
        let problem = DefinitionProblem { file, line: at.line, column: at.column, key, message };
        // A part that was written once and used by several aliases is wrong once.
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of the file.
    pub(super) fn finish(mut self) -> Vec<DefinitionProblem> {
        self.found.sort_by_key(|p| (p.line, p.column));
        if let (Some(last), true) = (self.found.last().cloned(), self.untold > 0) {
            let message = format!("there are {} problems more: correct these first", self.untold);
            self.found.push(DefinitionProblem { key: String::new(), message, ..last });
        }
        self.found
    }
}

/// Keys from the outside in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(super) const fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    pub(super) const fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => f.write_str(&shorten(key)),
            Path::Key(outer, key) => write!(f, "{outer}.{}", shorten(key)),
            Path::Index(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}
