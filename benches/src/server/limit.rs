//! The limit: a frame is made once for each line and written straight to the sockets of its subscribers. There is no task for a
//! connection, no queue in between, no store, and nobody reads what clients say after they have subscribed.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Keep, source};
use crate::{
    Result,
    load::frame_of,
    pace::Commands,
    process::{Content, Ready, Setup},
};

/// As many as there are threads.
const WRITERS: usize = 2;
/// When sockets that were full are tried again.
const AGAIN: Duration = Duration::from_millis(1);

/// What a writer is told.
enum Word {
    Subscriber(usize, TcpStream),
    Frame(usize, Arc<[u8]>),
}

type Writers = Arc<[mpsc::UnboundedSender<Word>]>;

pub(super) async fn start(setup: Setup, commands: Commands) -> Result<(Ready, Keep)> {
    let Content::Running(count) = setup.content else { return Err("the limit has running builds only".into()) };
    let (builds, places) = source::ids(count);
    let writers: Writers = (0..WRITERS)
        .map(|_| {
            let (tell, words) = mpsc::unbounded_channel();
            tokio::spawn(write(count, words));
            tell
        })
        .collect();
    let outlets = Arc::clone(&writers);
    source::write(count, &commands, move |build, line| {
        let frame: Arc<[u8]> = frame_of(source::message(&line).as_bytes()).into();
        for writer in &*outlets {
            let _ = writer.send(Word::Frame(build, Arc::clone(&frame)));
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (places, names) = (Arc::new(places), builds.clone());
    tokio::spawn(async move {
        for turn in (0..WRITERS).cycle() {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (writers, places) = (Arc::clone(&writers), Arc::clone(&places));
            tokio::spawn(async move {
                let find = |text: &str| places.iter().find(|(id, _)| text.contains(*id)).map(|(_, place)| *place);
                if let Ok((stream, build)) = greet(stream, find).await {
                    let _ = writers[turn].send(Word::Subscriber(build, stream));
                }
            });
        }
    });
    Ok((Ready { address, builds: names }, Box::new(())))
}

/// Shakes hands, acknowledges, and finds out which build is wanted.
async fn greet(mut stream: TcpStream, find: impl Fn(&str) -> Option<usize>) -> io::Result<(TcpStream, usize)> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4 << 10);
    let head = until(&mut stream, &mut read, |text| text.contains("\r\n\r\n").then(|| text.to_owned())).await?;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    let accept = derive_accept_key(key.trim().as_bytes());
    let reply = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(reply.as_bytes()).await?;
    until(&mut stream, &mut read, |text| text.contains("connection_init").then_some(())).await?;
    stream.write_all(&frame_of(br#"{"type":"connection_ack"}"#)).await?;
    // The frames of our own clients are masked with zeros, so that they can be read as they are.
    let build = until(&mut stream, &mut read, find).await?;
    Ok((stream, build))
}

async fn until<T>(stream: &mut TcpStream, read: &mut Vec<u8>, wanted: impl Fn(&str) -> Option<T>) -> io::Result<T> {
    loop {
        if let Some(found) = wanted(&String::from_utf8_lossy(read)) {
            return Ok(found);
        }
        if stream.read_buf(read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A socket, and what did not go into it yet.
struct Outlet {
    stream: TcpStream,
    waiting: VecDeque<(Arc<[u8]>, usize)>,
}

impl Outlet {
    /// False when the socket is broken.
    fn send(&mut self, frame: &Arc<[u8]>) -> bool {
        if !self.waiting.is_empty() {
            self.waiting.push_back((Arc::clone(frame), 0));
            return true;
        }
        match self.stream.try_write(frame) {
            Ok(written) if written == frame.len() => true,
            Ok(written) => {
                self.waiting.push_back((Arc::clone(frame), written));
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.waiting.push_back((Arc::clone(frame), 0));
                true
            }
            Err(_) => false,
        }
    }

    fn resume(&mut self) -> bool {
        while let Some((frame, begun)) = self.waiting.front_mut() {
            match self.stream.try_write(&frame[*begun..]) {
                Ok(written) => *begun += written,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            if *begun == frame.len() {
                self.waiting.pop_front();
            }
        }
        true
    }
}

async fn write(count: usize, mut words: mpsc::UnboundedReceiver<Word>) {
    let mut outlets: Vec<Vec<Outlet>> = (0..count).map(|_| Vec::new()).collect();
    let mut is_held_up = false;
    loop {
        let word = if is_held_up { tokio::time::timeout(AGAIN, words.recv()).await } else { Ok(words.recv().await) };
        match word {
            Ok(None) => return,
            Ok(Some(Word::Subscriber(build, stream))) => {
                outlets[build].push(Outlet { stream, waiting: VecDeque::new() });
            }
            Ok(Some(Word::Frame(build, frame))) => {
                outlets[build].retain_mut(|outlet| outlet.send(&frame));
                is_held_up |= outlets[build].iter().any(|outlet| !outlet.waiting.is_empty());
            }
            Err(_) => {
                outlets.iter_mut().for_each(|outlets| outlets.retain_mut(Outlet::resume));
                is_held_up = outlets.iter().flatten().any(|outlet| !outlet.waiting.is_empty());
            }
        }
    }
}
