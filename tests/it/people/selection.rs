//! Documents that ask for everything, made from the schema itself.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, TypeKind, TypeSystemDefinition},
};

/// The schema, as far as it can be asked for.
pub(super) struct Schema {
    objects: BTreeMap<String, Vec<FieldDefinition>>,
    /// Interfaces and unions, with the objects that they can be.
    several: BTreeMap<String, Vec<String>>,
    nodes: BTreeSet<String>,
}

fn base(ty: &BaseType) -> String {
    match ty {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base(&inner.base),
    }
}

impl Schema {
    pub(super) fn read() -> Self {
        let (mut objects, mut several, mut nodes) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        for definition in parse_schema(alm::graphql::sdl()).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in &object.implements {
                        several.entry(interface.node.to_string()).or_insert_with(Vec::new).push(name.clone());
                        if interface.node == "Node" {
                            nodes.insert(name.clone());
                        }
                    }
                    objects.insert(name, object.fields.into_iter().map(|field| field.node).collect());
                }
                TypeKind::Union(union) => {
                    several.insert(name, union.members.iter().map(|member| member.node.to_string()).collect());
                }
                _ => {}
            }
        }
        Self { objects, several, nodes }
    }

    /// Types with an id of their own.
    pub(super) const fn nodes(&self) -> &BTreeSet<String> {
        &self.nodes
    }

    pub(super) fn fields(&self, object: &str) -> impl Iterator<Item = &FieldDefinition> {
        self.objects[object].iter()
    }

    /// Every field of every object.
    pub(super) fn all(&self) -> BTreeSet<(String, String)> {
        let fields = |(name, fields): (&String, &Vec<FieldDefinition>)| -> Vec<_> {
            fields.iter().map(|field| (name.clone(), field.name.node.to_string())).collect()
        };
        self.objects.iter().flat_map(fields).collect()
    }

    /// Everything of this object: its own fields, those of values in it, and of other things with ids those ids alone. What is
    /// selected is noted.
    pub(super) fn everything(&self, object: &str, seen: &mut BTreeSet<(String, String)>) -> String {
        self.fields_of(object, &mut vec![], seen)
    }

    fn fields_of(&self, object: &str, above: &mut Vec<String>, seen: &mut BTreeSet<(String, String)>) -> String {
        above.push(object.to_owned());
        let mut selected = Vec::new();
        for field in self.fields(object) {
            let name = field.name.node.as_str();
            let ty = base(&field.ty.node.base);
            if above.contains(&ty) && !self.nodes.contains(&ty) {
                continue;
            }
            let required =
                field.arguments.iter().filter(|a| !a.node.ty.node.nullable && a.node.default_value.is_none()).count();
            assert_eq!(required, 0, "{object}.{name} needs arguments: teach the matrix to give them");
            seen.insert((object.to_owned(), name.to_owned()));
            selected.push(format!("{object}_{name}: {name}{}", self.selection(&ty, above, seen)));
        }
        above.pop();
        selected.join(" ")
    }

    /// What follows the name of a field of this type.
    fn selection(&self, ty: &str, above: &mut Vec<String>, seen: &mut BTreeSet<(String, String)>) -> String {
        if self.nodes.contains(ty) {
            return " { id }".to_owned();
        }
        if self.objects.contains_key(ty) {
            return format!(" {{ {} }}", self.fields_of(ty, above, seen));
        }
        let Some(members) = self.several.get(ty) else { return String::new() };
        let members: Vec<_> = members.iter().filter(|member| !above.contains(member)).collect();
        let parts = members.iter().map(|member| {
            let fields = self.selection(member, above, seen);
            format!("... on {member}{fields}")
        });
        let parts: Vec<_> = parts.collect();
        format!(" {{ __typename {} }}", parts.join(" "))
    }
}
