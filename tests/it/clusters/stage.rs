//! Two clusters with OAuth servers of their own, the server in a process of its own, and the people.

use std::time::Duration;

use alm_cluster_sim::{Cluster, OauthClient};
use serde_json::{Value, json};

use super::browser::{PASSWORD, consent};
use crate::{
    credentials::accounts::{begin, mutate},
    recovery::support::{Api, Watcher, World, eventually},
};

/// What both clusters call this service.
pub(super) const CLIENT: &str = "alm";
/// The namespace on the first cluster, where builds are made.
pub(super) const BUILDS: &str = "shop-builds";
/// The namespace on the second cluster, where versions run.
pub(super) const LIVE: &str = "shop-live";

/// The whole stage. Carol is the administrator; Alice works on the shop, and is somebody else on the second cluster.
pub(super) struct Stage {
    pub(super) world: World,
    /// Where people sign in, and builds are made.
    pub(super) first: Cluster,
    /// Where versions run.
    pub(super) second: Cluster,
    pub(super) carol: Api,
    pub(super) alice: Api,
    pub(super) project: String,
    /// The environment on the first cluster.
    pub(super) builds: String,
    /// The one on the second.
    pub(super) live: String,
    pub(super) provider: String,
    /// How this service is known to the second cluster.
    pub(super) client_of_live: String,
}

impl Stage {
    /// Everything but build services: a provider of this kind on the first cluster, an OAuth client at both, Alice's project with an
    /// environment on each, and her accounts there connected.
    pub(super) async fn set(kind: &str) -> Self {
        let (first, second) = (Cluster::start().await, Cluster::start().await);
        for (cluster, namespace, user) in [(&first, BUILDS, "alice"), (&second, LIVE, "alice.b")] {
            cluster.project(namespace, user);
            cluster.password(user, PASSWORD);
        }
        first.route_to_jenkins(BUILDS);
        let mut world = World::new()
            .with("ALM_SIGN_IN_CLUSTER", first.url())
            .with("ALM_SIGN_IN_ADMINS", "carol")
            .with("ALM_OUTBOUND_ALLOWED", "127.0.0.0/8");
        world.start().await;
        let address = world.api().address;
        // As somebody does who copies the token of `oc whoami -t`.
        let [carol, alice] = ["carol", "alice"].map(|user| Api::new(address.clone(), first.token(user)));
        let (project, builds, live, provider, client_of_live) = Default::default();
        let mut stage = Self { world, first, second, carol, alice, project, builds, live, provider, client_of_live };
        stage.administer(kind).await;
        stage.move_in().await;
        stage
    }

    /// What Carol does.
    async fn administer(&mut self, kind: &str) {
        for (cluster, secret) in [(&self.first, "secret of the first"), (&self.second, "secret of the second")] {
            cluster.oauth_client(OauthClient {
                id: CLIENT.to_owned(),
                secret: secret.to_owned(),
                redirect: format!("{}/oauth/callback", self.carol.address),
                life: Duration::from_secs(86_400),
                prompt: true,
            });
            let input =
                json!({ "origin": cluster.url(), "clientId": CLIENT, "clientSecret": secret, "scopes": ["user:full"] });
            let made = done(&self.carol, "registerOAuthClient", "client { id }", input).await;
            self.client_of_live = id(&made["client"]);
        }
        let mut input =
            json!({ "slug": "cluster", "displayName": "The cluster", "kind": kind, "endpoint": self.first.url() });
        if kind == "OPENSHIFT" {
            input["configuration"] = settings(&[("jenkins.domains", json!(["127.0.0.1"]))]);
        }
        let made = done(&self.carol, "registerProvider", "provider { id health { state } }", input).await;
        assert_eq!(made["provider"]["health"]["state"], "HEALTHY", "{made}");
        self.provider = id(&made["provider"]);
    }

    /// What Alice does before she builds.
    async fn move_in(&mut self) {
        let input = json!({ "slug": "shop", "displayName": "The shop" });
        self.project = id(&done(&self.alice, "createProject", "project { id }", input).await["project"]);
        for (name, role, cluster, namespace) in
            [("builds", "BUILD", &self.first, BUILDS), ("live", "TARGET", &self.second, LIVE)]
        {
            let input = json!({
                "projectId": self.project, "displayName": name, "role": role, "namespace": namespace,
                "endpoint": { "url": cluster.url(), "name": name },
            });
            let added = done(&self.alice, "addEnvironment", "environment { id }", input).await;
            match role {
                "BUILD" => self.builds = id(&added["environment"]),
                _ => self.live = id(&added["environment"]),
            }
        }
        self.connect(&self.builds, "alice").await;
        self.connect(&self.live, "alice.b").await;
    }

    /// Connects Alice's account in an environment, by way of the cluster's own pages.
    pub(super) async fn connect(&self, environment: &str, account: &str) {
        let callback = consent(&begin(&self.alice, environment).await, account, &self.alice.address).await;
        assert_eq!(callback.error, "", "{callback:?}");
        let input = json!({ "code": callback.code, "state": callback.state });
        let connected = done(
            &self.alice,
            "completeOAuthConnection",
            "returnTo connection { status account renewsItself expiresAt }",
            input,
        )
        .await;
        let grant = &connected["connection"];
        assert_eq!(
            (&grant["status"], &grant["account"], &grant["renewsItself"]),
            (&json!("CONNECTED"), &json!(account), &json!(false)),
            "{connected}"
        );
        assert!(grant["expiresAt"].is_string(), "a token of a cluster ends within a day: {grant}");
    }

    /// A build service of Alice's with these settings; its id.
    pub(super) async fn service(&self, slug: &str, own: &[(&str, Value)]) -> String {
        let own: Vec<_> = own.iter().cloned().chain([("namespace", json!(BUILDS))]).collect();
        let input = json!({
            "projectId": self.project, "providerId": self.provider, "slug": slug, "displayName": slug,
            "repository": { "url": "https://git.example.test/shop/app.git", "ref": "main" }, "configuration": settings(&own),
        });
        id(&done(&self.alice, "createBuildService", "service { id }", input).await["service"])
    }

    /// Notes where the server is now, after it was started again.
    pub(super) fn came_back(&mut self) {
        let address = self.world.api().address;
        for api in [&mut self.carol, &mut self.alice] {
            api.address.clone_from(&address);
        }
    }

    /// Follows a build with Alice's token.
    pub(super) fn follow(&self, build: &str) -> Watcher {
        self.world.follow_as(&self.alice.token, build)
    }

    /// The build, once it is so.
    pub(super) async fn build_until(&self, build: &str, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || self.alice.build(build).await.ok().filter(|now| so(now))).await
    }
}

/// A mutation in which nothing may be wrong.
pub(super) async fn done(who: &Api, name: &str, selection: &str, input: Value) -> Value {
    let payload = mutate(who, name, selection, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{name}: {payload}");
    payload
}

/// Settings, as the API takes them.
pub(super) fn settings(own: &[(&str, Value)]) -> Value {
    own.iter().map(|(key, value)| json!({ "key": key, "value": { "plain": value } })).collect()
}

fn id(entity: &Value) -> String {
    entity["id"].as_str().unwrap_or_else(|| panic!("{entity}")).to_owned()
}
