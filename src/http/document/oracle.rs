//! A judge over the pre-check: expands documents for real.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{
    DocumentLimits,
    expansion::{introspected, is_introspection},
};

/// Whether a document is within the limits, found by putting every fragment in each of its places. As slow as the document
/// wants it to be, up to the limits.
pub(in crate::http) fn judge(document: &ExecutableDocument, limits: &DocumentLimits) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments: Vec<_> = document.fragments.values().map(|fragment| &fragment.node.selection_set.node).collect();
    let written = |what| operations.clone().chain(fragments.iter().copied()).map(|set| count(set, what)).sum::<usize>();
    if written(aliases) > limits.aliases || written(directives) > limits.directives {
        return false;
    }
    let mut seen = Seen { fragments: &document.fragments, limits, chain: Vec::new(), fields: 0 };
    let operations_fit =
        operations.into_iter().all(|set| seen.expand(set, 0) && seen.introspection(set) <= limits.introspection);
    // Each fragment must fit by itself, whether it is used or not.
    operations_fit
        && document.fragments.iter().all(|(name, fragment)| {
            seen.fields = 0;
            seen.enter(name, |seen, set| seen.expand(set, 0))
                && seen.introspection(&fragment.node.selection_set.node) <= limits.introspection
        })
}

struct Seen<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    limits: &'a DocumentLimits,
    /// The fragments that we are within.
    chain: Vec<&'a Name>,
    fields: usize,
}

impl<'a> Seen<'a> {
    fn expand(&mut self, set: &'a SelectionSet, depth: usize) -> bool {
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => {
                self.fields += 1;
                let below = &field.node.selection_set.node;
                self.fields <= self.limits.fields && depth < self.limits.depth && self.expand(below, depth + 1)
            }
            Selection::InlineFragment(inline) => self.expand(&inline.node.selection_set.node, depth),
            Selection::FragmentSpread(spread) => {
                self.enter(&spread.node.fragment_name.node, |seen, set| seen.expand(set, depth))
            }
        })
    }

    /// How many values of the schema are asked for. After the expansion, which so is known to be small.
    fn introspection(&self, set: &'a SelectionSet) -> usize {
        self.sum(set, &|field, below| match is_introspection(field) {
            true => self.introspected(below),
            false => self.introspection(below),
        })
    }

    fn introspected(&self, set: &'a SelectionSet) -> usize {
        self.sum(set, &|field, below| introspected(field, self.introspected(below)))
    }

    fn sum(&self, set: &'a SelectionSet, of: &dyn Fn(&str, &'a SelectionSet) -> usize) -> usize {
        let values = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => of(&field.node.name.node, &field.node.selection_set.node),
            Selection::InlineFragment(inline) => self.sum(&inline.node.selection_set.node, of),
            Selection::FragmentSpread(spread) => {
                let fragment = self.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| self.sum(&fragment.node.selection_set.node, of))
            }
        });
        values.fold(0, usize::saturating_add)
    }

    fn enter(&mut self, name: &Name, within: impl FnOnce(&mut Self, &'a SelectionSet) -> bool) -> bool {
        let Some((name, fragment)) = self.fragments.get_key_value(name) else { return false };
        if self.chain.contains(&name) || self.chain.len() >= self.limits.fragment_chain {
            return false;
        }
        self.chain.push(name);
        let fits = within(self, &fragment.node.selection_set.node);
        self.chain.pop();
        fits
    }
}

fn aliases(selection: &Selection) -> usize {
    usize::from(matches!(selection, Selection::Field(field) if field.node.alias.is_some()))
}

fn directives(selection: &Selection) -> usize {
    match selection {
        Selection::Field(field) => field.node.directives.len(),
        Selection::InlineFragment(inline) => inline.node.directives.len(),
        Selection::FragmentSpread(spread) => spread.node.directives.len(),
    }
}

