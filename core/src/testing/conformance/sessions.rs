//! Who the customer is, and who sees what.

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, done, ensure, given, name, outgoing, refused, request, texts},
};
use crate::{
    backend::{BackendError, Establish, Fault, Happened},
    model::{CustomerProfile, Identity},
};

pub(super) async fn desk_asked_about_itself_answers(desk: &impl DeskSide) -> Checked {
    let (first, second) = (desk.backend().desk_info().await?, desk.backend().desk_info().await?);
    ensure!(first == second, "it says another thing the second time");
    Ok(())
}

pub(super) async fn unknown_inbox_is_told(desk: &impl DeskSide) -> Checked {
    let backend = given(desk.unknown_inbox(), "no adapter with a wrong inbox")?;
    refused("desk_info", backend.desk_info().await, &Fault::UnknownInbox)?;
    refused("establish", backend.establish(&request(None)).await.map(drop), &Fault::UnknownInbox)
}

pub(super) async fn establishing_twice_with_one_key_gives_one_session(desk: &impl DeskSide) -> Checked {
    let (backend, request) = (desk.backend(), request(None));
    let first = backend.establish(&request).await?;
    let conversation = backend.open_conversation(&first).await?.id;
    let second = backend.establish(&request).await?;
    ensure!(first == second, "the second session is another one");
    let phone = Phone { backend, session: second };
    phone.listed(conversation).await.map(drop)
}

pub(super) async fn anonymous_session_is_not_verified(desk: &impl DeskSide) -> Checked {
    ensure!(!Phone::new(desk).await?.session.verified, "nobody has proved anything");
    Ok(())
}

pub(super) async fn right_proof_gives_a_verified_session(desk: &impl DeskSide) -> Checked {
    let identity = given(desk.identity(&name("customer")), "no proofs")?;
    let phone = Phone::of(desk, Some(identity.clone())).await?;
    ensure!(phone.session.verified, "the session is not verified");
    // Said again with each change of the profile, it stays right.
    let profile = CustomerProfile { name: Some("Ann".to_owned()), ..CustomerProfile::default() };
    phone.backend.update_customer(&phone.session, Some(&identity), &profile).await?;
    Ok(())
}

pub(super) async fn wrong_proof_is_rejected_and_nothing_happened(desk: &impl DeskSide) -> Checked {
    let right = given(desk.identity(&name("customer")), "no proofs")?;
    let wrong = Identity::new(right.identifier()).with_hash("0".repeat(64));
    let request = request(Some(wrong.clone()));
    refused("establish", desk.backend().establish(&request).await.map(drop), &Fault::IdentityRejected)?;
    let phone = Phone::of(desk, Some(right)).await?;
    let profile = CustomerProfile { name: Some("Mallory".to_owned()), ..CustomerProfile::default() };
    let updated = phone.backend.update_customer(&phone.session, Some(&wrong), &profile).await;
    refused("update_customer", updated, &Fault::IdentityRejected)?;
    if let Some(kept) = desk.profile(&phone.session).await {
        ensure!(kept.name != profile.name, "the profile was taken with a wrong proof");
    }
    Ok(())
}

pub(super) async fn profile_reaches_the_agents_and_what_is_left_out_stays(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    given(desk.profile(&phone.session).await, "the desk does not show profiles")?;
    let email = format!("{}@example.com", name("ann"));
    let with_name = CustomerProfile { name: Some("Ann Ồ".to_owned()), ..CustomerProfile::default() };
    let with_email = CustomerProfile { email: Some(email.clone()), ..CustomerProfile::default() };
    // The second time, as after an answer that was lost.
    for profile in [&with_name, &with_name, &with_email, &with_email] {
        phone.backend.update_customer(&phone.session, None, profile).await?;
    }
    let kept = given(desk.profile(&phone.session).await, "the desk does not show profiles")?;
    ensure!(kept.name == with_name.name, "the name is lost");
    ensure!(kept.email == with_email.email, "the address is lost");
    Ok(())
}

pub(super) async fn profile_the_desk_dislikes_keeps_nobody_from_writing(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let wrong = CustomerProfile {
        email: Some("no address, at all".to_owned()),
        phone: Some("0".to_owned()),
        ..CustomerProfile::default()
    };
    match phone.backend.update_customer(&phone.session, None, &wrong).await {
        Ok(()) | Err(BackendError { fault: Fault::Refused { .. }, happened: Happened::No, .. }) => {}
        Err(error) => return Err(Stop::Failed(format!("the profile gives {:?} and not Refused", error.fault))),
    }
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await.map(drop)
}

