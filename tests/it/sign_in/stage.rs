//! A server in a process of its own, and the issuer where people sign in.

use serde_json::json;

use crate::{
    recovery::support::{Api, World},
    support::Issuer,
};

/// What the issuer calls this service.
pub(super) const AUDIENCE: &str = "urn:alm";
/// What it calls the pages, whose tokens are for [`AUDIENCE`] without being asked for that.
pub(super) const PAGES: &str = "alm-ui";

/// A server that opens to nobody but whom the issuer knows; Mia administers it.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(super) issuer: Issuer,
}

impl Stage {
    /// `None` where there is no Node.js.
    pub(crate) async fn set() -> Option<Self> {
        Self::with(PAGES, AUDIENCE, &[]).await
    }

    /// The same, where the pages are called so, tokens have to be for this audience, and servers get these variables.
    pub(super) async fn with(pages: &str, audience: &str, variables: &[(&str, &str)]) -> Option<Self> {
        let issuer = Issuer::start(json!({ "name": "home" })).await?;
        let mut world = World::new()
            .with("ALM_SIGN_IN_ISSUER", &issuer.address)
            .with("ALM_SIGN_IN_AUDIENCE", audience)
            .with("ALM_SIGN_IN_CLIENT_ID", pages)
            .with("ALM_SIGN_IN_ADMINS", "mia");
        for (name, value) in variables {
            world = world.with(name, value);
        }
        world.start().await;
        let stage = Self { world, issuer };
        stage.issuer.add_public_client(pages, &format!("{}/sign-in/callback", stage.address())).await;
        Some(stage)
    }

    pub(super) fn address(&self) -> String {
        self.world.api().address
    }

    /// A token of the issuer for this person, which lasts for so long.
    pub(crate) async fn token(&self, name: &str, seconds: u64) -> String {
        self.issuer.jwt(json!({ "sub": name, "preferred_username": name, "name": name }), seconds).await
    }

    /// Whoever has this token, as a client of the API.
    pub(super) fn api(&self, token: String) -> Api {
        Api::new(self.address(), token)
    }
}
