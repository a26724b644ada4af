//! The schema that is committed is the schema that is served, and it explains itself.

use std::{fs, path::Path};

use async_graphql::parser::{
    parse_schema,
    types::{FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition},
};

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = fs::read_to_string(path).expect("schema.graphql is there: run `make schema` and commit it");
    let served = alm::graphql::sdl();
    let difference = committed.lines().zip(served.lines()).position(|(committed, served)| committed != served);
    assert!(
        committed.trim_end() == served.trim_end(),
        "schema.graphql is not the schema that is served (first difference: line {}): run `make schema`, and look at what changes \
         for clients",
        difference.unwrap_or_else(|| committed.lines().count().min(served.lines().count())) + 1
    );
}

/// Collects everything that nobody has described.
#[derive(Default)]
struct Undescribed(Vec<String>);

impl Undescribed {
    fn check(&mut self, what: String, description: Option<&str>) {
        if description.is_none_or(|text| text.trim().is_empty()) {
            self.0.push(what);
        }
    }

    fn input(&mut self, on: &str, value: &InputValueDefinition) {
        let description = value.description.as_ref().map(|text| text.node.as_str());
        self.check(format!("{on}{}", value.name.node), description);
    }

    fn field(&mut self, on: &str, field: &FieldDefinition) {
        let name = format!("{on}.{}", field.name.node);
        self.check(name.clone(), field.description.as_ref().map(|text| text.node.as_str()));
        for argument in &field.arguments {
            self.input(&format!("{name}, argument "), &argument.node);
        }
    }
}

#[test]
fn every_type_field_argument_and_value_is_described() {
    let mut undescribed = Undescribed::default();
    for definition in parse_schema(alm::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        // Connections are made by the library, which has no place for a description; their fields have theirs.
        if !name.ends_with("Connection") {
            undescribed.check(name.clone(), definition.node.description.as_ref().map(|text| text.node.as_str()));
        }
        match &definition.node.kind {
            TypeKind::Object(object) => object.fields.iter().for_each(|field| undescribed.field(&name, &field.node)),
            TypeKind::Interface(interface) => {
                interface.fields.iter().for_each(|field| undescribed.field(&name, &field.node));
            }
            TypeKind::InputObject(input) => {
                input.fields.iter().for_each(|field| undescribed.input(&format!("{name}."), &field.node));
            }
            TypeKind::Enum(options) => {
                for value in &options.values {
                    let description = value.node.description.as_ref().map(|text| text.node.as_str());
                    undescribed.check(format!("{name}.{}", value.node.value.node), description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(undescribed.0.is_empty(), "without a description: {:#?}", undescribed.0);
}
