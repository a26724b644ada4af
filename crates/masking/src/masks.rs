//! The secrets of a build, ready to be searched for.

use std::{fmt, sync::Arc};

use crate::{Gap, Masker, automaton::Automaton, needles};

/// The secrets of a build, ready to be searched for. Cannot print them. Cheap to clone; made once for a build, as it takes some
/// work.
#[derive(Clone, Default)]
pub struct Masks {
    /// None when there is nothing to take out.
    automaton: Option<Arc<Automaton>>,
}

impl Masks {
    /// Takes these secrets (name and value) out of the streams that pass. Tells of each that is not, or not wholly, covered:
    /// whoever registers secrets must pass that on.
    pub fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> (Self, Vec<Gap>) {
        let (needles, gaps) = needles::of(secrets);
        (Self { automaton: Automaton::of(&needles).map(Arc::new) }, gaps)
    }

    /// For one stream, from its beginning.
    #[must_use]
    pub fn masker(&self) -> Masker {
        Masker::new(self.automaton.clone())
    }

    /// A text that is whole.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let (mut masker, mut out) = (self.masker(), Vec::with_capacity(text.len()));
        masker.push(text.as_bytes(), &mut out);
        masker.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks(…)")
    }
}
