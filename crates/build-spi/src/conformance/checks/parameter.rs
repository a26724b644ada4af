//! Parameters.

use alm_domain::{Capability, ParameterValue};

use crate::conformance::{
    Scenario,
    stand::{Stand, Verdict, ensure},
};

pub(super) async fn parameters_arrive(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Parameters)?;
    let service = stand.service(Scenario::ParameterEcho).await?;
    for value in ["world", "two words", "$HOME `id` \"'; -n ü"] {
        let given = ParameterValue { name: "who".to_owned(), value: value.into() };
        let started = stand.start_of(&service, vec![given]).await?;
        let mut told = stand.follow(&started.run);
        told.finish().await?;
        let line = format!("who={value}");
        ensure(told.has_line(&line), || format!("the line {line:?} is missing; it wrote {:?}", told.texts()))?;
    }
    Ok(())
}
