//! Logs of builds, wherever they are.

use alm_build_spi::{Access, LineStream, LogPosition, PositionedLine, ProviderError};
use alm_domain::{LogLine, LogStream};
use alm_kubernetes::{LogNews, Place, PodTold, RunLife, Session, follow_pod, read_pod};
use alm_masking::Masks;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::{
    handing::given,
    openshift::{AtJenkins, Inner, build_at},
};
use crate::{
    build::{Build, snippet},
    jenkins::{Jenkins, JenkinsNews, JenkinsTold, follow_log, read_log},
};

/// How far a log was told.
#[derive(Debug)]
pub(super) enum LogTold {
    Pod(PodTold),
    Jenkins(JenkinsTold),
}

/// What there is to tell of a log.
#[derive(Debug)]
pub(super) enum News {
    Lines(Vec<LogLine>, LogTold),
    End,
}

impl News {
    /// With what the cluster has kept of the log, behind the word that the rest of it is gone.
    pub(super) fn with_kept(self, kept: impl FnOnce() -> Vec<LogLine>) -> Self {
        match self {
            Self::Lines(mut lines, LogTold::Pod(told)) if told.gone => {
                lines.extend(kept());
                Self::Lines(lines, LogTold::Pod(told))
            }
            other => other,
        }
    }
}

/// News of a log.
pub(super) type NewsStream = BoxStream<'static, Result<News, ProviderError>>;

/// What is taken out of the log of a build. `None` where its secrets cannot be known any more: then no line can be told.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn masks(session: &Session, build: &Build) -> Result<Option<(Masks, Vec<String>)>, ProviderError> {
    let Some(secrets) = given(session, build).await? else { return Ok(None) };
    let (masks, gaps) = Masks::of(secrets.iter().map(|(name, value)| (name.as_str(), value.expose_secret())));
    Ok(Some((masks, gaps.iter().map(ToString::to_string).collect())))
}

/// The log of a build that runs in a pod, from behind what was told.
pub(super) fn of_pod(
    session: &Session,
    build: &Build,
    masks: &Masks,
    from: PodTold,
    life: watch::Receiver<RunLife>,
) -> NewsStream {
    pod_news(follow_pod(session, &build.place.namespace, &build.pod(), masks, from, life))
}

/// The log of a build that Jenkins runs, from behind what was told.
pub(super) fn of_jenkins(
    jenkins: Jenkins,
    masks: Masks,
    from: JenkinsTold,
    life: watch::Receiver<RunLife>,
) -> NewsStream {
    jenkins_news(follow_log(jenkins, masks, from, life))
}

fn pod_news(news: impl Stream<Item = Result<LogNews, ProviderError>> + Send + 'static) -> NewsStream {
    let news = news.map(|news| {
        news.map(|news| match news {
            LogNews::Lines(lines, told) => News::Lines(lines, LogTold::Pod(told)),
            LogNews::End(_) => News::End,
        })
    });
    news.boxed()
}

fn jenkins_news(news: impl Stream<Item = Result<JenkinsNews, ProviderError>> + Send + 'static) -> NewsStream {
    let news = news.map(|news| {
        news.map(|news| match news {
            JenkinsNews::Lines(lines, told) => News::Lines(lines, LogTold::Jenkins(told)),
            JenkinsNews::End => News::End,
        })
    });
    news.boxed()
}

/// The line that stands for a log that cannot be told.
pub(super) fn withheld() -> LogLine {
    let text = "the log is withheld: the secrets that would have to be taken out of it cannot be read on the cluster"
        .to_owned();
    LogLine { stage: None, attempt: 0, stream: LogStream::Gap, at: None, text, continued: false }
}

/// Lines of the log from a position up to what there is now.
pub(super) fn read(inner: std::sync::Arc<Inner>, access: Access, place: Place, from: LogPosition) -> LineStream {
    Box::pin(async_stream::stream! {
        let mut news = match open(&inner, &access, &place).await {
            Ok(news) => news,
            Err(error) => { yield Err(error); return; }
        };
        let mut position = 0;
        while let Some(news) = news.next().await {
            let lines = match news {
                Ok(News::Lines(lines, _)) => lines,
                Ok(News::End) => return,
                Err(error) => { yield Err(error); return; }
            };
            for line in lines {
                position += 1;
                if position > from.0 {
                    yield Ok(PositionedLine { next: LogPosition(position), line });
                }
            }
        }
    })
}

async fn open(inner: &Inner, access: &Access, place: &Place) -> Result<NewsStream, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let build = build_at(&session, place).await?;
    let Some((masks, _)) = masks(&session, &build).await? else {
        let told = if build.is_pipeline() {
            LogTold::Jenkins(JenkinsTold::default())
        } else {
            LogTold::Pod(PodTold::default())
        };
        return Ok(stream::iter([Ok(News::Lines(vec![withheld()], told)), Ok(News::End)]).boxed());
    };
    if !build.is_pipeline() {
        let news = pod_news(read_pod(&session, &place.namespace, &build.pod(), &masks));
        return Ok(news.map(move |news| news.map(|news| news.with_kept(|| snippet(&build, &masks)))).boxed());
    }
    Ok(match inner.jenkins(&usable, &session, access, &build).await? {
        AtJenkins::Run(jenkins) => jenkins_news(read_log(jenkins, masks)),
        AtJenkins::NotYet | AtJenkins::Refused(_) => stream::iter([Ok(News::End)]).boxed(),
    })
}
