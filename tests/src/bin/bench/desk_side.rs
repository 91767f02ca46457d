//! The desk without Shopbell: one keep-alive connection for requests and one websocket, as bare as they come.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{ClientRequestBuilder, Message},
};

/// One kept-alive connection to the desk.
pub(crate) struct BareHttp {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
    inbox: String,
}

impl BareHttp {
    pub(crate) async fn connect(desk: &Sandbox) -> Self {
        let host = desk.url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.expect("the desk listens");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Self { sender, host, inbox: format!("/public/api/v1/inboxes/{}", desk.inbox_identifier()) }
    }

    /// Asks, and reads the answer to its end.
    pub(crate) async fn get(&mut self, path: &str) -> Bytes {
        self.call("GET", path, Full::default()).await
    }

    /// Posts JSON, and reads the answer to its end.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.call("POST", path, Full::from(body.to_string())).await;
        serde_json::from_slice(&answer).expect("JSON")
    }

    async fn call(&mut self, method: &str, path: &str, body: Full<Bytes>) -> Bytes {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.inbox))
            .header("host", &self.host)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .body(body)
            .expect("a request");
        self.sender.ready().await.expect("the connection is kept");
        let response = self.sender.send_request(request).await.expect("an answer");
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
        response.into_body().collect().await.expect("a body").to_bytes()
    }
}

/// A subscribed websocket.
pub(crate) struct BareSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl BareSocket {
    /// Returns once the subscription stands.
    pub(crate) async fn connect(desk: &Sandbox, token: &str) -> Self {
        let address = format!("{}/cable", desk.url().replace("http://", "ws://"));
        let request =
            ClientRequestBuilder::new(address.parse().expect("an address")).with_sub_protocol("actioncable-v1-json");
        let (mut stream, _) = connect_async(request).await.expect("a websocket");
        if let MaybeTlsStream::Plain(stream) = stream.get_ref() {
            stream.set_nodelay(true).expect("a socket");
        }
        let identifier = json!({ "channel": "RoomChannel", "pubsub_token": token }).to_string();
        let subscribe = json!({ "command": "subscribe", "identifier": identifier }).to_string();
        stream.send(Message::text(subscribe)).await.expect("a frame is sent");
        let mut socket = Self(stream);
        socket.until("confirm_subscription").await;
        socket
    }

    /// Reads frames up to the one that holds the word.
    pub(crate) async fn until(&mut self, word: &str) {
        loop {
            let frame = self.0.next().await.expect("the socket is open").expect("a frame");
            if frame.to_text().is_ok_and(|text| text.contains(word)) {
                return;
            }
        }
    }
}
