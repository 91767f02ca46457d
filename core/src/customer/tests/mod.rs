//! What of the customer is told to a desk, what is not, and whose contact it is.

mod erased;
mod left;
mod orders;
mod plan;
mod telling;

use std::{sync::Arc, time::Duration};

use crate::{
    AttributeValue, ClientConfig, CustomerProfile, SupportClient,
    backend::Session,
    testing::memory::{Call, MemoryDesk},
};

async fn open(desk: &MemoryDesk, folder: &std::path::Path) -> SupportClient {
    let mut config = ClientConfig::new("http://localhost", "inbox", folder.join("data"));
    config.limits.settle = Duration::from_millis(20);
    SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap()
}

/// A phone with its folder.
struct Phone {
    desk: MemoryDesk,
    client: SupportClient,
    folder: tempfile::TempDir,
}

impl Phone {
    async fn new(desk: &MemoryDesk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { desk: desk.clone(), client: open(desk, folder.path()).await, folder }
    }

    async fn restart(self) -> Self {
        self.client.shutdown().await;
        let client = open(&self.desk, self.folder.path()).await;
        Self { client, ..self }
    }

    /// Begins a conversation and waits until the desk has its first message.
    async fn write(&self, text: &str) {
        self.client.start_conversation().unwrap().send(text).await.unwrap();
        self.until("the message", |desk| desk.texts_of_customers().iter().any(|t| t == text)).await;
    }

    async fn log_in(&self, identifier: &str, profile: CustomerProfile) {
        self.client.identify(MemoryDesk::identity(identifier), profile).await.unwrap();
    }

    async fn until(&self, what: &str, is_so: impl FnMut(&MemoryDesk) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(60), self.desk.until(is_so)).await;
        assert!(waited.is_ok(), "waited in vain for {what}: {:?}", self.desk.people());
    }

    /// Waits until everything is told, by telling one more attribute: the last by name, so the last of what is halved.
    async fn settled(&self) {
        let mark = format!("mark-{}", self.desk.count(Call::UpdateCustomer));
        self.client.update_customer(attribute("zz_mark", &mark)).await.unwrap();
        let told = AttributeValue::Text(mark);
        self.until("the mark", |desk| {
            desk.people().iter().any(|(_, profile)| profile.attributes.get("zz_mark") == Some(&told))
        })
        .await;
    }

    /// What the agents see of whoever wrote or logged in, of one session.
    fn only_session(&self) -> Session {
        let sessions = self.desk.sessions();
        assert_eq!(sessions.len(), 1);
        sessions[0].clone()
    }

    fn profile(&self) -> CustomerProfile {
        self.desk.profile(&self.only_session()).unwrap()
    }
}

fn name(name: &str) -> CustomerProfile {
    CustomerProfile { name: Some(name.to_owned()), ..CustomerProfile::default() }
}

fn email(email: &str, verified: bool) -> CustomerProfile {
    CustomerProfile { email: Some(email.to_owned()), email_verified_by_server: verified, ..CustomerProfile::default() }
}

fn phone(phone: &str, verified: bool) -> CustomerProfile {
    CustomerProfile { phone: Some(phone.to_owned()), phone_verified_by_server: verified, ..CustomerProfile::default() }
}

fn attribute(name: &str, value: &str) -> CustomerProfile {
    let attributes = [(name.to_owned(), AttributeValue::Text(value.to_owned()))].into();
    CustomerProfile { attributes, ..CustomerProfile::default() }
}
