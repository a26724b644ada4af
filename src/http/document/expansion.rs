//! How large a document becomes when its fragments are put in their places.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{DocumentLimits, Problem};
use crate::http::Code;

/// How long a list of the introspection is in a schema such as ours, about. Its types lead to each other without end, and no
/// resolver of ours has a say in what they cost.
const fn length(field: &str) -> usize {
    match field.as_bytes() {
        b"types" => 100,
        b"fields" | b"inputFields" | b"enumValues" | b"possibleTypes" | b"directives" => 10,
        b"args" | b"interfaces" => 3,
        _ => 1,
    }
}

/// Whether what is below this field is the schema itself.
pub(super) fn is_introspection(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// How many values a field of the introspection brings with those below it.
pub(super) fn introspected(field: &str, below: usize) -> usize {
    below.saturating_add(1).saturating_mul(length(field))
}

/// Refuses a document that grows over the limits. Each fragment is measured once, however often it is spread.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<(), Problem> {
    let mut measure =
        Measure { fragments: &document.fragments, known: HashMap::new(), aliases: 0, directives: 0, limits };
    let mut fields = 0_usize;
    for (_, operation) in document.operations.iter() {
        let size = measure.selections(&operation.node.selection_set.node, 0)?;
        fields = fields.saturating_add(size.fields);
        Size { fields, ..size }.fits(limits)?;
    }
    // The validation walks also through what no operation uses.
    for name in document.fragments.keys() {
        measure.fragment(name, 0)?.fits(limits)?;
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    fields: usize,
    depth: usize,
    /// How many fragments stand within each other.
    chain: usize,
    /// How many values there are when this stands within the introspection.
    introspected: usize,
    /// How many there are in the introspections that stand in this.
    introspection: usize,
}

impl Size {
    fn fits(self, limits: &DocumentLimits) -> Result<(), Problem> {
        if self.fields > limits.fields {
            return Err(Problem::excess("fields (after its fragments are put in their places)", limits.fields));
        }
        if self.depth > limits.depth {
            return Err(Problem::excess("fields within each other", limits.depth));
        }
        if self.introspection > limits.introspection {
            return Err(Problem::excess("values of the schema", limits.introspection));
        }
        Ok(())
    }
}

struct Measure<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being measured: meeting it again then is a cycle.
    known: HashMap<&'a Name, Option<Size>>,
    aliases: usize,
    directives: usize,
    limits: &'a DocumentLimits,
}

impl<'a> Measure<'a> {
    fn selections(&mut self, set: &'a SelectionSet, chain: usize) -> Result<Size, Problem> {
        let mut total = Size::default();
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => {
                    self.alias(field.node.alias.is_some())?;
                    self.directives(field.node.directives.len())?;
                    let below = self.selections(&field.node.selection_set.node, chain)?;
                    let name = field.node.name.node.as_str();
                    let introspects = is_introspection(name);
                    Size {
                        fields: below.fields.saturating_add(1),
                        depth: below.depth + 1,
                        introspected: introspected(name, below.introspected),
                        introspection: if introspects { below.introspected } else { below.introspection },
                        ..below
                    }
                }
                Selection::InlineFragment(inline) => {
                    self.directives(inline.node.directives.len())?;
                    self.selections(&inline.node.selection_set.node, chain)?
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(spread.node.directives.len())?;
                    self.fragment(&spread.node.fragment_name.node, chain)?
                }
            };
            total.fields = total.fields.saturating_add(size.fields);
            total.depth = total.depth.max(size.depth);
            total.chain = total.chain.max(size.chain);
            total.introspection = total.introspection.saturating_add(size.introspection);
            total.introspected = total.introspected.saturating_add(size.introspected);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &Name, chain: usize) -> Result<Size, Problem> {
        let invalid = |message| Err(Problem::new(Code::GraphqlValidationFailed, message));
        // Without this, what grows around it would have no fields, and be walked through for ever.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return invalid("a fragment is spread that the document does not define");
        };
        match self.known.get(name) {
            Some(Some(size)) => return self.chained(chain, *size),
            Some(None) => return invalid("a fragment spreads itself, directly or through others"),
            None => {}
        }
        // Before going in, so that it is not deep; below, fragments that were measured elsewhere count too.
        self.chained(chain, Size { chain: 1, ..Size::default() })?;
        self.known.insert(name, None);
        let below = self.selections(&fragment.node.selection_set.node, chain + 1)?;
        let size = Size { chain: below.chain + 1, ..below };
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn chained(&self, above: usize, size: Size) -> Result<Size, Problem> {
        if above + size.chain > self.limits.fragment_chain {
            return Err(Problem::excess("fragments within each other", self.limits.fragment_chain));
        }
        Ok(size)
    }

    fn directives(&mut self, more: usize) -> Result<(), Problem> {
        self.directives += more;
        if self.directives > self.limits.directives {
            return Err(Problem::excess("directives", self.limits.directives));
        }
        Ok(())
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
    fn what_grows_around_nothing_or_is_used_by_nothing_is_refused_too() {
        assert!(verdict("{ ...a } fragment a on Q { ...nowhere }").unwrap_err().contains("does not define"));
        let mut document = "{ a } fragment f19 on Q { a }".to_owned();
        for n in 0..19 {
            document += &format!(" fragment f{n} on Q {{ ...f{0} ...f{0} }}", n + 1);
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
    fn aliases_directives_and_long_chains_are_refused() {
        let aliases: String = (0..51).map(|n| format!("a{n}: a ")).collect();
        assert!(verdict(&format!("{{ {aliases} }}")).unwrap_err().contains("50 aliases"));
        let directives = "@include(if: true) ".repeat(101);
        assert!(verdict(&format!("{{ a {directives} }}")).unwrap_err().contains("100 directives"));
        let mut chain = "{ ...f0 } fragment f300 on Q { a }".to_owned();
        for n in 0..300 {
            chain += &format!(" fragment f{n} on Q {{ ...f{} }}", n + 1);
        }
        assert!(verdict(&chain).unwrap_err().contains("fragments within each other"));
    }

    #[test]
    fn the_schema_is_told_once_and_not_for_each_of_its_types() {
        let standard = include_str!("../../../tests/it/http/introspection.graphql");
        assert_eq!(verdict(standard), Ok(()));
        let nested = |times: usize| {
            let (open, close) = ("possibleTypes { interfaces { ".repeat(times), "} } ".repeat(times));
            format!("{{ __type(name: \"Node\") {{ ...types }} }} fragment types on __Type {{ {open} name {close} }}")
        };
        assert_eq!(verdict(&nested(3)), Ok(()));
        assert!(verdict(&nested(4)).unwrap_err().contains("values of the schema"));
        let often = |times: usize| {
            let nested = "types { fields { type { fields { name } } } }";
            let asked: String = (0..times).map(|n| format!("a{n}: __schema {{ {nested} }} ")).collect();
            format!("{{ {asked} }}")
        };
        assert_eq!(verdict(&often(18)), Ok(()));
        assert!(verdict(&often(19)).unwrap_err().contains("values of the schema"));
    }

    #[test]
    fn a_chain_counts_also_where_its_end_was_measured_before() {
        let limits = DocumentLimits { fragment_chain: 2, ..DocumentLimits::default() };
        let chain = "{ ...c ...a } fragment a on Q { ...b } fragment b on Q { ...c } fragment c on Q { x }";
        assert!(check(&parse_query(chain).unwrap(), &limits).is_err());
    }
}
