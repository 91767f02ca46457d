//! Bare connections: what a round trip takes before anybody has thought about anything.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::{costs::median, http::Trouble};

/// Connections that are timed.
const TRIES: usize = 5;

/// The address for a bare connection.
fn host_and_port(desk: &Url) -> Option<(String, u16)> {
    let host = match desk.host()? {
        url::Host::Domain(name) => name.to_owned(),
        url::Host::Ipv4(ip) => ip.to_string(),
        url::Host::Ipv6(ip) => ip.to_string(),
    };
    Some((host, desk.port_or_known_default()?))
}

/// Opens a connection.
pub(crate) async fn connect(desk: &Url, limit: Duration) -> Result<TcpStream, Trouble> {
    let (host, port) = host_and_port(desk).ok_or(Trouble::NoConnection)?;
    let connected: io::Result<TcpStream> = match timeout(limit, TcpStream::connect((host.as_str(), port))).await {
        Ok(connected) => connected,
        Err(_) => return Err(Trouble::Late(limit)),
    };
    let stream = connected.map_err(|_| Trouble::NoConnection)?;
    // A frame must not wait for the answer to the one before.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// A round trip: the middle of several connections. The first one, which also looks the name up, is not counted.
pub(crate) async fn round_trip(desk: &Url, limit: Duration) -> Result<Duration, Trouble> {
    connect(desk, limit).await?;
    let mut times = Vec::new();
    for _ in 0..TRIES {
        let began = Instant::now();
        connect(desk, limit).await?;
        times.push(began.elapsed());
    }
    median(&times).ok_or(Trouble::NoConnection)
}
