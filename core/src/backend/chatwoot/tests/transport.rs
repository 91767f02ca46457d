//! Connections that are used again, and bodies that are packed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use url::Url;

use super::{
    super::Chatwoot,
    adapter,
    canned::{Act, Desk, say},
    session,
};
use crate::{
    DeskConversationId,
    backend::{Backend as _, BackendError, Fault, Fetched, Happened},
};

const LIST: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

/// A desk that answers one request after the other with an empty list, and tells of connections that end.
async fn patient_desk() -> (Url, Arc<AtomicUsize>, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (connections, (end, ended)) = (Arc::new(AtomicUsize::new(0)), mpsc::unbounded_channel());
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let end = end.clone();
            tokio::spawn(async move {
                let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
                while let Ok(n @ 1..) = stream.read(&mut chunk).await {
                    bytes.extend_from_slice(&chunk[..n]);
                    if bytes.ends_with(b"\r\n\r\n") {
                        bytes.clear();
                        stream.write_all(LIST).await.unwrap();
                    }
                }
                let _ = end.send(());
            });
        }
    });
    (url, connections, ended)
}

async fn list(adapter: &Chatwoot) -> Result<Fetched<Vec<crate::backend::DeskConversation>>, BackendError> {
    adapter.conversations(&session(), None).await
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let (url, connections, _ended) = patient_desk().await;
    let adapter = adapter(&url);
    for _ in 0..5 {
        list(&adapter).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connection_that_nobody_uses_is_closed_and_the_next_request_opens_another() {
    let (url, connections, mut ended) = patient_desk().await;
    let adapter = adapter(&url);
    list(&adapter).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    ended.recv().await.unwrap();
    tokio::time::resume();
    list(&adapter).await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn adapter_that_is_dropped_leaves_no_connection() {
    let (url, _, mut ended) = patient_desk().await;
    let adapter = adapter(&url);
    list(&adapter).await.unwrap();
    drop(adapter);
    ended.recv().await.unwrap();
}

#[tokio::test]
async fn packed_answer_that_is_broken_is_cut_off() {
    const HEAD: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let whole = include_bytes!("fixtures/spaces.json.gz");
    let mut damaged = whole.to_vec();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    for body in [b"no gzip at all".to_vec(), whole[..middle].to_vec(), whole[..5].to_vec(), damaged] {
        let desk = Desk::always(move || say(200, HEAD, &body)).await;
        let error = list(&adapter(&desk.url)).await.err().unwrap();
        assert_eq!((error.fault, error.happened), (Fault::Network, Happened::Maybe));
        assert!(error.detail.contains("cut off"), "{}", error.detail);
    }
}

#[tokio::test]
async fn answer_without_a_body_may_be_called_packed() {
    let empty = || Act::Say(b"HTTP/1.1 304 X\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".to_vec());
    let desk = Desk::always(empty).await;
    let unchanged = adapter(&desk.url).messages(&session(), DeskConversationId::new(1).unwrap(), None, Some("v")).await;
    assert!(matches!(unchanged, Ok(Fetched::Unchanged)));
    let nothing = Desk::always(|| say(200, "content-encoding: gzip\r\n", b"")).await;
    adapter(&nothing.url).mark_seen(&session(), DeskConversationId::new(1).unwrap()).await.unwrap();
}
