//! How a host is reached, for requests and the socket alike: the first of its addresses that answers, and TLS over it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// How long one address is tried alone before the next one joins in: a phone in a network with broken IPv6 would
/// otherwise wait out the whole time-out. The number is RFC 8305's.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// What bytes go through, with TLS or without. Boxed: what speaks over it is then compiled once, not for each kind.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Dialer {
    tls: Arc<ClientConfig>,
    within: Duration,
}

impl Dialer {
    /// Each connection stands, with its TLS, `within` that time or not at all.
    pub(super) fn new(tls: ClientConfig, within: Duration) -> Self {
        Self { tls: Arc::new(tls), within }
    }

    /// Opens one. `host` is a name or an address, as it stands in a URL.
    pub(super) async fn open(&self, secure: bool, host: &str, port: u16) -> io::Result<Box<dyn Line>> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
        timeout(self.within, self.dial(secure, host, port)).await.map_err(late)?
    }

    async fn dial(&self, secure: bool, host: &str, port: u16) -> io::Result<Box<dyn Line>> {
        // A URL puts an IPv6 address in brackets; nothing else does.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let line = first_of(tokio::net::lookup_host((host, port)).await?.collect()).await?;
        if !secure {
            return Ok(Box::new(line));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(Arc::clone(&self.tls)).connect(name, line).await?))
    }
}

/// The first that answers; families take turns.
async fn first_of(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let (six, four): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut turns = Vec::new();
    loop {
        let turn = [six.next(), four.next()];
        if turn == [None, None] {
            break;
        }
        turns.extend(turn.into_iter().flatten());
    }
    let mut attempts: FuturesUnordered<_> = (0_u32..)
        .zip(turns)
        .map(|(turn, address)| async move {
            sleep(NEXT_ADDRESS.saturating_mul(turn)).await;
            TcpStream::connect(address).await
        })
        .collect();
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(stream) => {
                // Requests and frames are few and small: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// For the pool of connections that requests go through.
impl Service<Uri> for Dialer {
    type Response = TokioIo<Box<dyn Line>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
            let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
            dialer.open(secure, uri.host().unwrap_or_default(), port).await.map(TokioIo::new)
        })
    }
}

impl Connection for Box<dyn Line> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
