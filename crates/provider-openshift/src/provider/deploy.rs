//! Beginning deployments, each once.

use alm_build_spi::{Access, DeployBuild, Finding, ProviderError, RunRef};
use alm_domain::{Capability, shorten};
use alm_kubernetes::{Place, Session, is_namespace};
use kube::core::DynamicObject;

use super::{
    openshift::{Inner, as_json, build_at},
    run::Run,
};
use crate::deploy::{
    DeployOptions, Destination, Image, ImagePlace, Kept, Plan, Record, Target, Workload, is_same, of_build,
    public_repository, refused, review,
};

/// Takes a deployment in: it is a record beside the builds from then on, named after its build, and whoever follows it carries it on.
///
/// # Errors
/// [`ProviderError::Unsupported`] where the version cannot be brought there, with the remedy; [`ProviderError::Invalid`] where the
/// target does not let the account.
pub(super) async fn deploy(inner: &Inner, access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
    let (_, session) = inner.session(access)?;
    let namespace = Place::of_config(&request.start.config)?.namespace;
    if let Some(known) = Kept::named(&session, &namespace, request.start.build).await? {
        return Ok(Run::deployment(&known.place));
    }
    let options = DeployOptions::of(&request.start.spec).map_err(ProviderError::Invalid)?;
    let workload = options.workload.ok_or_else(|| {
        cannot(
            "the build service does not say what runs its image: give deploy.workload, such as deployment/web"
                .to_owned(),
        )
    })?;
    let environment = &request.environment;
    let to = destination(&request)?;
    let image = image(&session, &namespace, &request).await?;
    let from = match &image.place {
        ImagePlace::Repository(_) => None,
        ImagePlace::Stream { .. } if is_same(inner.configured.base(), &to.url) => None,
        ImagePlace::Stream { namespace, name } => {
            let known = public_repository(&session, namespace, name).await?;
            Some(known.ok_or_else(|| {
                cannot(format!(
                    "{environment} is on another cluster, and the registry of this one has no address outside of it: let its \
                     administrator expose it, or let builds push to a registry that both reach (output.image: docker://…)"
                ))
            })?)
        }
    };
    let plan = Plan {
        build: request.start.build,
        of: request.of_build,
        version: request.version.clone(),
        commit: request.commit.clone(),
        to,
        workload,
        image,
        from,
        pull_secret: options.pull_secret,
    };
    let record = Record::new(plan, inner.clock.now());
    let token = request.target.access.token.clone();
    let target =
        Target::open(inner.configured.way(), &record.to, token.clone()).map_err(|why| invalid(environment, why))?;
    let (Some(token), workload) = (token, &record.workload) else {
        return Err(invalid(environment, format!("there is no token for the environment {environment}")));
    };
    look_ahead(&target, &record, workload).await?;
    let kept = Kept::make(&session, &namespace, &record, &token).await?;
    Ok(Run::deployment(&kept.place))
}

fn destination(request: &DeployBuild) -> Result<Destination, ProviderError> {
    let environment = &request.environment;
    let namespace = request.target.namespace.clone().ok_or_else(|| {
        cannot(format!(
            "the environment {environment} does not say which namespace of its cluster is meant: give it one"
        ))
    })?;
    if !is_namespace(&namespace) {
        let why = format!("{:?} is no namespace: correct the environment {environment}", shorten(&namespace));
        return Err(invalid(environment, why));
    }
    if environment.parse::<alm_domain::EnvironmentName>().is_err() {
        return Err(invalid(environment, format!("{:?} is no name of an environment", shorten(environment))));
    }
    let target = &request.target;
    let (url, ca) = (target.url.clone(), target.ca_bundle.clone());
    Ok(Destination { environment: environment.clone(), url, namespace, ca })
}

/// The image of the build whose version it is. The cluster removes old Builds: then it is known by an earlier deployment, if there was
/// one.
async fn image(session: &Session, namespace: &str, request: &DeployBuild) -> Result<Image, ProviderError> {
    let found = match Run::of(&request.of) {
        Ok(Run::Build(place)) => match build_at(session, &place).await {
            Ok(build) if build.build_id() == Some(request.of_build) => Some(build),
            Ok(_) | Err(ProviderError::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
        Ok(Run::Deployment(_)) | Err(_) => None,
    };
    if let Some(build) = found {
        return of_build(&build).map_err(cannot);
    }
    Kept::image_of(session, namespace, request.of_build).await?.ok_or_else(|| {
        cannot(
            "the cluster has removed the Build of this version, and with it what it made: raise successfulBuildsHistoryLimit of the \
             BuildConfig"
                .to_owned(),
        )
    })
}

/// Looks whether it can be rolled out there at all, before anything is begun.
async fn look_ahead(target: &Target, record: &Record, workload: &Workload) -> Result<(), ProviderError> {
    let (session, to) = (&target.session, &record.to);
    let api = session.api(&to.namespace, &workload.resource());
    let no = |error: ProviderError| match error {
        error if error.is_transient() => error,
        error => invalid(&to.environment, refused(&to.environment, &error)),
    };
    let found: Option<DynamicObject> = session.find(api.get(&workload.name)).await.map_err(no)?;
    let found = found.ok_or_else(|| {
        cannot(format!(
            "the namespace {} of {} has no {workload}: make it there, or correct deploy.workload",
            to.namespace, to.environment
        ))
    })?;
    if let Some(why) = workload.obstacle(&as_json(&found)?, &to.namespace, &record.environment_tag()) {
        return Err(cannot(format!("in the environment {}: {why}", to.environment)));
    }
    review(session, record).await.map_err(no)
}

fn cannot(reason: String) -> ProviderError {
    ProviderError::Unsupported { what: Capability::Deploy, reason }
}

fn invalid(environment: &str, why: String) -> ProviderError {
    ProviderError::Invalid(vec![Finding::new(["environment", environment], why)])
}
