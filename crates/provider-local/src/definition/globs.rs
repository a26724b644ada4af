//! Patterns of branches and files.

use alm_domain::shorten;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Compiled patterns: `*` and `?` stop at `/`, `**` does not, `[a-z]` and `{a,b}` choose. Matching is linear.
#[derive(Debug, Clone)]
pub struct Globs(GlobSet);

impl Globs {
    /// Compiles patterns.
    ///
    /// # Errors
    /// A sentence that names the pattern and what is wrong with it. Never for the patterns of a parsed pipeline.
    pub fn new<T: AsRef<str>>(patterns: &[T]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            if pattern.len() > 256 {
                return Err(format!("{:?} is longer than 256 bytes: write a shorter pattern", shorten(pattern)));
            }
            let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
            set.add(glob.map_err(|e| format!("{:?} is not a pattern: {}: correct it", shorten(pattern), e.kind()))?);
        }
        set.build().map(Self).map_err(|e| format!("the patterns are too large together ({}): write fewer", e.kind()))
    }

    /// Whether one of the patterns fits the whole text.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether one of the patterns fits a relative path or a folder that it lies in, so that `dist` takes in `dist/a/b`.
    #[must_use]
    pub fn takes_in(&self, path: &str) -> bool {
        self.fits(path) || path.match_indices('/').any(|(at, _)| self.fits(&path[..at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stops_at_a_slash_and_two_do_not() {
        let one = Globs::new(&["release/*"]).unwrap();
        assert!(one.fits("release/1") && !one.fits("release/1/2") && one.takes_in("release/1/2"));
        let two = Globs::new(&["dist/**", "{a,b}.tx?"]).unwrap();
        assert!(two.fits("dist/x/y") && two.fits("b.txt") && !two.fits("c.txt"));
    }
}
