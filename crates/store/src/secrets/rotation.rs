//! Sealing everything anew under another key, while servers work.

use alm_domain::{Binding, Sealed};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func},
};

use super::is;
use crate::{
    Store, StoreError,
    entity::sealed_secret::{Column, Entity, Model},
    value::counter,
};

/// A key, and how much is sealed under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// Its name.
    pub id: String,
    /// How many secrets are sealed under it.
    pub secrets: u64,
}

#[derive(FromQueryResult)]
struct Row {
    key_id: String,
    secrets: i64,
}

impl Store {
    /// The keys under which anything is sealed, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn used_keys(&self) -> Result<Vec<UsedKey>, StoreError> {
        let rows = Entity::find()
            .select_only()
            .column(Column::KeyId)
            .column_as(Expr::expr(Func::count(Expr::col(Column::Subject))), "secrets")
            .group_by(Column::KeyId)
            .order_by_asc(Column::KeyId)
            .into_model::<Row>()
            .all(self.reader())
            .await?;
        rows.into_iter().map(|row| Ok(UsedKey { id: row.key_id, secrets: counter(row.secrets)? })).collect()
    }

    /// Up to `most` secrets that are sealed under other keys than this one, in the order of their bindings, after the binding
    /// `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn sealed_under_other_keys(
        &self,
        active: &str,
        after: Option<&Binding>,
        most: u64,
    ) -> Result<Vec<(Binding, Sealed)>, StoreError> {
        let mut select = Entity::find().filter(Column::KeyId.ne(active));
        if let Some(after) = after {
            let columns = Expr::tuple([Column::Owner, Column::Subject, Column::Kind].map(Expr::col));
            let position = [after.owner.as_str(), after.subject.as_str(), after.kind.as_str()];
            select = select.filter(columns.gt(Expr::tuple(position.map(Expr::val))));
        }
        let rows = select
            .order_by_asc(Column::Owner)
            .order_by_asc(Column::Subject)
            .order_by_asc(Column::Kind)
            .limit(most)
            .all(self.reader())
            .await?;
        rows.into_iter().map(|row| Ok((row.binding()?, Model::sealed(row)?))).collect()
    }

    /// Puts another envelope of the same secret in the place of `old`. Says whether it did: a secret that was changed meanwhile stays as
    /// it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn reseal(&self, binding: &Binding, old: &Sealed, new: &Sealed) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let updated = Entity::update_many()
            .col_expr(Column::KeyId, Expr::value(new.key_id()))
            .col_expr(Column::Envelope, Expr::value(new.as_bytes().to_vec()))
            .filter(is(binding))
            .filter(Column::Envelope.eq(old.as_bytes().to_vec()))
            .exec(tx.db())
            .await?;
        tx.commit().await?;
        Ok(updated.rows_affected > 0)
    }
}
