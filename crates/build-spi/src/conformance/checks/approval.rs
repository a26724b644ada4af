//! Decisions by people.

use alm_domain::{ApprovalKey, ApprovalStatus, Capability, ParameterValue, RunStatus, Verdict as Answer};

use crate::{
    Decision, DecisionReceipt, ProviderError,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Started, Stop, Verdict, ensure, fail},
    },
};

fn decision(approval: ApprovalKey, verdict: Answer) -> Decision {
    Decision { approval, verdict, parameters: Vec::new(), decided_by: "conformance".to_owned(), comment: None }
}

/// Starts a build that asks, and follows it up to its question.
async fn asked(stand: &Stand<'_>) -> Result<(Started, Follower, ApprovalKey), Stop> {
    stand.needs(Capability::Approvals)?;
    let started = stand.start(Scenario::Approval).await?;
    let mut told = stand.follow(&started.run);
    told.until("its question", |told| !told.approvals().is_empty()).await?;
    let question = told.approvals()[0].clone();
    let status = question.status;
    ensure(status == ApprovalStatus::Pending, || format!("a question that was just asked is {status:?}"))?;
    Ok((started, told, question.key))
}

pub(super) async fn approvals_are_asked_and_settled(stand: &Stand<'_>) -> Verdict {
    let (started, mut told, key) = asked(stand).await?;
    let yes = decision(key.clone(), Answer::Approve);
    let receipt = stand.provider.decide(&stand.access, &started.run, &yes).await.must("decide")?;
    ensure(receipt == DecisionReceipt::Accepted, || format!("the first decision answers {receipt:?}"))?;
    told.finish().await?;
    let settled = told.approvals().into_iter().rev().find(|a| a.key == key).map(|a| a.status);
    ensure(settled == Some(ApprovalStatus::Approved), || format!("after a yes, followers know it as {settled:?}"))?;
    ensure(told.has_line("approved"), || "after a yes, the build did not go on".to_owned())?;
    ensure(told.status() == Some(RunStatus::Succeeded), || format!("it ended as {:?}", told.status()))
}

pub(super) async fn first_decision_wins(stand: &Stand<'_>) -> Verdict {
    let (started, mut told, key) = asked(stand).await?;
    let other = stand.harness.another_instance().await;
    let (yes, no) = (decision(key.clone(), Answer::Approve), decision(key, Answer::Reject));
    stand.provider.decide(&stand.access, &started.run, &yes).await.must("decide")?;
    for provider in [&stand.provider, &other] {
        let receipt = provider.decide(&stand.access, &started.run, &no).await.must("a second decision")?;
        ensure(receipt == DecisionReceipt::AlreadySettled, || format!("a second decision answers {receipt:?}"))?;
    }
    told.finish().await?;
    let rejected = told.approvals().iter().any(|a| a.status == ApprovalStatus::Rejected);
    ensure(!rejected, || "the second decision replaced the first one".to_owned())?;
    ensure(told.status() == Some(RunStatus::Succeeded), || format!("after a yes it ended as {:?}", told.status()))
}

pub(super) async fn rejection_ends_the_build_badly(stand: &Stand<'_>) -> Verdict {
    let (started, mut told, key) = asked(stand).await?;
    let no = decision(key, Answer::Reject);
    stand.provider.decide(&stand.access, &started.run, &no).await.must("decide")?;
    told.finish().await?;
    ensure(!told.has_line("approved"), || "after a no, the build went on".to_owned())?;
    let status = told.status();
    let badly = status.is_some_and(|s| s.is_bad() || s == RunStatus::Cancelled);
    ensure(badly, || format!("after a no it ended as {status:?}"))
}

pub(super) async fn unknown_questions_are_not_found(stand: &Stand<'_>) -> Verdict {
    let (started, _told, _) = asked(stand).await?;
    let unknown = decision(ApprovalKey::from("no-such-question"), Answer::Approve);
    match stand.provider.decide(&stand.access, &started.run, &unknown).await {
        Err(ProviderError::NotFound(_)) => Ok(()),
        Err(error) => fail(format!("it answers: {error}")),
        Ok(receipt) => fail(format!("it answers {receipt:?}")),
    }
}

pub(super) async fn decision_inputs_are_checked(stand: &Stand<'_>) -> Verdict {
    let (started, mut told, key) = asked(stand).await?;
    let input = ParameterValue { name: "nobody_asked_for_this".to_owned(), value: "x".into() };
    let odd = Decision { parameters: vec![input], ..decision(key.clone(), Answer::Approve) };
    match stand.provider.decide(&stand.access, &started.run, &odd).await {
        Err(ProviderError::Invalid(findings)) => {
            ensure(!findings.is_empty(), || "it is invalid, with no finding".to_owned())?;
        }
        Err(error) => return fail(format!("it answers: {error}")),
        Ok(receipt) => return fail(format!("it answers {receipt:?}")),
    }
    let yes = decision(key, Answer::Approve);
    let receipt = stand.provider.decide(&stand.access, &started.run, &yes).await.must("decide")?;
    ensure(receipt == DecisionReceipt::Accepted, || "a decision that was refused settled the question".to_owned())?;
    told.finish().await
}
