//! How large a document becomes when its fragments are put in their places.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{DocumentLimits, Problem};
use crate::http::Code;

/// Refuses a document that grows over the limits. Each fragment is measured once, however often it is spread.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<(), Problem> {
    let mut measure = Measure { fragments: &document.fragments, known: HashMap::new(), aliases: 0, limits };
    let mut fields = 0_usize;
    for (_, operation) in document.operations.iter() {
        let size = measure.selections(&operation.node.selection_set.node, 0)?;
        fields = fields.saturating_add(size.fields);
        if fields > limits.fields {
            return Err(Problem::excess("fields (after its fragments are put in their places)", limits.fields));
        }
        if size.depth > limits.depth {
            return Err(Problem::excess("fields within each other", limits.depth));
        }
    }
    // Cycles among fragments that no operation uses would still be walked by the validation.
    for name in document.fragments.keys() {
        measure.fragment(name, 0)?;
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    fields: usize,
    depth: usize,
}

struct Measure<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being measured: meeting it again then is a cycle.
    known: HashMap<&'a Name, Option<Size>>,
    aliases: usize,
    limits: &'a DocumentLimits,
}

impl<'a> Measure<'a> {
    fn selections(&mut self, set: &'a SelectionSet, chain: usize) -> Result<Size, Problem> {
        let mut total = Size::default();
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => {
                    self.alias(field.node.alias.is_some())?;
                    let below = self.selections(&field.node.selection_set.node, chain)?;
                    Size { fields: below.fields.saturating_add(1), depth: below.depth + 1 }
                }
                Selection::InlineFragment(inline) => self.selections(&inline.node.selection_set.node, chain)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, chain)?,
            };
            total.fields = total.fields.saturating_add(size.fields);
            total.depth = total.depth.max(size.depth);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &Name, chain: usize) -> Result<Size, Problem> {
        // An unknown fragment is the validation's to refuse.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else { return Ok(Size::default()) };
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(Problem::new(
                    Code::GraphqlValidationFailed,
                    "a fragment spreads itself, directly or through others",
                ));
            }
            None => {}
        }
        if chain >= self.limits.fragment_chain {
            return Err(Problem::excess("fragments within each other", self.limits.fragment_chain));
        }
        self.known.insert(name, None);
        let size = self.selections(&fragment.node.selection_set.node, chain + 1)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn alias(&mut self, there: bool) -> Result<(), Problem> {
        self.aliases += usize::from(there);
        if self.aliases > self.limits.aliases {
            return Err(Problem::excess("aliases", self.limits.aliases));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn verdict(document: &str) -> Result<(), String> {
        check(&parse_query(document).unwrap(), &DocumentLimits::default()).map_err(|problem| problem.message)
    }

    #[test]
    fn fragments_that_double_are_counted_without_being_expanded() {
        let mut document = "{ ...f0 } fragment f19 on Q { a }".to_owned();
        for n in 0..19 {
            let next = n + 1;
            document += &format!(" fragment f{n} on Q {{ ...f{next} ...f{next} }}");
        }
        assert!(verdict(&document).unwrap_err().contains("2000 fields"));
    }

    #[test]
    fn cycles_are_found_also_where_nothing_uses_them() {
        for cycle in [
            "{ ...a } fragment a on Q { ...a }",
            "{ ...a } fragment a on Q { x { ...b } } fragment b on Q { ...a }",
            "{ x } fragment a on Q { ...b } fragment b on Q { ...a }",
        ] {
            assert!(verdict(cycle).unwrap_err().contains("spreads itself"), "{cycle}");
        }
    }

    #[test]
    fn a_fragment_may_be_used_twice() {
        assert_eq!(verdict("{ x { ...a } y { ...a } } fragment a on Q { z }"), Ok(()));
    }

    #[test]
    fn depth_is_that_of_the_fields_and_not_of_where_they_are_written() {
        let nested = |depth: usize| format!("{{ {}a{} }}", "a { ".repeat(depth - 1), " }".repeat(depth - 1));
        assert_eq!(verdict(&nested(25)), Ok(()));
        assert!(verdict(&nested(26)).unwrap_err().contains("25 fields within"));
        let through = "{ a { ...f } } fragment f on Q { b { ...g } } fragment g on Q { c }";
        let limits = DocumentLimits { depth: 2, ..DocumentLimits::default() };
        assert!(check(&parse_query(through).unwrap(), &limits).is_err());
    }

    #[test]
    fn aliases_and_long_chains_are_refused() {
        let aliases: String = (0..51).map(|n| format!("a{n}: a ")).collect();
        assert!(verdict(&format!("{{ {aliases} }}")).unwrap_err().contains("50 aliases"));
        let mut chain = "{ ...f0 } fragment f300 on Q { a }".to_owned();
        for n in 0..300 {
            chain += &format!(" fragment f{n} on Q {{ ...f{} }}", n + 1);
        }
        assert!(verdict(&chain).unwrap_err().contains("fragments within each other"));
    }
}
