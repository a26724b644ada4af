//! A time of its own for a test, which passes as fast as nothing is left to be done.

use std::{convert::Infallible, future::Future, sync::mpsc, thread, time::Duration};

use tokio::{
    runtime::Builder,
    task::{spawn_blocking, yield_now},
    time::advance,
};

/// By how much the time moves on at once.
const STEP: Duration = Duration::from_millis(20);
/// How often the runtime looks at its sockets, and does what there is to be done, before the time moves on.
const ROUNDS: usize = 8;
/// After how many steps the machine is left to others for a moment: what the kernel has put off is done meanwhile.
const STEPS: usize = 10;
const REST: Duration = Duration::from_micros(100);

/// Lives through something in a time of its own: whoever waits there for half a minute waits half a minute of it, which is over in a
/// moment; and a machine that is busy makes nothing late, since no time passes while there is something to be done.
///
/// Sockets are real ones. tokio's own paused time would jump to the next timer while an answer is on its way, and so it is kept from
/// that, and moved on in small steps instead.
///
/// # Panics
/// Where there is no runtime to be had.
#[expect(clippy::expect_used, reason = "a test that cannot have its runtime has failed")]
pub fn quickly<T>(life: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let (held, until_dropped) = mpsc::channel::<Infallible>();
        // As long as a thread of the runtime is at work, its time does not move by itself.
        let holding = spawn_blocking(move || until_dropped.recv().err());
        let lived = tokio::select! {
            lived = life => lived,
            never = pass() => match never {},
        };
        drop(held);
        let _ = holding.await;
        lived
    })
}

async fn pass() -> Infallible {
    loop {
        for _ in 0..STEPS {
            for _ in 0..ROUNDS {
                yield_now().await;
            }
            advance(STEP).await;
        }
        thread::sleep(REST);
    }
}
