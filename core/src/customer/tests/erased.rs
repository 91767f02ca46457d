//! Whom the desk has deleted, and who an anonymous customer turned out to be.

use super::{Phone, attribute, name};
use crate::{
    AttributeValue, CustomerProfile, Verification,
    backend::Session,
    testing::memory::{Call, MemoryDesk},
};

/// The identifier that agents see on contacts that have none of their own.
fn logged_in_as(desk: &MemoryDesk) -> Vec<String> {
    let people = desk.people().into_iter().filter(|(identifier, _)| identifier.is_none());
    let told = people.filter_map(|(_, profile)| match profile.attributes.get("logged_in_as") {
        Some(AttributeValue::Text(identifier)) => Some(identifier.clone()),
        _ => None,
    });
    told.collect()
}

fn anonymous(desk: &MemoryDesk) -> Session {
    desk.sessions().into_iter().find(|session| desk.identifier(session).is_none()).unwrap()
}

#[tokio::test]
async fn erased_customer_is_made_known_again_when_they_write_and_not_before() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai")).await;
    phone.write("hello").await;
    phone.settled().await;
    let session = phone.only_session();
    phone.desk.purge(&session);
    let made = phone.desk.count(Call::Establish);
    // Whatever asks first is told.
    let _ = phone.client.refresh().await;
    let phone = phone.restart().await;
    phone.log_in("mai", name("Mai")).await;
    phone.client.update_customer(attribute("cart", "3")).await.unwrap();
    assert_eq!(phone.client.verify_identity().await.unwrap(), Verification::Pending);
    phone.client.refresh().await.unwrap();
    // A pause lets go out what waits.
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    phone.client.refresh().await.unwrap();
    assert_eq!(phone.desk.count(Call::Establish), made);
    assert!(phone.desk.people().is_empty());

    phone.write("hello again").await;
    phone
        .until("the profile", |desk| {
            desk.people().iter().any(|(who, profile)| {
                who.as_deref() == Some("mai")
                    && profile.name.as_deref() == Some("Mai")
                    && profile.attributes.contains_key("cart")
            })
        })
        .await;
    assert_eq!(phone.desk.people().len(), 1);
    assert_eq!(phone.client.verify_identity().await.unwrap(), Verification::Verified);
}

#[tokio::test]
async fn erased_customer_whose_proof_is_looked_at_anew_is_not_made_again() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai")).await;
    phone.settled().await;
    phone.desk.purge(&phone.only_session());
    // Nothing has noticed yet: the first that asks does.
    assert_eq!(phone.client.verify_identity().await.unwrap(), Verification::Pending);
    assert!(phone.desk.people().is_empty());
}

#[tokio::test]
async fn agents_are_told_who_an_anonymous_customer_turned_out_to_be() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.write("hello").await;
    phone.desk.refuse_identity("mai");
    phone.log_in("mai", CustomerProfile::default()).await;
    phone.until("the refusal", |desk| desk.count(Call::Establish) >= 2).await;
    assert!(logged_in_as(&phone.desk).is_empty(), "the desk has not accepted it");
    phone.desk.accept_identity("mai");
    assert_eq!(phone.client.verify_identity().await.unwrap(), Verification::Verified);
    phone.until("the identifier", |desk| logged_in_as(desk) == ["mai"]).await;
}

#[tokio::test]
async fn what_was_begun_before_the_log_in_goes_on_as_the_customer_where_its_contact_was_deleted() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    let conversation = phone.client.start_conversation().unwrap();
    conversation.send("before").await.unwrap();
    phone.until("the words", |desk| desk.texts_of_customers() == ["before"]).await;
    phone.log_in("mai", name("Mai")).await;
    phone.until("the identifier", |desk| logged_in_as(desk) == ["mai"]).await;
    phone.desk.purge(&anonymous(&phone.desk));
    conversation.send("after").await.unwrap();
    phone.until("the words", |desk| desk.texts_of_customers() == ["after"]).await;
    // Anonymous contacts are not made for it, now or later.
    phone.client.refresh().await.unwrap();
    let phone = phone.restart().await;
    phone.client.refresh().await.unwrap();
    let people: Vec<_> = phone.desk.people().into_iter().map(|(identifier, _)| identifier).collect();
    assert_eq!(people, [Some("mai".to_owned())]);
    assert_eq!(phone.desk.sessions().len(), 1);
}

#[tokio::test]
async fn customer_whose_contacts_were_all_deleted_writes_on() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    let conversation = phone.client.start_conversation().unwrap();
    conversation.send("before").await.unwrap();
    phone.until("the words", |desk| desk.texts_of_customers() == ["before"]).await;
    phone.log_in("mai", name("Mai")).await;
    phone.until("the identifier", |desk| logged_in_as(desk) == ["mai"]).await;
    phone.desk.purge_all();
    conversation.send("after").await.unwrap();
    phone.until("the words", |desk| desk.texts_of_customers() == ["after"]).await;
    let people: Vec<_> = phone.desk.people().into_iter().map(|(identifier, _)| identifier).collect();
    assert_eq!(people, [Some("mai".to_owned())]);
}
