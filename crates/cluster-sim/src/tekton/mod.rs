//! Tekton: its kinds in both versions, its admission, and its controller, as release 0.44 had them. Retries, matrix, `when`, results,
//! `finally` and the two gentler ways to cancel are *documented, unrecorded* (Tekton's own documents of pipelines and runs), and so
//! are resolvers (`docs/resolution-getting-started.md` of tektoncd/pipeline), custom runs (`docs/customruns.md`), runs that are
//! pending (`docs/pipelineruns.md`), and that a pod waits for the Secrets that it mounts, but not for those by which its images are pulled
//! (the documents of Kubernetes on Secrets).

mod admission;
mod approval;
mod condition;
mod controller;
mod custom;
mod graph;
mod mount;
mod run;
mod task;
mod version;

pub(crate) use admission::admit;
pub(crate) use approval::{review as review_approval, review_answer};
pub(crate) use controller::controller;
pub(crate) use version::{convert, store_version};
