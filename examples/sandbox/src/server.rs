//! The running server: listening, serving each connection by hand so that it can be cut, and stopping.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::JoinHandle,
};

use crate::{
    desk::Desk,
    faults::Faults,
    gate::Gate,
    options::{Options, SandboxError},
    routes,
    shared::Shared,
    state::State,
    wire::{Abort, Wire, reset},
};

/// A running support desk. Dropping it stops it; [`Sandbox::shutdown`] also waits until the port is free.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    addr: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a desk on the current tokio runtime.
    ///
    /// # Errors
    /// If the address is taken, the data directory can't be used, or no runtime is running.
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        let runtime = Handle::try_current().map_err(|_| SandboxError::NoRuntime)?;
        let listen_error = |source| SandboxError::Listen { addr: options.addr, source };
        let listener = TcpListener::bind(options.addr).await.map_err(listen_error)?;
        let addr = listener.local_addr().map_err(listen_error)?;
        let options = Arc::new(options);
        let base_url = options.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(addr)));
        let state = State::open(Arc::clone(&options), base_url.trim_end_matches('/').to_owned())?;
        let faults = Faults::new(options.random_seed);
        let shared = Arc::new(Shared::new(options, state, faults, runtime.clone()));
        let router = routes::router(Arc::clone(&shared), addr);
        let gate = Arc::new(Gate::new(Arc::clone(&shared), router));
        let accepting = runtime.spawn(accept(listener, Arc::clone(&shared), gate));
        Ok(Self { shared, addr, accepting: Some(accepting) })
    }

    /// The address to give a client: `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.addr))
    }

    /// The identifier of the inbox.
    pub fn inbox_identifier(&self) -> &str {
        &self.shared.options.inbox_identifier
    }

    /// The help centre's slug.
    pub fn help_slug(&self) -> &str {
        &self.shared.options.help_slug
    }

    /// The agent's side.
    pub fn desk(&self) -> Desk {
        Desk::new(Arc::clone(&self.shared))
    }

    /// The control of the faults.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// Stops and waits until the port is free and the connections are closed.
    pub async fn shutdown(mut self) {
        self.shared.stop();
        if let Some(accepting) = self.accepting.take() {
            // It can only fail by a panic, and then it has ended as well.
            let _ = accepting.await;
        }
        // Sockets say farewell first; one whose peer does not read is left to its fate after a second.
        for _ in 0..100 {
            if self.shared.connections.load(Ordering::Relaxed) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// An address a client can connect to: a desk that listens everywhere is also on loopback.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], addr.port())) } else { addr }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, gate: Arc<Gate>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopped() => return,
        };
        match accepted {
            Ok((stream, from)) => {
                shared.spawn(serve(stream, from, Arc::clone(&shared), Arc::clone(&gate)));
            }
            Err(error) => {
                // Out of descriptors, most likely: let some be given back.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, from: SocketAddr, shared: Arc<Shared>, gate: Arc<Gate>) {
    // The control routes must stay reachable to end what they began, so offline is judged at the request.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps Nagle's algorithm");
        reset(&stream);
        return;
    }
    let abort = Abort::default();
    let mut pulse = shared.faults.pulse();
    let cut_before = pulse.borrow_and_update().cut_all;
    let io = TokioIo::new(Wire::new(stream, abort.clone(), Arc::clone(&shared)));
    let service = service_fn(|request: Request<Incoming>| {
        let (gate, abort) = (Arc::clone(&gate), abort.clone());
        async move { gate.pass(request, from.ip(), abort).await }
    });
    let connection = http1::Builder::new().serve_connection(io, service).with_upgrades();
    tokio::select! {
        served = connection => {
            if let Err(error) = served {
                tracing::trace!(%error, "a connection ended early");
            }
        }
        // Set within the branch: `select!` drops the connection before it runs a handler.
        () = async {
            let _ = pulse.wait_for(|pulse| pulse.cut_all != cut_before).await;
            abort.set();
        } => {}
    }
}
