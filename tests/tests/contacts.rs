//! Whom the desk takes a customer for, whatever they do in whatever order, and what it is told of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::collections::BTreeMap;

use sandbox::{ContactView, DeskVersion, Sandbox};
use shopbell::{
    AttributeValue, CustomerProfile, Delivery, ProfileField, SupportClient, SupportError, Verification,
    backend::DeskNotices,
};
use shopbell_tests::{
    List, Screen, at_desk, desk, desk_with, failure, identity, live, only_conversation, phone, until, until_at_desk,
};

const EMAIL: &str = "mai@shop.vn";
const PHONE: &str = "+84901234567";

/// Releases that say in different ways whose contact it is.
const RELEASES: [DeskVersion; 2] = [DeskVersion::V4_15_1, DeskVersion::V4_16_2];

fn name(name: &str) -> CustomerProfile {
    CustomerProfile { name: Some(name.to_owned()), ..CustomerProfile::default() }
}

fn attribute(name: &str, value: &str) -> CustomerProfile {
    let attributes = [(name.to_owned(), AttributeValue::Text(value.to_owned()))].into();
    CustomerProfile { attributes, ..CustomerProfile::default() }
}

fn with_addresses(verified: bool) -> CustomerProfile {
    CustomerProfile {
        email: Some(EMAIL.to_owned()),
        email_verified_by_server: verified,
        phone: Some(PHONE.to_owned()),
        phone_verified_by_server: verified,
        ..name("Mai")
    }
}

async fn playing(version: DeskVersion) -> Sandbox {
    desk_with(|options| options.desk_version = version).await
}

fn of(desk: &Sandbox, identifier: &str) -> Option<ContactView> {
    desk.desk().contacts().into_iter().find(|contact| contact.identifier.as_deref() == Some(identifier))
}

/// Waits until the contact with this identifier is so.
async fn until_contact(desk: &Sandbox, identifier: &str, what: &str, is: impl Fn(&ContactView) -> bool) {
    let look = || (of(desk, identifier), desk.desk().contacts());
    until(what, look, |(contact, _)| contact.as_ref().is_some_and(&is)).await;
}

async fn until_verification(client: &SupportClient, wanted: Verification) {
    let mut status = client.status();
    let waited = tokio::time::timeout(shopbell_tests::PATIENCE, async {
        while status.next().await.unwrap().unwrap().verification != wanted {}
    });
    assert!(waited.await.is_ok(), "waited in vain for {wanted:?}");
}

async fn write(desk: &Sandbox, client: &SupportClient, text: &str) {
    client.start_conversation().unwrap().send(text).await.unwrap();
    until("the message", || at_desk(&desk.desk()), |texts| texts.iter().any(|t| t == text)).await;
}

/// What is done, by whom: `1` and `2` are phones; `w` writes, `i` logs in, `o` logs out.
const ORDERS: [&str; 16] = [
    "1w 1i",
    "1i 1w",
    "1w 1i 1w 2i",
    "1w 2w 1i 2i",
    "1w 2w 2i 1i 2w 1w",
    "1i 1w 2i 2w",
    "1i 1w 1o 1w 2i",
    "1w 1i 1o 1w 1i 2i",
    "1i 1o 2i 2o 1i 1w 2i",
    "2w 2i 2w 1w 1i 1w",
    "1i 2i 1w 2w 1o 2o 2i 1i",
    "1w 1i 1w 1o 2w 2i 2o 1i",
    "1w 1i 2w 2i 1o 1i",
    "2i 1i 1o 1w 1i",
    "1i 1w 1o 2i 2w 2o 1i 2i",
    "1w 2i 2w 1i 1o 1w 2o 2w 1i 2i",
];

