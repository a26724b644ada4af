//! Rows of long lists.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection},
    registry::Registry,
    resolver_utils::resolve_container,
};
use futures::{FutureExt, future::join_all};

/// An object of which a list has many. It is the same object to a client; but fields that wait for nothing are resolved where they
/// stand, where the library allocates a future and a task for each. An extension of the schema does not see these fields resolved.
pub(crate) struct Prompt<T>(pub(crate) T);

/// A container some of whose fields wait for nothing.
pub(crate) trait HasPromptFields: ContainerType {
    /// The names of those fields. One that waits all the same is asked a second time, so it costs more, and does no harm.
    const PROMPT: &'static [&'static str];
}

impl<T: HasPromptFields> OutputType for Prompt<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        match self.object(ctx).await {
            Some(object) if object.is_empty() => Ok(Value::Null),
            Some(object) => Ok(Value::Object(object)),
            None => resolve_container(ctx, &self.0).await,
        }
    }
}

impl<T: HasPromptFields> Prompt<T> {
    /// The object, where nothing but different fields is selected: fragments and directives are left to the library.
    async fn object(&self, ctx: &ContextSelectionSet<'_>) -> Option<IndexMap<Name, Value>> {
        let selected = &ctx.item.node.items;
        let mut object = IndexMap::with_capacity(selected.len());
        let mut waiting = Vec::new();
        for selection in selected {
            let Selection::Field(field) = &selection.node else { return None };
            if !field.node.directives.is_empty() {
                return None;
            }
            let key = &field.node.response_key().node;
            let name = field.node.name.node.as_str();
            let value = if name == "__typename" {
                Some(Ok(Some(self.0.introspection_type_name().into_owned().into())))
            } else if T::PROMPT.contains(&name) {
                let ctx = ctx.with_field(field);
                self.0.resolve_field(&ctx).now_or_never()
            } else {
                None
            };
            // Where it has to wait it keeps its place.
            let value = value.unwrap_or_else(|| {
                waiting.push(async move {
                    let ctx = ctx.with_field(field);
                    (key, self.0.resolve_field(&ctx).await)
                });
                Ok(None)
            });
            let before = match value {
                Ok(value) => object.insert(key.clone(), value.unwrap_or_default()),
                Err(error) => {
                    ctx.add_error(error);
                    None
                }
            };
            if before.is_some() {
                return None;
            }
        }
        for (key, value) in join_all(waiting).await {
            match value {
                Ok(value) => _ = object.insert(key.clone(), value.unwrap_or_default()),
                Err(error) => {
                    ctx.add_error(error);
                    object.shift_remove(key);
                }
            }
        }
        Some(object)
    }
}
