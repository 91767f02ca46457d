//! What observers have given out, and of whom.

use super::*;
use crate::{CustomerProfile, Identity};

/// A task that takes what an observer gives out, as a host's does.
fn taken(client: &SupportClient) -> Arc<std::sync::Mutex<Vec<crate::ConversationSummary>>> {
    let (mut list, shown) = (client.conversations(), Arc::<std::sync::Mutex<Vec<_>>>::default());
    let of_task = Arc::clone(&shown);
    tokio::spawn(async move {
        while let Ok(Some(batch)) = list.next().await {
            let mut lines = of_task.lock().unwrap();
            batch.into_iter().for_each(|step| step.apply(&mut lines));
        }
    });
    shown
}

#[tokio::test]
async fn what_changed_has_been_taken_once_it_is_given_out() {
    let phone = Phone::new().await;
    drop(phone.timeline);
    let lists = [taken(&phone.client), taken(&phone.client)];
    for round in 0..20 {
        phone.conversation.send(&format!("message {round}")).await.unwrap();
        phone.client.given_out().await;
        for list in &lists {
            assert_eq!(list.lock().unwrap()[0].preview, format!("message {round}"));
        }
    }
}

#[tokio::test]
async fn observers_of_a_client_that_is_paused_or_shut_down_are_not_waited_for() {
    let phone = Phone::new().await;
    drop(phone.timeline);
    let _list = taken(&phone.client);
    phone.client.pause().await;
    phone.client.given_out().await;
    phone.client.resume().await.unwrap();
    phone.client.given_out().await;
    phone.client.shutdown().await;
    phone.client.given_out().await;
}

#[tokio::test]
async fn another_customers_list_comes_whole_and_the_formers_is_known_as_such() {
    let phone = Phone::new().await;
    phone.client.identify(Identity::new("mai"), CustomerProfile::default()).await.unwrap();
    phone.client.start_conversation().unwrap().send("hello").await.unwrap();
    let (mut list, mut status) = (phone.client.conversations(), phone.client.status());
    let batch = list.next().await.unwrap().unwrap();
    assert!(matches!(batch.as_slice(), [Diff::Reset { items }] if items.len() == 1));
    status.next().await.unwrap().unwrap();
    let (of_list, of_status) = (list.whose(), status.whose());
    assert!(of_list.is_here() && of_status.is_here());
    for who in [Some("lan"), None, Some("mai")] {
        match who {
            Some(who) => phone.client.identify(Identity::new(who), CustomerProfile::default()).await.unwrap(),
            None => phone.client.log_out().await.unwrap(),
        }
        assert_eq!(of_list.is_here() && of_status.is_here(), who == Some("mai"), "{who:?}");
        let batch = list.next().await.unwrap().unwrap();
        let count = usize::from(who == Some("mai"));
        assert!(matches!(batch.as_slice(), [Diff::Reset { items }] if items.len() == count), "{who:?}: {batch:?}");
        // Told anew, though it may be the same.
        status.next().await.unwrap().unwrap();
        assert!(list.whose().is_here() && status.whose().is_here());
    }
    phone.client.pause().await;
    assert!(list.whose().is_here(), "they are who comes back");
    phone.client.shutdown().await;
    assert!(!list.whose().is_here());
}
