//! Whether what the client asks is in the schema: documents and their variables, checked against the SDL.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_query, parse_schema,
        types::{
            BaseType, DocumentOperations, Field, InputValueDefinition, OperationType, Selection, SelectionSet, Type,
            TypeKind, TypeSystemDefinition,
        },
    },
};
use serde_json::Value;

struct FieldType {
    arguments: HashMap<Name, Type>,
    ty: Type,
}

/// The types of the schema, as far as the check needs them.
struct Contract {
    outputs: HashMap<Name, HashMap<Name, FieldType>>,
    inputs: HashMap<Name, HashMap<Name, (Type, bool)>>,
}

/// Panics when the server would not understand this request.
pub(super) fn assert_understood(document: &str, variables: &Value) {
    let contract = Contract::read(&crate::graphql::sdl());
    let parsed = parse_query(document).unwrap_or_else(|error| panic!("{error} in {document}"));
    let operation = match &parsed.operations {
        DocumentOperations::Single(operation) => operation,
        DocumentOperations::Multiple(operations) => operations.values().next().unwrap(),
    };
    let declared: HashMap<&Name, &Type> = operation
        .node
        .variable_definitions
        .iter()
        .map(|definition| (&definition.node.name.node, &definition.node.var_type.node))
        .collect();
    for (name, value) in variables.as_object().unwrap() {
        let ty = declared.get(&Name::new(name)).unwrap_or_else(|| panic!("${name} is not declared in {document}"));
        contract.input(ty, value, name);
    }
    let root = match operation.node.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    contract.selection(&Name::new(root), &operation.node.selection_set, &declared);
    for fragment in parsed.fragments.values() {
        contract.selection(&fragment.node.type_condition.node.on.node, &fragment.node.selection_set, &declared);
    }
}

fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

impl Contract {
    fn read(sdl: &str) -> Self {
        let (mut outputs, mut inputs) = (HashMap::new(), HashMap::new());
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node;
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Union(_) => Vec::new(),
                TypeKind::InputObject(input) => {
                    let field = |field: Positioned<InputValueDefinition>| {
                        let needed = !field.node.ty.node.nullable && field.node.default_value.is_none();
                        (field.node.name.node, (field.node.ty.node, needed))
                    };
                    inputs.insert(name, input.fields.into_iter().map(field).collect());
                    continue;
                }
                TypeKind::Scalar | TypeKind::Enum(_) => continue,
            };
            let field = |field: Positioned<async_graphql::parser::types::FieldDefinition>| {
                let arguments = field.node.arguments.into_iter().map(|a| (a.node.name.node, a.node.ty.node)).collect();
                (field.node.name.node, FieldType { arguments, ty: field.node.ty.node })
            };
            outputs.insert(name, fields.into_iter().map(field).collect());
        }
        Self { outputs, inputs }
    }

    fn selection(&self, on: &Name, set: &Positioned<SelectionSet>, declared: &HashMap<&Name, &Type>) {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => self.field(on, &field.node, declared),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map_or(on, |c| &c.node.on.node);
                    self.selection(condition, &fragment.node.selection_set, declared);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&self, on: &Name, field: &Field, declared: &HashMap<&Name, &Type>) {
        let name = &field.name.node;
        if name == "__typename" {
            return;
        }
        let fields = self.outputs.get(on).unwrap_or_else(|| panic!("there is no type {on}"));
        let definition = fields.get(name).unwrap_or_else(|| panic!("{on} has no field {name}"));
        for (argument, value) in &field.arguments {
            let wanted = definition.arguments.get(&argument.node);
            let wanted = wanted.unwrap_or_else(|| panic!("{on}.{name} has no argument {argument}"));
            // The parser's type of values is not exported; a variable shows as `$name`.
            if let Some(variable) = value.node.to_string().strip_prefix('$') {
                assert_eq!(named(declared[&Name::new(variable)]), named(wanted), "{on}.{name}({argument}:)");
            }
        }
        let needs_selection = self.outputs.contains_key(named(&definition.ty));
        assert_eq!(needs_selection, !field.selection_set.node.items.is_empty(), "{on}.{name} and its selection");
        self.selection(named(&definition.ty), &field.selection_set, declared);
    }

    fn input(&self, ty: &Type, value: &Value, path: &str) {
        assert!(ty.nullable || !value.is_null(), "{path} must not be null");
        match (&ty.base, value) {
            (_, Value::Null) => {}
            (BaseType::List(item), Value::Array(values)) => {
                values.iter().for_each(|value| self.input(item, value, path))
            }
            (BaseType::List(_), _) => panic!("{path} is a list"),
            (BaseType::Named(name), value) => {
                let Some(fields) = self.inputs.get(name) else { return };
                let given = value.as_object().unwrap_or_else(|| panic!("{path} is a {name}"));
                for (key, value) in given {
                    let field = fields.get(&Name::new(key)).unwrap_or_else(|| panic!("{path}: {name} has no {key}"));
                    self.input(&field.0, value, key);
                }
                for (key, (_, needed)) in fields {
                    assert!(!needed || given.contains_key(key.as_str()), "{path}: {name} needs {key}");
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "Build has no field revison")]
fn a_field_that_is_not_there_is_found() {
    assert_understood("query($id: ID!) { build(by: { id: $id }) { revison } }", &serde_json::json!({ "id": "bld_1" }));
}

#[test]
#[should_panic(expected = "CancelBuildInput has no build")]
fn an_input_that_is_not_there_is_found() {
    let document = "mutation($input: CancelBuildInput!) { cancelBuild(input: $input) { build { id } } }";
    assert_understood(document, &serde_json::json!({ "input": { "build": "bld_1" } }));
}
