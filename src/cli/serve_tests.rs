use std::sync::Mutex;

use async_trait::async_trait;
use futures::stream;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::{
    app::VaultReport,
    cli::{Exit, VaultWork},
    config::Environment,
};

/// A service that greets whoever connects until it is told to stop.
#[derive(Default)]
struct Greeter {
    fails: bool,
    never_ends: bool,
    drained: Mutex<bool>,
}

#[async_trait]
impl Composition for Greeter {
    fn schema(&self) -> Result<String, BoxError> {
        Ok("type Query".to_owned())
    }

    async fn migrate(&self, _: &Config) -> Result<(), BoxError> {
        Ok(())
    }

    async fn vault(&self, _: &Config, _: VaultWork) -> Result<VaultReport, BoxError> {
        Err("there is no vault".into())
    }

    async fn serve(&self, serving: Serving) -> Result<(), BoxError> {
        if self.fails {
            return Err("the database is gone".into());
        }
        let _ = serving.ready.send(Ready { token: Some("t".into()) });
        loop {
            tokio::select! {
                client = serving.listener.accept() => client?.0.write_all(b"hello").await?,
                () = serving.stop.cancelled() => break,
            }
        }
        if self.never_ends {
            std::future::pending::<()>().await;
        }
        *self.drained.lock().unwrap() = true;
        Ok(())
    }
}

fn config(data: &std::path::Path, bind: &str) -> Arc<Config> {
    let variables = [("ALM_DATA_DIR", data.to_str().unwrap()), ("ALM_SERVER_BIND", bind)];
    Arc::new(Config::load(&Environment::of(variables), None).unwrap())
}

fn nothing<'a>() -> Meanwhile<'a> {
    Box::new(|_| async { Ok(()) }.boxed())
}

#[tokio::test]
async fn it_answers_and_drains_when_it_is_told_to_stop() {
    let data = tempfile::tempdir().unwrap();
    let greeter = Greeter::default();
    let (stop, stops) = futures::channel::mpsc::unbounded();
    let meanwhile: Meanwhile<'_> = Box::new(|running| {
        async move {
            let address = running.local.socket_addrs(|| None).unwrap()[0];
            let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
            let mut greeting = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut client, &mut greeting).await.unwrap();
            assert_eq!(greeting, "hello");
            stop.unbounded_send(()).unwrap();
            Ok(())
        }
        .boxed()
    });
    serve_until(config(data.path(), "127.0.0.1:0"), &greeter, meanwhile, stops).await.unwrap();
    assert!(*greeter.drained.lock().unwrap());
}

#[tokio::test]
async fn a_second_request_to_stop_does_not_wait() {
    let data = tempfile::tempdir().unwrap();
    let greeter = Greeter { never_ends: true, ..Greeter::default() };
    serve_until(
        config(data.path(), "127.0.0.1:0"),
        &greeter,
        nothing(),
        stream::iter([(), ()]).chain(stream::pending()),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_told_so() {
    let data = tempfile::tempdir().unwrap();
    let _first = DataDir::open(data.path()).unwrap();
    let error = serve_until(config(data.path(), "127.0.0.1:0"), &Greeter::default(), nothing(), stream::pending())
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::InUse, "{error}");
}

#[tokio::test]
async fn a_busy_port_names_the_setting() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap().to_string();
    let error =
        serve_until(config(data.path(), &bind), &Greeter::default(), nothing(), stream::pending()).await.unwrap_err();
    assert!(error.to_string().contains("set server.bind (ALM_SERVER_BIND)"), "{error}");
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[tokio::test]
async fn a_server_that_cannot_begin_says_why() {
    let data = tempfile::tempdir().unwrap();
    let greeter = Greeter { fails: true, ..Greeter::default() };
    let error =
        serve_until(config(data.path(), "127.0.0.1:0"), &greeter, nothing(), stream::pending()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server cannot go on: the database is gone");
}

#[test]
fn the_address_is_printed_with_its_token_and_the_promise() {
    let mut out = Vec::new();
    announce(&"http://127.0.0.1:8080/".parse().unwrap(), Some(&"secret".into()), &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("    http://127.0.0.1:8080/#token=secret\n"), "{out}");
    assert!(out.contains("Builds that run on this machine go on"), "{out}");
}
