//! Counts bytes on the wire: a relay between the client and the desk, which sees headers as well as bodies.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sandbox::Sandbox;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What has passed, in bytes above TCP.
#[derive(Default)]
pub(crate) struct Passed {
    pub(crate) up: AtomicU64,
    pub(crate) down: AtomicU64,
    pub(crate) connections: AtomicU64,
}

impl Passed {
    /// Bytes to the desk, bytes from it, connections, so far.
    pub(crate) fn now(&self) -> [u64; 3] {
        [&self.up, &self.down, &self.connections].map(|count| count.load(Ordering::Relaxed))
    }
}

/// The address to give a client in place of the desk's, and the counts.
pub(crate) async fn before(desk: &Sandbox) -> (String, Arc<Passed>) {
    let target = desk.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let passed = Arc::new(Passed::default());
    let counts = Arc::clone(&passed);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            counts.connections.fetch_add(1, Ordering::Relaxed);
            let far = TcpStream::connect(&target).await.expect("the desk listens");
            for stream in [&near, &far] {
                stream.set_nodelay(true).expect("a socket");
            }
            let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
            tokio::spawn(relay(from_near, to_far, Arc::clone(&counts), |counts| &counts.up));
            tokio::spawn(relay(from_far, to_near, Arc::clone(&counts), |counts| &counts.down));
        }
    });
    (format!("http://{address}"), passed)
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: Arc<Passed>, which: fn(&Passed) -> &AtomicU64) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        which(&counts).fetch_add(u64::try_from(read).expect("small"), Ordering::Relaxed);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
