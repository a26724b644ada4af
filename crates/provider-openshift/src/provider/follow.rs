//! Following a run: what the cluster tells of the Build, and what its log tells.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{Access, CancellationToken, ObservedStream, ProviderError, ResumeToken};
use alm_domain::{Observation, Observed};
use alm_kubernetes::{Place, RunLife, Session, Sight, unknown, watch_one};
use alm_masking::Masks;
use futures::StreamExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    logs::{self, LogTold, News, NewsStream},
    openshift::{AtJenkins, Inner, Usable, build_at},
    token::Token,
};
use crate::{
    build::{Build, Picture, ended_stages, snippet},
    jenkins::tagged,
    kinds::builds,
};

/// How soon a log that could not be begun is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows a run from behind `from`.
pub(super) fn follow(
    inner: Arc<Inner>,
    access: Access,
    place: Place,
    from: Option<ResumeToken>,
    stop: CancellationToken,
) -> ObservedStream {
    Box::pin(async_stream::stream! {
        let mut follower = match Follower::begin(inner, access, place, from.as_ref()).await {
            Ok(Some(follower)) => follower,
            Ok(None) => return,
            Err(error) => { yield Err(error); return; }
        };
        let api = follower.session.api(&follower.place.namespace, &builds());
        let mut sights = watch_one(&follower.session, api, &follower.place.name).boxed();
        loop {
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                sight = sights.next() => match sight {
                    Some(sight) => Heard::Sight(sight),
                    None => return,
                },
                news = follower.news() => Heard::News(news),
            };
            match follower.take(heard).await {
                Ok(Some(observed)) => {
                    let is_complete = observed.observations.last() == Some(&Observation::Complete);
                    yield Ok(observed);
                    if is_complete {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let is_transient = error.is_transient();
                    yield Err(error);
                    // What is not transient does not pass by itself: the caller decides.
                    if !is_transient {
                        return;
                    }
                }
            }
        }
    })
}

enum Heard {
    Sight(Result<Sight, ProviderError>),
    News(Option<Result<News, ProviderError>>),
}

struct Follower {
    inner: Arc<Inner>,
    access: Access,
    usable: Usable,
    session: Session,
    place: Place,
    token: Token,
    picture: Picture,
    build: Build,
    life: watch::Sender<RunLife>,
    log: Option<NewsStream>,
    /// What is taken out of the log, once that has begun.
    masks: Masks,
    /// When the log may be tried to be begun.
    begin_at: Option<Instant>,
    /// Whether the log's trouble was told and has not passed.
    in_trouble: bool,
    /// How many stages had ended when tags were looked at.
    ended: usize,
}

impl Follower {
    /// `None` where all was told.
    async fn begin(
        inner: Arc<Inner>,
        access: Access,
        place: Place,
        from: Option<&ResumeToken>,
    ) -> Result<Option<Self>, ProviderError> {
        let token = Token::read(from)?;
        if token.complete {
            return Ok(None);
        }
        let (usable, session) = inner.session(&access)?;
        let build = build_at(&session, &place).await?;
        let picture = Picture::of(token.open.clone());
        let (life, _) = watch::channel(RunLife::Live);
        let begin_at = Some(Instant::now());
        Ok(Some(Self {
            inner,
            access,
            usable,
            session,
            place,
            token,
            picture,
            build,
            life,
            log: None,
            masks: Masks::default(),
            begin_at,
            in_trouble: false,
            ended: 0,
        }))
    }

    /// The next news of the log; `None` when it is to be begun.
    async fn news(&mut self) -> Option<Result<News, ProviderError>> {
        match (&mut self.log, self.begin_at) {
            _ if self.token.log_done => std::future::pending().await,
            (Some(log), _) => Some(log.next().await.unwrap_or(Ok(News::End))),
            (None, Some(at)) => {
                sleep_until(at).await;
                None
            }
            (None, None) => std::future::pending().await,
        }
    }

