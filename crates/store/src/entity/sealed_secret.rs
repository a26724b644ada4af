//! Rows of sealed secrets.

use alm_domain::{Actor, Binding, Sealed, Timestamp};
use sea_orm::entity::prelude::*;

use crate::{
    StoreError,
    value::{millis, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sealed_secrets")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) owner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) kind: String,
    pub(crate) key_id: String,
    pub(crate) envelope: Vec<u8>,
    pub(crate) changed_at: i64,
    pub(crate) changed_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(
        binding: &Binding,
        sealed: &Sealed,
        at: Timestamp,
        by: Option<&Actor>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            owner: binding.owner.clone(),
            subject: binding.subject.clone(),
            kind: binding.kind.as_str().to_owned(),
            key_id: sealed.key_id().to_owned(),
            envelope: sealed.as_bytes().to_vec(),
            changed_at: millis(at),
            changed_by: by.map(write_json).transpose()?,
        })
    }

    pub(crate) fn binding(&self) -> Result<Binding, StoreError> {
        let kind = self.kind.parse().map_err(|e| StoreError::corrupt("the kind of a sealed secret", e))?;
        Ok(Binding::new(&self.owner, &self.subject, kind))
    }

    pub(crate) fn sealed(self) -> Result<Sealed, StoreError> {
        Sealed::parse(self.envelope).map_err(|e| StoreError::corrupt("a sealed secret", e))
    }
}
