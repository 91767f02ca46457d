//! What the status says of the way to the desk.

use super::Phone;
use crate::{
    Connection, SupportError,
    backend::{BackendError, Fault},
    testing::memory::{Call, MemoryDesk, Play},
};

#[tokio::test]
async fn certificate_that_is_not_trusted_is_told_and_waited_out() {
    let mut phone = Phone::new().await;
    let fault = Fault::Untrusted { problem: "desk.example.com: it has expired".to_owned() };
    let calls = [Call::DeskInfo, Call::Establish, Call::OpenConversation, Call::SendMessage, Call::Connect];
    for call in calls {
        phone.desk.always(call, Play::Fails(BackendError::refused(fault.clone(), "no TLS")));
    }
    let error = phone.client.desk_info().await.unwrap_err();
    assert_eq!(error, SupportError::Untrusted { problem: "desk.example.com: it has expired".to_owned() });
    assert!(error.is_retryable());
    phone.client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    let mut status = phone.client.status();
    while status.next().await.unwrap().unwrap().connection != Connection::Untrusted {}
    phone.conversation = phone.client.start_conversation().unwrap();
    phone.timeline = phone.conversation.timeline();
    phone.conversation.send("hello").await.unwrap();
    phone.desk.heal();
    phone.client.resume().await.unwrap();
    phone.until_sent().await;
    while !matches!(status.next().await.unwrap().unwrap().connection, Connection::Online | Connection::Live) {}
}