/// Plays one order, then looks from both phones and at the desk.
async fn play(version: DeskVersion, order: &str, from_another_channel: bool, verified: bool) {
    let what = format!("{version} {order}, another channel: {from_another_channel}, verified: {verified}");
    let (desk, folders) = (playing(version).await, [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    if from_another_channel {
        // The desk knows the customer by the addresses alone, as from a letter.
        let folder = tempfile::tempdir().unwrap();
        let letter = phone(&desk, folder.path()).await;
        write(&desk, &letter, "a letter").await;
        letter.update_customer(CustomerProfile { name: None, ..with_addresses(false) }).await.unwrap();
        let known = || desk.desk().contacts();
        until("the letter's contact", known, |all| all.iter().any(|c| c.email.as_deref() == Some(EMAIL))).await;
        letter.shutdown().await;
    }
    let phones = [phone(&desk, folders[0].path()).await, phone(&desk, folders[1].path()).await];
    let mut as_customer = 0;
    let mut logged_in = [false, false];
    for (at, step) in order.split(' ').enumerate() {
        let who = usize::from(step.starts_with('2'));
        match &step[1..] {
            "w" => {
                write(&desk, &phones[who], &format!("{at}")).await;
                as_customer += usize::from(logged_in[who]);
            }
            "i" => phones[who].identify(identity("mai"), with_addresses(verified)).await.unwrap(),
            _ => phones[who].log_out().await.unwrap(),
        }
        logged_in[who] = if step.ends_with('w') { logged_in[who] } else { step.ends_with('i') };
    }
    for (who, client) in phones.iter().enumerate() {
        client.identify(identity("mai"), with_addresses(verified)).await.unwrap();
        client.update_customer(attribute(&format!("phone_{who}"), "here")).await.unwrap();
    }
    until_contact(&desk, "mai", &what, |contact| {
        let told = |name: &str| contact.custom_attributes.get(name).is_some_and(|value| !value.is_null());
        told("phone_0") && told("phone_1")
    })
    .await;
    let contact = of(&desk, "mai").unwrap();
    assert_eq!(contact.name.as_deref(), Some("Mai"), "{what}");
    let own = (contact.email.as_deref(), contact.phone_number.as_deref());
    assert_eq!(own, if verified { (Some(EMAIL), Some(PHONE)) } else { (None, None) }, "{what}");
    let unverified = contact.custom_attributes.get("unverified_email").and_then(|value| value.as_str());
    assert_eq!(unverified, (!verified).then_some(EMAIL), "{what}");
    // Nobody but the customer has the addresses, unless the letter's contact stays apart.
    let others = desk.desk().contacts().into_iter().filter(|other| other.id != contact.id && other.email.is_some());
    assert_eq!(others.count(), usize::from(from_another_channel && !verified), "{what}");
    for client in &phones {
        assert_eq!(client.verify_identity().await.unwrap(), Verification::Verified, "{what}");
        client.refresh().await.unwrap();
        let list = List::open(client).await;
        assert!(list.lines.len() >= as_customer, "{} of {as_customer}: {what}", list.lines.len());
        client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_stays_the_customer_in_every_order_on_two_phones() {
    for version in RELEASES {
        for (at, order) in ORDERS.into_iter().enumerate() {
            play(version, order, at % 2 == 0, at % 4 != 3).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_stays_the_customer_however_the_desk_knows_them() {
    for version in RELEASES {
        for from_another_channel in [false, true] {
            for verified in [false, true] {
                play(version, "1w 1i 1w 2i", from_another_channel, verified).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_phone_shows_what_was_written_before_and_after_the_log_in() {
    for version in RELEASES {
        let (desk, here, there) = (playing(version).await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = phone(&desk, here.path()).await;
        write(&desk, &first, "before").await;
        first.identify(identity("mai"), with_addresses(true)).await.unwrap();
        until_contact(&desk, "mai", "the address", |contact| contact.email.as_deref() == Some(EMAIL)).await;
        write(&desk, &first, "after").await;
        let second = phone(&desk, there.path()).await;
        second.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
        let mut list = List::open(&second).await;
        second.refresh().await.unwrap();
        list.until("what was written after the log-in", |lines| {
            lines.iter().any(|line| line.preview.contains("after"))
        })
        .await;
        first.shutdown().await;
        second.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_address_opens_none_of_their_conversations() {
    for version in [DeskVersion::V3_16_0, DeskVersion::V4_15_1, DeskVersion::V4_16_2] {
        let (desk, here, there) = (playing(version).await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = phone(&desk, here.path()).await;
        victim.identify(identity("victim"), with_addresses(true)).await.unwrap();
        write(&desk, &victim, "a secret").await;
        until_contact(&desk, "victim", "the address", |contact| contact.email.is_some()).await;
        let eve = phone(&desk, there.path()).await;
        eve.identify(identity("eve"), with_addresses(false)).await.unwrap();
        eve.update_customer(CustomerProfile { email: Some(EMAIL.to_uppercase()), ..attribute("said", "all") })
            .await
            .unwrap();
        until_contact(&desk, "eve", "all that Eve says", |contact| contact.custom_attributes.get("said").is_some())
            .await;
        write(&desk, &eve, "hello").await;
        // A desk of 2024 lists nothing for anybody who is verified.
        let _ = eve.refresh().await;
        let list = List::open(&eve).await;
        assert_eq!(list.lines.iter().map(|line| line.preview.as_str()).collect::<Vec<_>>(), ["hello"], "{version}");
        let (eves, victims) = (of(&desk, "eve").unwrap(), of(&desk, "victim").unwrap());
        assert_eq!((eves.email, eves.phone_number), (None, None));
        assert_eq!(victims.email.as_deref(), Some(EMAIL));
        assert_eq!(eves.custom_attributes["unverified_phone"], PHONE);
        victim.shutdown().await;
        eve.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_with_one_verified_number_are_told_of_and_read_nothing_of_each_other() {
    for version in RELEASES {
        let (desk, here, there) = (playing(version).await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = phone(&desk, here.path()).await;
        first
            .identify(identity("an"), CustomerProfile { name: Some("An".into()), ..with_addresses(true) })
            .await
            .unwrap();
        write(&desk, &first, "of An alone").await;
        until_contact(&desk, "an", "the number", |contact| contact.phone_number.is_some()).await;
        let second = phone(&desk, there.path()).await;
        second.identify(identity("binh"), name("Binh")).await.unwrap();
        write(&desk, &second, "of Binh alone").await;
        until_verification(&second, Verification::Verified).await;
        let shared =
            CustomerProfile { phone: Some(PHONE.into()), phone_verified_by_server: true, ..attribute("plan", "gold") };
        second.update_customer(shared).await.unwrap();
        until_verification(&second, Verification::Mismatched).await;
        assert_eq!(second.verify_identity().await.unwrap(), Verification::Mismatched, "{version}");
        let contact = of(&desk, "an").unwrap();
        assert_eq!(contact.name.as_deref(), Some("An"), "{version}");
        assert_eq!(contact.custom_attributes.get("plan"), None, "{version}");
        let _ = second.refresh().await;
        let shown = |list: &List| list.lines.iter().map(|line| line.preview.clone()).collect::<Vec<_>>();
        assert_eq!(shown(&List::open(&second).await), ["of Binh alone"], "{version}");
        second.shutdown().await;
        let second = phone(&desk, there.path()).await;
        let _ = second.refresh().await;
        assert_eq!(shown(&List::open(&second).await), ["of Binh alone"], "{version}");
        first.shutdown().await;
        second.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_field_leaves_another_phones_newer_ones() {
    let (desk, here, there) = (desk().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = phone(&desk, here.path()).await;
    let said = || name("Mai").merged(attribute("plan", "free"));
    first.identify(identity("mai"), said()).await.unwrap();
    until_contact(&desk, "mai", "the plan", |contact| contact.custom_attributes["plan"] == "free").await;
    let second = phone(&desk, there.path()).await;
    second.identify(identity("mai"), name("Mai Tran").merged(attribute("plan", "gold"))).await.unwrap();
    until_contact(&desk, "mai", "the newer plan", |contact| contact.custom_attributes["plan"] == "gold").await;
    first.update_customer(attribute("cart", "3")).await.unwrap();
    until_contact(&desk, "mai", "the cart", |contact| contact.custom_attributes.get("cart").is_some()).await;
    // The same again with each start, and another proof.
    first.identify(identity("mai"), said()).await.unwrap();
    first.verify_identity().await.unwrap();
    first.update_customer(CustomerProfile::default().clear(ProfileField::Attribute("cart".into()))).await.unwrap();
    until_contact(&desk, "mai", "the cart to go", |contact| contact.custom_attributes["cart"].is_null()).await;
    let contact = of(&desk, "mai").unwrap();
    assert_eq!(contact.name.as_deref(), Some("Mai Tran"));
    assert_eq!(contact.custom_attributes["plan"], "gold");
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_desk_keeps_is_refused_at_the_call_and_stops_nothing() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.identify(identity("mai"), name("Mai")).await.unwrap();
    let nul = || AttributeValue::Text("a\0b".into());
    let invalid = |error| matches!(error, SupportError::InvalidInput { .. });
    let details = || BTreeMap::from([("reason".to_owned(), nul())]);
    assert!(invalid(failure(client.log_event("checkout_failed", details()).await)));
    let bad = |change: fn(&mut CustomerProfile)| {
        let mut profile = attribute("cart", "3");
        change(&mut profile);
        profile
    };
    for profile in [
        bad(|p| p.phone = Some("+1".into())),
        bad(|p| p.email = Some("mai".into())),
        bad(|p| p.name = Some("a\0".into())),
        bad(|p| _ = p.attributes.insert("a\0".into(), AttributeValue::Bool(true))),
        bad(|p| _ = p.attributes.insert("n".into(), AttributeValue::Integer(10_000_000_000))),
        bad(|p| _ = p.attributes.insert("t".into(), AttributeValue::Text("x".repeat(1_501)))),
    ] {
        assert!(invalid(failure(client.update_customer(profile.clone()).await)), "{profile:?}");
    }
    client.update_customer(attribute("plan", "gold")).await.unwrap();
    write(&desk, &client, "hello").await;
    until_contact(&desk, "mai", "the plan", |contact| contact.custom_attributes["plan"] == "gold").await;
    assert_eq!(of(&desk, "mai").unwrap().custom_attributes.get("cart"), None);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn address_that_only_the_desk_refuses_is_set_aside_alone() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    // Well formed for all that a phone can know; the desk wants a dot.
    let profile =
        CustomerProfile { email: Some("mai@shop".into()), email_verified_by_server: true, ..with_addresses(true) };
    client.identify(identity("mai"), profile.merged(attribute("plan", "gold"))).await.unwrap();
    until_contact(&desk, "mai", "the good fields", |contact| {
        contact.phone_number.as_deref() == Some(PHONE) && contact.custom_attributes.get("plan").is_some()
    })
    .await;
    let mut status = client.status();
    while status.next().await.unwrap().unwrap().refused_fields != 1 {}
    let refused = client.refused_fields().await.unwrap();
    assert_eq!(refused[0].field, ProfileField::Email);
    assert!(!refused[0].reason.is_empty());
    assert_eq!(of(&desk, "mai").unwrap().email, None);
    client.update_customer(CustomerProfile { email: Some(EMAIL.into()), ..with_addresses(true) }).await.unwrap();
    until_contact(&desk, "mai", "the right address", |contact| contact.email.as_deref() == Some(EMAIL)).await;
    assert_eq!(client.refused_fields().await.unwrap(), []);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rating_that_comes_too_late_can_be_discarded() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    desk.desk().resolve(only_conversation(&desk.desk()));
    screen.until("the survey", |messages| messages.len() == 2).await;
    let survey = screen.messages[1].id.clone();
    let number = desk.desk().conversations()[0].messages.iter().find(|m| m.content_type == "input_csat").unwrap().id;
    desk.desk().age_message(number, 15);
    conversation.rate(&survey, 4, "").await.unwrap();
    let mut list = List::open(&client).await;
    list.until("the attention", |lines| lines[0].needs_attention == 1).await;
    conversation.discard(&survey).await.unwrap();
    list.until("no attention", |lines| lines[0].needs_attention == 0).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_desk_is_told_of_in_the_status() {
    for (version, exposed, unlisted) in [
        (DeskVersion::V3_16_0, true, true),
        (DeskVersion::new(4, 9, 0), true, false),
        (DeskVersion::V4_15_1, false, false),
    ] {
        let (desk, data) = (playing(version).await, tempfile::tempdir().unwrap());
        let client = phone(&desk, data.path()).await;
        write(&desk, &client, "hello").await;
        let asked = || desk.desk().requests().iter().filter(|request| request.path == "/api").count();
        until("the version to be asked for", asked, |asked| *asked == 1).await;
        let mut status = client.status();
        if exposed {
            while !status.next().await.unwrap().unwrap().notices.any() {}
            let DeskNotices { conversations_exposed, history_unavailable, .. } =
                client.status().next().await.unwrap().unwrap().notices;
            assert_eq!((conversations_exposed, history_unavailable), (exposed, unlisted), "{version}");
        }
        client.shutdown().await;
        let client = phone(&desk, data.path()).await;
        assert_eq!(client.status().next().await.unwrap().unwrap().notices.any(), exposed, "{version}");
        write(&desk, &client, "again").await;
        until_at_desk(&desk.desk(), &["hello", "again"]).await;
        assert_eq!(asked(), 1, "{version}");
        client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_whom_the_merchant_erased_is_made_known_again_when_they_write_and_not_before() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.identify(identity("mai"), with_addresses(true)).await.unwrap();
    write(&desk, &client, "hello").await;
    until_contact(&desk, "mai", "the profile", |contact| contact.name.is_some() && contact.email.is_some()).await;
    client.shutdown().await;
    for (source, _) in of(&desk, "mai").unwrap().sessions {
        desk.desk().purge_contact(&source);
    }
    let client = phone(&desk, data.path()).await;
    client.identify(identity("mai"), with_addresses(true)).await.unwrap();
    // Whatever asks first is told.
    let _ = client.refresh().await;
    assert_eq!(client.verify_identity().await.unwrap(), Verification::Pending);
    client.refresh().await.unwrap();
    client.pause().await;
    client.resume().await.unwrap();
    client.refresh().await.unwrap();
    assert!(desk.desk().contacts().is_empty());
    write(&desk, &client, "hello again").await;
    until_contact(&desk, "mai", "the profile", |contact| contact.name.is_some() && contact.email.is_some()).await;
    assert_eq!(desk.desk().contacts().len(), 1);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_the_log_in_tells_who_it_is_and_goes_on_where_its_contact_is_deleted() {
    for version in RELEASES {
        let (desk, data) = (playing(version).await, tempfile::tempdir().unwrap());
        let client = phone(&desk, data.path()).await;
        let conversation = client.start_conversation().unwrap();
        conversation.send("before").await.unwrap();
        until_at_desk(&desk.desk(), &["before"]).await;
        client.identify(identity("mai"), name("Mai")).await.unwrap();
        let anonymous = || desk.desk().contacts().into_iter().find(|contact| contact.identifier.is_none());
        let says = |contact: &Option<ContactView>| {
            contact.as_ref().is_some_and(|contact| contact.custom_attributes["logged_in_as"] == "mai")
        };
        until("the identifier", anonymous, says).await;
        desk.desk().purge_contact(&anonymous().unwrap().sessions[0].0);
        conversation.send("after").await.unwrap();
        until_at_desk(&desk.desk(), &["after"]).await;
        client.refresh().await.unwrap();
        assert!(anonymous().is_none(), "{version}");
        assert!(of(&desk, "mai").is_some(), "{version}");
        client.shutdown().await;
    }
}