/// As they are written: fragments stay what they are.
fn count(set: &SelectionSet, what: fn(&Selection) -> usize) -> usize {
    let below = |selection: &Selection| match selection {
        Selection::Field(field) => count(&field.node.selection_set.node, what),
        Selection::InlineFragment(inline) => count(&inline.node.selection_set.node, what),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(|selection| what(&selection.node) + below(&selection.node)).sum()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;
    use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

    use super::*;
    use crate::http::document::expansion;

    const LIMITS: DocumentLimits = DocumentLimits {
        bytes: 16 << 10,
        tokens: 5_000,
        nesting: 48,
        fields: 60,
        depth: 6,
        introspection: 300,
        fragment_chain: 3,
        aliases: 5,
        directives: 3,
        variable_values: 10_000,
    };

    #[derive(Debug, Clone)]
    enum Part {
        Field(&'static str, Vec<Part>),
        Inline(Vec<Part>),
        /// Of a fragment further on by as many; or, seldom, of any, circles and what is not there included.
        Spread(u8, bool),
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop_oneof![24 => Just("a"), 1 => Just("b: a"), 1 => Just("a @skip(if: true)"), 1 => Just("fields"), 1 => Just("__type")]
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let leaf = prop_oneof![
            24 => name().prop_map(|name| Part::Field(name, Vec::new())),
            8 => (0..7_u8, proptest::bool::weighted(0.02)).prop_map(|(to, any)| Part::Spread(to, any)),
        ];
        let part = leaf.prop_recursive(4, 12, 3, |part| {
            let some = proptest::collection::vec(part, 1..3);
            prop_oneof![
                (name(), some.clone()).prop_map(|(name, parts)| Part::Field(name, parts)),
                some.prop_map(Part::Inline)
            ]
        });
        proptest::collection::vec(part, 1..4)
    }

    /// `from` is the first fragment further on.
    fn write(parts: &[Part], from: u8, out: &mut String) {
        out.push_str("{ ");
        for part in parts {
            match part {
                Part::Field(name, below) => {
                    write!(out, "{name} ").unwrap();
                    if !below.is_empty() {
                        write(below, from, out);
                    }
                }
                Part::Inline(below) => {
                    out.push_str("... on T ");
                    write(below, from, out);
                }
                Part::Spread(to, true) => write!(out, "...f{to} ").unwrap(),
                Part::Spread(to, false) if from + to % 3 < 6 => write!(out, "...f{} ", from + to % 3).unwrap(),
                Part::Spread(..) => out.push_str("a "),
            }
        }
        out.push_str("} ");
    }

    /// Documents of one or two operations and six fragments, spread forwards, backwards, in circles and nowhere; sometimes one that
    /// is not there.
    fn documents() -> impl Strategy<Value = String> {
        let operations = proptest::collection::vec(parts(), 1..3);
        (operations, proptest::collection::vec(parts(), 6)).prop_map(|(operations, fragments)| {
            let mut text = String::new();
            for (n, parts) in operations.iter().enumerate() {
                write!(text, "query q{n} ").unwrap();
                write(parts, 0, &mut text);
            }
            for (n, parts) in fragments.iter().enumerate() {
                write!(text, "fragment f{n} on T ").unwrap();
                write(parts, n as u8 + 1, &mut text);
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn the_check_refuses_what_the_judge_finds_too_large_and_nothing_else(text in documents()) {
            let document = parse_query(&text).unwrap();
            prop_assert_eq!(expansion::check(&document, &LIMITS).is_ok(), judge(&document, &LIMITS), "{}", text);
        }
    }

    #[test]
    fn the_judge_meets_both_kinds() {
        let mut runner = TestRunner::deterministic();
        let verdicts: Vec<bool> = (0..500)
            .map(|_| judge(&parse_query(documents().new_tree(&mut runner).unwrap().current()).unwrap(), &LIMITS))
            .collect();
        let fits = verdicts.iter().filter(|fits| **fits).count();
        assert!((50..450).contains(&fits), "{fits} of 500 documents fit: the property says little");
    }
}