    async fn take(&mut self, heard: Heard) -> Result<Option<Observed>, ProviderError> {
        let mut observations = match heard {
            Heard::Sight(Ok(Sight::There(object))) => match Build::of(*object) {
                Some(build) if build.place.uid == self.place.uid => {
                    self.look_at_tags(&build).await;
                    self.see(build)
                }
                _ => return Err(unknown("run", &self.place.to_string())),
            },
            Heard::Sight(Ok(Sight::Gone)) => return Err(unknown("run", &self.place.to_string())),
            Heard::Sight(Err(error)) => return Err(error),
            Heard::News(Some(Ok(news))) => {
                self.in_trouble = false;
                let news = news.with_kept(|| snippet(&self.build, &self.masks));
                self.tell(news)
            }
            Heard::News(Some(Err(error))) if error.is_transient() => {
                // It is tried again all the time: once is enough.
                if std::mem::replace(&mut self.in_trouble, true) {
                    return Ok(None);
                }
                return Err(error);
            }
            Heard::News(Some(Err(ProviderError::Unauthorized(why)))) => return Err(ProviderError::Unauthorized(why)),
            Heard::News(Some(Err(error))) => {
                // The run goes on, without its log. Jenkins may let the account read later: its login keeps a check that failed for a
                // while (`OpenShiftPermissionFilter`).
                if !self.build.is_pipeline() || *self.life.borrow() != RunLife::Live {
                    self.log = None;
                    self.begin_at = None;
                    self.token.log_done = true;
                }
                let mut news = Vec::new();
                self.picture.warn(
                    "LOG_NOT_READABLE",
                    format!("the log of the build cannot be read: {error}"),
                    &mut news,
                );
                news
            }
            Heard::News(None) => self.begin_log().await?,
        };
        if self.picture.status().is_some_and(|status| status.is_terminal()) && self.token.log_done {
            observations.push(Observation::Complete);
            self.token.complete = true;
        }
        self.token.open = self.picture.open().to_vec();
        Ok((!observations.is_empty()).then(|| Observed { resume: self.token.write(), observations }))
    }

    /// Looks at the tags beside the run, whenever a stage has ended that may have set some.
    async fn look_at_tags(&mut self, build: &Build) {
        let ended = ended_stages(build);
        if ended > std::mem::replace(&mut self.ended, ended) {
            self.picture.tagged(tagged(&self.session, &self.place.namespace).await);
        }
    }

    fn see(&mut self, build: Build) -> Vec<Observation> {
        let news = self.picture.see(&build);
        let life = match build.phase.is_terminal() {
            false => RunLife::Live,
            true if build.is_pipeline() || build.had_pod => RunLife::Over,
            true => RunLife::NeverRan,
        };
        self.life.send_if_modified(|known| std::mem::replace(known, life) != life);
        self.build = build;
        news
    }

    fn tell(&mut self, news: News) -> Vec<Observation> {
        match news {
            News::Lines(lines, told) => {
                match told {
                    LogTold::Pod(told) => self.token.pod = Some(told),
                    LogTold::Jenkins(told) => self.token.jenkins = Some(told),
                }
                vec![Observation::Lines(lines)]
            }
            News::End => {
                self.log = None;
                self.begin_at = None;
                self.token.log_done = true;
                Vec::new()
            }
        }
    }

    /// Begins with the log, if it can be.
    async fn begin_log(&mut self) -> Result<Vec<Observation>, ProviderError> {
        self.begin_at = Some(Instant::now() + PAUSE);
        let mut news = Vec::new();
        let is_over = *self.life.borrow() != RunLife::Live;
        let jenkins = if self.build.is_pipeline() {
            let at = self.inner.jenkins(&self.usable, &self.session, &self.access, &self.build).await;
            match self.once(at)? {
                None => return Ok(news),
                // A run that is over, and that Jenkins never took, has no log.
                Some(AtJenkins::NotYet) if is_over => return Ok(self.tell(News::End)),
                Some(AtJenkins::NotYet) => return Ok(news),
                Some(AtJenkins::Refused(why)) => {
                    self.picture.warn("JENKINS_NOT_ASKED", format!("the run has no log here: {why}"), &mut news);
                    self.picture.refuse(why);
                    news.extend(self.picture.see(&self.build));
                    news.extend(self.tell(News::End));
                    return Ok(news);
                }
                Some(AtJenkins::Run(jenkins)) => Some(jenkins),
            }
        } else {
            None
        };
        let masks = logs::masks(&self.session, &self.build).await;
        let Some(masks) = self.once(masks)? else { return Ok(news) };
        let Some((masks, gaps)) = masks else {
            news.push(Observation::Lines(vec![logs::withheld()]));
            news.extend(self.tell(News::End));
            return Ok(news);
        };
        for gap in gaps {
            self.picture.warn("SECRET_NOT_MASKED", gap, &mut news);
        }
        self.masks = masks.clone();
        let life = self.life.subscribe();
        self.log = Some(match jenkins {
            Some(jenkins) => logs::of_jenkins(jenkins, masks, self.token.jenkins.clone().unwrap_or_default(), life),
            None => logs::of_pod(&self.session, &self.build, &masks, self.token.pod.clone().unwrap_or_default(), life),
        });
        Ok(news)
    }

    /// What was answered, if it was; a trouble that passes is told once.
    fn once<T>(&mut self, answer: Result<T, ProviderError>) -> Result<Option<T>, ProviderError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_transient() && std::mem::replace(&mut self.in_trouble, true) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
