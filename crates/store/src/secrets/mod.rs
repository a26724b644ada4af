//! Sealed secrets. The store keeps envelopes and cannot open them.

mod rotation;
mod service;

use alm_domain::{Actor, Binding, Sealed, Timestamp};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict,
};

pub use rotation::UsedKey;
pub use service::ServiceSecret;

use crate::{
    Store, StoreError,
    entity::sealed_secret::{ActiveModel, Column, Entity, Model},
};

impl Store {
    /// The sealed secret of this binding, if there is one. Whoever asks must have been allowed to have what it is bound to: the
    /// store knows the binding only.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn sealed(&self, binding: &Binding) -> Result<Option<Sealed>, StoreError> {
        get(self.reader(), binding).await
    }
}

/// The sealed secret of this binding, as the connection sees it.
pub(crate) async fn get(db: &impl ConnectionTrait, binding: &Binding) -> Result<Option<Sealed>, StoreError> {
    let row = Entity::find_by_id(key_of(binding)).one(db).await?;
    row.map(Model::sealed).transpose()
}

/// Puts a secret in its place, in place of the one that was there.
pub(crate) async fn put(
    db: &impl ConnectionTrait,
    binding: &Binding,
    sealed: &Sealed,
    at: Timestamp,
    by: Option<&Actor>,
) -> Result<(), StoreError> {
    let row = Model::of(binding, sealed, at, by)?;
    let replace = OnConflict::columns([Column::Owner, Column::Subject, Column::Kind])
        .update_columns([Column::KeyId, Column::Envelope, Column::ChangedAt, Column::ChangedBy])
        .to_owned();
    Entity::insert::<ActiveModel>(row.into_active_model()).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Removes a secret; says whether there was one.
pub(crate) async fn remove(db: &impl ConnectionTrait, binding: &Binding) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(key_of(binding)).exec(db).await?.rows_affected > 0)
}

/// Removes every secret of an owner.
pub(crate) async fn remove_all_of(db: &impl ConnectionTrait, owner: impl std::fmt::Display) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Owner.eq(owner.to_string())).exec(db).await?;
    Ok(())
}

fn key_of(binding: &Binding) -> (String, String, String) {
    (binding.owner.clone(), binding.subject.clone(), binding.kind.as_str().to_owned())
}

/// The row of a binding.
fn is(binding: &Binding) -> Condition {
    Condition::all()
        .add(Column::Owner.eq(binding.owner.as_str()))
        .add(Column::Subject.eq(binding.subject.as_str()))
        .add(Column::Kind.eq(binding.kind.as_str()))
}