pub(super) async fn forgotten_session_is_gone_for_every_call(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    done(desk.forget(&phone.session).await, "the desk forgets nobody")?;
    let (backend, session, gone) = (&phone.backend, &phone.session, &Fault::SessionGone);
    let profile = CustomerProfile { name: Some("Ann".to_owned()), ..CustomerProfile::default() };
    refused("update_customer", backend.update_customer(session, None, &profile).await, gone)?;
    refused("conversations", backend.conversations(session, None).await, gone)?;
    refused("messages", backend.messages(session, conversation, None, None).await, gone)?;
    refused("open_conversation", backend.open_conversation(session).await, gone)?;
    refused("send_message", backend.send_message(session, conversation, &outgoing("hello")).await, gone)?;
    if backend.capabilities().read_receipts {
        refused("mark_seen", backend.mark_seen(session, conversation).await, gone)?;
    }
    if backend.capabilities().resolve {
        refused("resolve", backend.resolve(session, conversation).await, gone)?;
    }
    Ok(())
}

pub(super) async fn forgotten_session_can_be_established_again(desk: &impl DeskSide) -> Checked {
    let (backend, request) = (desk.backend(), request(None));
    let session = backend.establish(&request).await?;
    done(desk.forget(&session).await, "the desk forgets nobody")?;
    let wanted = Establish { existing: true, ..request.clone() };
    for _ in 0..2 {
        refused("establish", backend.establish(&wanted).await, &Fault::SessionGone)?;
    }
    let session = backend.establish(&request).await?;
    let again = backend.establish(&wanted).await?;
    ensure!(again.key == session.key, "an existing session is another one");
    let phone = Phone { backend, session };
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await.map(drop)
}

pub(super) async fn two_customers_see_nothing_of_each_other(desk: &impl DeskSide) -> Checked {
    let (ann, eve) = (Phone::new(desk).await?, Phone::new(desk).await?);
    let conversation = ann.open().await?;
    ann.say(conversation, "a secret").await?;
    let own = eve.open().await?;
    eve.say(own, "hello").await?;
    let seen: Vec<_> = eve.list().await?.into_iter().map(|conversation| conversation.id).collect();
    ensure!(seen == [own], "the list holds {seen:?}");
    let (backend, session, gone) = (&eve.backend, &eve.session, &Fault::ConversationGone);
    refused("messages", backend.messages(session, conversation, None, None).await, gone)?;
    refused("send_message", backend.send_message(session, conversation, &outgoing("hello")).await, gone)?;
    let kept = ann.page(conversation, None).await?.messages;
    ensure!(texts(&kept) == ["a secret"], "there are {} messages", kept.len());
    Ok(())
}

pub(super) async fn verified_customer_on_two_phones_has_one_history(desk: &impl DeskSide) -> Checked {
    let identity = given(desk.identity(&name("customer")), "no proofs")?;
    let one = Phone::of(desk, Some(identity.clone())).await?;
    let conversation = one.open().await?;
    one.say(conversation, "from the first").await?;
    let two = Phone::of(desk, Some(identity)).await?;
    ensure!(two.session.key != one.session.key, "two phones share a key");
    two.listed(conversation).await?;
    two.say(conversation, "from the second").await?;
    let kept = one.page(conversation, None).await?.messages;
    ensure!(texts(&kept) == ["from the first", "from the second"], "there are {} messages", kept.len());
    Ok(())
}

pub(super) async fn same_identifier_without_proof_sees_nothing(desk: &impl DeskSide) -> Checked {
    let identity = given(desk.identity(&name("customer")), "no proofs")?;
    let ann = Phone::of(desk, Some(identity.clone())).await?;
    let conversation = ann.open().await?;
    ann.say(conversation, "a secret").await?;
    let request = request(Some(Identity::new(identity.identifier())));
    let backend = desk.backend();
    match backend.establish(&request).await {
        // A desk that wants a proof of everybody.
        Err(error) => refused("establish", Err::<(), _>(error), &Fault::IdentityRejected),
        Ok(session) => {
            let eve = Phone { backend, session };
            ensure!(!eve.session.verified, "a session without a proof is verified");
            ensure!(eve.list().await?.is_empty(), "the list shows what another has proved to be theirs");
            let page = eve.backend.messages(&eve.session, conversation, None, None).await;
            refused("messages", page, &Fault::ConversationGone)
        }
    }
}
