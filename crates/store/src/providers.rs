//! Providers. Reading them is everybody's; everything else is the administrator's.

use alm_domain::{Capability, Principal, Provider, ProviderHealth, ProviderId, ProviderKind, Settings, Slug};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};

use crate::{
    Page, PageRequest, Store, StoreError,
    among::among,
    audit::Act,
    entity::{build, provider, service},
    error::is_unique_violation,
    page::{Keyset, page},
    projects::expect_revision,
    value::{column, storable},
    visibility::administrator,
};

/// A provider to register.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProvider {
    /// Unique short name.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Family of the backend.
    pub kind: ProviderKind,
    /// Address of the engine.
    pub endpoint: Option<String>,
    /// Settings that every build service of it inherits.
    pub settings: Settings,
}

/// What to change of a provider; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProviderPatch {
    /// Name for display.
    pub display_name: Option<String>,
    /// Whether new builds may be started on it.
    pub enabled: Option<bool>,
    /// All of its settings.
    pub settings: Option<Settings>,
}

const BY_SLUG: Keyset<provider::Entity> = Keyset {
    columns: &[provider::Column::Slug],
    descending: false,
    encode: |row| row.slug.clone().into_bytes(),
    decode: |position| {
        let slug = std::str::from_utf8(position).ok()?;
        slug.parse::<Slug>().ok().map(|slug| vec![slug.to_string().into()])
    },
};

impl Store {
    /// Registers a provider; it is enabled, and nothing is known of its health.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::Taken`] when another provider has the slug.
    pub async fn register_provider(&self, principal: &Principal, new: NewProvider) -> Result<Provider, StoreError> {
        administrator(principal)?;
        storable("displayName", &new.display_name)?;
        new.endpoint.as_deref().map_or(Ok(()), |text| storable("endpoint", text))?;
        let registered = Provider {
            id: ProviderId::generate(self.ids()),
            revision: 1,
            slug: new.slug,
            display_name: new.display_name,
            kind: new.kind,
            endpoint: new.endpoint,
            enabled: true,
            settings: new.settings,
            version: None,
            capabilities: Vec::new(),
            health: None,
            registered_by: principal.actor.clone(),
            registered_at: self.now(),
        };
        let row = provider::Model::of(&registered)?.into_active_model();
        let tx = self.begin().await?;
        provider::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .map_err(|e| if is_unique_violation(&e) { StoreError::Taken { field: "slug" } } else { e.into() })?;
        let act = Act::instance("provider.register", registered.id, format!("provider {}", registered.slug));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok(registered)
    }

    /// Changes a provider; with `expected`, only if that is its revision.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::NotFound`], [`StoreError::StaleRevision`].
    pub async fn update_provider(
        &self,
        principal: &Principal,
        id: ProviderId,
        patch: ProviderPatch,
        expected: Option<u64>,
    ) -> Result<Provider, StoreError> {
        administrator(principal)?;
        patch.display_name.as_deref().map_or(Ok(()), |text| storable("displayName", text))?;
        self.change_provider(principal, id, expected, Some("provider.update"), |provider| {
            if let Some(name) = patch.display_name {
                provider.display_name = name;
            }
            if let Some(enabled) = patch.enabled {
                provider.enabled = enabled;
            }
            if let Some(settings) = patch.settings {
                provider.settings = settings;
            }
        })
        .await
    }

    /// Removes a provider, and what is left of removed build services that never had a build on it.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::NotFound`], [`StoreError::StaleRevision`]; [`StoreError::InUse`] while a
    /// build service refers to it, also a removed one that has builds.
    pub async fn remove_provider(
        &self,
        principal: &Principal,
        id: ProviderId,
        expected: Option<u64>,
    ) -> Result<(), StoreError> {
        administrator(principal)?;
        let tx = self.begin().await?;
        let row = provider::Entity::find_by_id(id.as_uuid())
            .lock_exclusive()
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        expect_revision(row.revision, expected)?;
        let of_provider = service::Column::ProviderId.eq(id.as_uuid());
        let living = service::Entity::find()
            .filter(of_provider.clone())
            .filter(service::Column::RemovedAt.is_null())
            .count(tx.db())
            .await?;
        if living > 0 {
            return Err(StoreError::InUse(format!(
                "{living} build services run on the provider {}: remove them, or disable the provider",
                row.slug
            )));
        }
        if build::Entity::find().filter(build::Column::ProviderId.eq(id.as_uuid())).one(tx.db()).await?.is_some() {
            return Err(StoreError::InUse(format!(
                "there are builds that ran on the provider {}: disable it to keep it from new ones",
                row.slug
            )));
        }
        service::Entity::delete_many().filter(of_provider).exec(tx.db()).await?;
        provider::Entity::delete_by_id(id.as_uuid()).exec(tx.db()).await?;
        self.note(&tx, principal, Act::instance("provider.remove", id, format!("provider {}", row.slug))).await?;
        tx.commit().await
    }

    /// Stores the outcome of a probe.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::NotFound`].
    pub async fn record_probe(
        &self,
        principal: &Principal,
        id: ProviderId,
        health: ProviderHealth,
        version: Option<String>,
        capabilities: Vec<Capability>,
    ) -> Result<Provider, StoreError> {
        administrator(principal)?;
        self.change_provider(principal, id, None, None, |provider| {
            provider.health = Some(health);
            provider.version = version;
            provider.capabilities = capabilities;
        })
        .await
    }

    /// The providers with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn providers(&self, _principal: &Principal, ids: &[ProviderId]) -> Result<Vec<Provider>, StoreError> {
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), provider::Entity::find(), provider::Column::Id, ids).await
    }

    /// The provider with this slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn provider_by_slug(&self, _principal: &Principal, slug: &str) -> Result<Option<Provider>, StoreError> {
        if slug.parse::<Slug>().is_err() {
            return Ok(None);
        }
        let row = provider::Entity::find().filter(provider::Column::Slug.eq(slug)).one(self.reader()).await?;
        row.map(Provider::try_from).transpose()
    }

    /// A page of providers, by slug.
    ///
    /// # Errors
    /// [`StoreError::BadPosition`].
    pub async fn list_providers(
        &self,
        _principal: &Principal,
        include_disabled: bool,
        request: &PageRequest,
    ) -> Result<Page<Provider>, StoreError> {
        let mut select = provider::Entity::find();
        if !include_disabled {
            select = select.filter(provider::Column::Enabled.eq(true));
        }
        page(self.reader(), select, &BY_SLUG, request).await
    }

    async fn change_provider(
        &self,
        principal: &Principal,
        id: ProviderId,
        expected: Option<u64>,
        verb: Option<&'static str>,
        change: impl FnOnce(&mut Provider) + Send,
    ) -> Result<Provider, StoreError> {
        let tx = self.begin().await?;
        let row = provider::Entity::find_by_id(id.as_uuid())
            .lock_exclusive()
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        expect_revision(row.revision, expected)?;
        let revision = row.revision + 1;
        let mut provider = Provider::try_from(row)?;
        change(&mut provider);
        provider.revision = crate::value::counter(revision)?;
        let row = provider::Model { revision: column(provider.revision), ..provider::Model::of(&provider)? };
        provider::Entity::update(row.into_active_model().reset_all()).exec_without_returning(tx.db()).await?;
        if let Some(verb) = verb {
            self.note(&tx, principal, Act::instance(verb, id, format!("provider {}", provider.slug))).await?;
        }
        tx.commit().await?;
        Ok(provider)
    }
}
