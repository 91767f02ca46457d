//! How a host is reached, for requests and the socket alike: the first of its addresses that answers, and TLS over it.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::{CertificateError, ClientConfig, pki_types::ServerName};
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
    /// The host whose certificate the log called untrusted last, until it is trusted.
    told: Arc<Mutex<Option<String>>>,
}

/// Why a host's certificate is not trusted; inside the [`io::Error`] of a connection that was given up for it.
#[derive(Debug)]
pub(super) struct Untrusted {
    pub(super) problem: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "untrusted certificate of {}", self.problem)
    }
}

impl Error for Untrusted {}

impl Untrusted {
    /// It, where it is what lies below a failure.
    pub(super) fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            // An `io::Error` names as its source what lies below the error in it.
            let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(found) = inside.and_then(|inside| inside.downcast_ref()) {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}

/// What is wrong with a certificate, and what to do about it.
fn problem(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this phone's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this phone's clock is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another host name"
        }
        CertificateError::UnknownIssuer | CertificateError::Other(_) => {
            "no public authority vouches for it; one that is self-signed or of a private authority is not taken, nor one \
             that the server sends without its chain"
        }
        _ => "it can't be verified",
    }
}

impl Dialer {
    /// Each connection stands, with its TLS, `within` that time or not at all.
    pub(super) fn new(tls: ClientConfig, within: Duration) -> Self {
        Self { tls: Arc::new(tls), within, told: Arc::default() }
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
        let connected = TlsConnector::from(Arc::clone(&self.tls)).connect(name, line).await;
        let judged = connected.map_err(|error| judge(host, error));
        self.tell(host, judged.as_ref().err());
        Ok(Box::new(judged?))
    }

    /// Tells the log of a certificate that is not trusted: once, for every attempt meets it again.
    fn tell(&self, host: &str, error: Option<&io::Error>) {
        let untrusted = error.and_then(|error| Untrusted::below(error));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = told.as_deref() == Some(host);
        match untrusted {
            Some(Untrusted { problem }) if !is_told => {
                tracing::error!("a certificate is not trusted, so nothing is sent there: {problem}");
                *told = Some(host.to_owned());
            }
            None if is_told && error.is_none() => *told = None,
            _ => {}
        }
    }
}

/// Says so where it is the certificate.
fn judge(host: &str, error: io::Error) -> io::Error {
    match error.get_ref().and_then(|inside| inside.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(certificate)) => {
            io::Error::other(Untrusted { problem: format!("{host}: {}", problem(certificate)) })
        }
        _ => error,
    }
}

/// The first that answers. They are tried in the resolver's order, families in turn: the next one when one has failed,
/// and beside it when it takes long.
async fn first_of(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let six_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == six_first);
    let mut turns = interleave(first, second).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    attempts.extend(turns.next().map(TcpStream::connect));
    loop {
        tokio::select! {
            attempt = attempts.next() => match attempt {
                Some(Ok(stream)) => {
                    // Requests and frames are few and small: waiting to fill a packet only delays them.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Some(Err(error)) => failure = error,
                None => return Err(failure),
            },
            () = sleep(NEXT_ADDRESS), if turns.len() > 0 => {}
        }
        attempts.extend(turns.next().map(TcpStream::connect));
    }
}

/// One of each in turn, and then the rest.
fn interleave<T>(first: Vec<T>, second: Vec<T>) -> Vec<T> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::with_capacity(first.len() + second.len());
    while first.len() + second.len() > 0 {
        all.extend(first.next());
        all.extend(second.next());
    }
    all
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

#[cfg(test)]
mod tests {
    use tokio::{net::TcpListener, time::Instant};

    use super::*;

    /// Nobody listens there, as it was just free.
    async fn closed() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    #[test]
    fn families_take_turns() {
        assert_eq!(interleave(vec![1, 2, 3], vec![10]), [1, 10, 2, 3]);
        assert_eq!(interleave(vec![1], vec![10, 20, 30]), [1, 10, 20, 30]);
        assert_eq!(interleave(Vec::new(), vec![10]), [10]);
    }

    #[tokio::test(start_paused = true)]
    async fn address_that_refuses_does_not_hold_up_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut addresses = Vec::new();
        for _ in 0..20 {
            addresses.push(closed().await);
        }
        addresses.push(listener.local_addr().unwrap());
        let begun = Instant::now();
        assert_eq!(first_of(addresses).await.unwrap().peer_addr().unwrap(), listener.local_addr().unwrap());
        assert!(begun.elapsed() < NEXT_ADDRESS.saturating_mul(20), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn address_that_says_nothing_is_overtaken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Kept for documents (RFC 5737): nobody answers, or the network says at once that it is nowhere.
        let silent = "192.0.2.1:9".parse().unwrap();
        let stream = first_of(vec![silent, listener.local_addr().unwrap()]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    }

    #[tokio::test]
    async fn last_refusal_is_told_where_none_answers() {
        let error = first_of(vec![closed().await, closed().await]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(first_of(Vec::new()).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
