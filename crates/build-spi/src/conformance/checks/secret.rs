//! Secrets in what providers print.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    Access, NamedSecret, StartBuild,
    conformance::{
        Scenario,
        stand::{Must, Stand, Verdict, ensure},
    },
};

const SECRET: &str = "c0nf0rmance-canary-7f3a91";
const TOKEN: &str = "t0ken-canary-5be2c4";

pub(super) async fn secrets_do_not_print(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    let build = stand.new_build();
    let secret = NamedSecret { name: "CANARY".to_owned(), value: SecretString::from(SECRET) };
    let request = StartBuild { secrets: vec![secret], ..service.request(build) };
    let run = stand.provider.start(&stand.access, request).await.must("start with a secret")?;
    stand.remember(&run);
    let mut told = stand.follow(&run);
    told.finish().await?;
    let now = stand.provider.get(&stand.access, &run).await.must("get")?;

    let wrong = Access { token: Some(SecretString::from(TOKEN)) };
    let mut printed = vec![
        ("the provider", format!("{:?}", stand.provider)),
        ("the descriptor", format!("{:?}", stand.provider.descriptor())),
        ("a snapshot", format!("{now:?}")),
        ("the observations", format!("{:?}", told.batches)),
        ("the run's name", run.0.clone()),
    ];
    if let Err(error) = stand.provider.get(&wrong, &run).await {
        printed.push(("an error's sentence", error.to_string()));
        printed.push(("an error", format!("{error:?}")));
    }
    let token = stand.access.token.as_ref().map(|token| token.expose_secret().to_owned()).filter(|t| t.len() >= 8);
    for (what, text) in printed {
        for canary in [Some(SECRET), Some(TOKEN), token.as_deref()].into_iter().flatten() {
            ensure(!text.contains(canary), || format!("{what} holds a secret"))?;
        }
    }
    Ok(())
}
