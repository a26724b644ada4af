//! The schema as it describes itself.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

const QUERY: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { kind name possibleTypes { name } enumValues { name }
        fields { name args { name type { ...T } defaultValue } type { ...T } }
        inputFields { name type { ...T } defaultValue } }
} } fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The schema as it describes itself.
pub(super) struct Schema {
    types: BTreeMap<String, Value>,
}

/// A field, and how it is reached from a root.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `query`, `mutation` or `subscription`.
    pub(super) operation: &'static str,
    /// Selections from the root to the type of the field, each with its arguments.
    pub(super) path: Vec<String>,
    pub(super) owner: String,
    pub(super) field: Value,
}

impl Place {
    /// A document that selects this below the field.
    pub(super) fn document(&self, schema: &Schema, selection: &str) -> String {
        let own = schema.call(&self.field);
        let opened: String = self.path.iter().map(|step| format!("{step} {{ ")).collect();
        let operation = self.operation;
        format!("{operation} {{ {opened}{own} {{ {selection} }} {}}}", "} ".repeat(self.path.len()))
    }

    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.owner, self.field["name"].as_str().unwrap())
    }
}

impl Schema {
    pub(super) fn query() -> &'static str {
        QUERY
    }

    pub(super) fn of(data: &Value) -> Self {
        let types = data["__schema"]["types"].as_array().unwrap().iter();
        Self { types: types.map(|t| (t["name"].as_str().unwrap().to_owned(), t.clone())).collect() }
    }

    pub(super) fn type_of(&self, name: &str) -> &Value {
        &self.types[name]
    }

    pub(super) fn fields(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.types[name]["fields"].as_array().into_iter().flatten()
    }

    /// The type without its wrappers, and whether there is a list among them.
    pub(super) fn bare(wrapped: &Value) -> (String, bool) {
        let (mut at, mut list) = (wrapped, false);
        while !at["ofType"].is_null() {
            list |= at["kind"] == "LIST";
            at = &at["ofType"];
        }
        (at["name"].as_str().unwrap().to_owned(), list)
    }

    pub(super) fn is_composite(&self, name: &str) -> bool {
        ["OBJECT", "INTERFACE", "UNION"].contains(&self.types[name]["kind"].as_str().unwrap())
    }

    /// A field with whatever arguments it cannot do without.
    pub(super) fn call(&self, field: &Value) -> String {
        let required = field["args"].as_array().unwrap().iter();
        let required = required.filter(|arg| arg["type"]["kind"] == "NON_NULL" && arg["defaultValue"].is_null());
        let args: Vec<_> =
            required.map(|arg| format!("{}: {}", arg["name"].as_str().unwrap(), self.literal(&arg["type"]))).collect();
        let name = field["name"].as_str().unwrap();
        if args.is_empty() { name.to_owned() } else { format!("{name}({})", args.join(", ")) }
    }

    /// Some value of a type, as it stands in a document.
    fn literal(&self, wrapped: &Value) -> String {
        match wrapped["kind"].as_str().unwrap() {
            "NON_NULL" => self.literal(&wrapped["ofType"]),
            "LIST" => format!("[{}]", self.literal(&wrapped["ofType"])),
            "ENUM" => {
                self.types[wrapped["name"].as_str().unwrap()]["enumValues"][0]["name"].as_str().unwrap().to_owned()
            }
            "INPUT_OBJECT" => {
                let fields = self.types[wrapped["name"].as_str().unwrap()]["inputFields"].as_array().unwrap();
                let required: Vec<_> = fields
                    .iter()
                    .filter(|field| field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null())
                    .collect();
                // One of several: the first.
                let chosen = if required.is_empty() { vec![&fields[0]] } else { required };
                let given = chosen
                    .iter()
                    .map(|field| format!("{}: {}", field["name"].as_str().unwrap(), self.literal(&field["type"])));
                format!("{{{}}}", given.collect::<Vec<_>>().join(", "))
            }
            _ => match wrapped["name"].as_str().unwrap() {
                "Int" | "Int53" | "Duration" => "1".to_owned(),
                "Boolean" => "true".to_owned(),
                _ => "\"x\"".to_owned(),
            },
        }
    }

    /// Every field of every type that can be reached from a root, by a shortest way.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let mut ways: BTreeMap<String, ()> = BTreeMap::new();
        let mut queue = VecDeque::new();
        for (root, operation) in [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")] {
            ways.insert(root.to_owned(), ());
            queue.push_back((root.to_owned(), operation, Vec::<String>::new()));
        }
        while let Some((owner, operation, path)) = queue.pop_front() {
            for field in self.fields(&owner) {
                places.push(Place { operation, path: path.clone(), owner: owner.clone(), field: field.clone() });
                let (target, _) = Self::bare(&field["type"]);
                if !self.is_composite(&target) {
                    continue;
                }
                let mut next = path.clone();
                next.push(self.call(field));
                let possible = self.types[&target]["possibleTypes"].as_array().into_iter().flatten();
                for name in possible.map(|t| t["name"].as_str().unwrap().to_owned()) {
                    if ways.insert(name.clone(), ()).is_none() {
                        let mut within = next.clone();
                        within.push(format!("... on {name}"));
                        queue.push_back((name, operation, within));
                    }
                }
                if ways.insert(target.clone(), ()).is_none() {
                    queue.push_back((target, operation, next));
                }
            }
        }
        places
    }

    /// All leaves of a type, and those of what it leads to, so many levels deep.
    pub(super) fn selection(&self, name: &str, levels: usize) -> String {
        let mut parts = vec!["__typename".to_owned()];
        for field in self.fields(name) {
            let (target, _) = Self::bare(&field["type"]);
            if !self.is_composite(&target) {
                parts.push(self.call(field));
            } else if levels > 0 {
                parts.push(format!("{} {{ {} }}", self.call(field), self.selection(&target, levels - 1)));
            }
        }
        parts.join(" ")
    }
}
