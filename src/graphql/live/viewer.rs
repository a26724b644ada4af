//! Names of the schema that stand for something else for everybody who asks.

use std::{collections::HashSet, sync::LazyLock};

use async_graphql::{
    Positioned, TypeDirective,
    parser::{
        parse_schema,
        types::{ConstDirective, TypeKind, TypeSystemDefinition},
    },
};

use crate::graphql::schema::sdl;

/// The value depends on who asks: documents that name it are executed for each caller.
#[TypeDirective(name = "viewer", location = "FieldDefinition", location = "InputFieldDefinition")]
pub(crate) fn depends_on_viewer() {}

static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let document = parse_schema(sdl()).map(|document| document.definitions).unwrap_or_default();
    let mut names = HashSet::new();
    for definition in document {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let mut note = |name: &str, directives: &[Positioned<ConstDirective>]| {
            if directives.iter().any(|directive| directive.node.name.node == "viewer") {
                names.insert(name.to_owned());
            }
        };
        match &definition.node.kind {
            TypeKind::Object(object) => object.fields.iter().for_each(|f| note(&f.node.name.node, &f.node.directives)),
            TypeKind::Interface(i) => i.fields.iter().for_each(|f| note(&f.node.name.node, &f.node.directives)),
            TypeKind::InputObject(i) => i.fields.iter().for_each(|f| note(&f.node.name.node, &f.node.directives)),
            _ => {}
        }
    }
    names
});

/// The names of fields and input fields that are so marked, wherever they stand.
pub(crate) fn names() -> &'static HashSet<String> {
    &NAMES
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_marks_of_the_schema_are_found() {
        for name in ["actions", "mine", "viewer"] {
            assert!(super::names().contains(name), "{name}");
        }
        assert!(!super::names().contains("id"));
    }
}
