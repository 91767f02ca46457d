//! A table of all orders in which a customer writes, logs in and out on two phones: whoever the desk takes the customer
//! for, it is always the customer.

use super::{Phone, email, name, phone};
use crate::{CustomerProfile, testing::memory::MemoryDesk};

/// What a customer does on a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write,
    LogIn,
    LogOut,
}

/// Every order of up to four steps in which it is possible.
fn orders() -> Vec<Vec<Step>> {
    let mut all = vec![Vec::new()];
    for length in 0..4 {
        let longest: Vec<Vec<Step>> = all.iter().filter(|order: &&Vec<Step>| order.len() == length).cloned().collect();
        for order in longest {
            for step in [Step::Write, Step::LogIn, Step::LogOut] {
                let logged_in = order.iter().rev().find(|s| **s != Step::Write) == Some(&Step::LogIn);
                if step == Step::LogOut && !logged_in || step == Step::LogIn && logged_in {
                    continue;
                }
                all.push([order.as_slice(), &[step]].concat());
            }
        }
    }
    all.retain(|order| order.contains(&Step::LogIn));
    all
}

/// How the merchant and the desk know the customer.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// The desk has a contact of this address from another channel.
    from_another_channel: bool,
    /// The profile has them, verified.
    verified: bool,
    by_phone: bool,
}

impl Case {
    fn profile(self) -> CustomerProfile {
        let address = if self.by_phone { phone("+84901", self.verified) } else { email("mai@shop.vn", self.verified) };
        name("Mai").merged(address)
    }
}

async fn walk(phone: &Phone, order: &[Step], case: Case, words: &str) {
    for (at, step) in order.iter().enumerate() {
        match step {
            Step::Write => phone.write(&format!("{words} {at}")).await,
            Step::LogIn => phone.log_in("mai", case.profile()).await,
            Step::LogOut => phone.client.log_out().await.unwrap(),
        }
    }
}

async fn holds(first: &[Step], second: &[Step], case: Case) {
    let desk = MemoryDesk::new();
    if case.from_another_channel {
        desk.add_person(CustomerProfile { name: Some("by mail".into()), ..case.profile() });
    }
    let (one, two) = (Phone::new(&desk).await, Phone::new(&desk).await);
    walk(&one, first, case, "one").await;
    walk(&two, second, case, "two").await;
    // Whoever logged out last writes no more as the customer; logging in again brings everything back.
    for phone in [&one, &two] {
        phone.log_in("mai", case.profile()).await;
        phone.settled().await;
    }
    let what = format!("{first:?}, {second:?}, {case:?}: {:?}", desk.people());
    let ours: Vec<_> = desk.people().into_iter().filter(|(id, _)| id.as_deref() == Some("mai")).collect();
    assert_eq!(ours.len(), 1, "{what}");
    let profile = &ours[0].1;
    assert_eq!(profile.name.as_deref(), Some("Mai"), "{what}");
    let address = profile.email.is_some() || profile.phone.is_some();
    assert_eq!(address, case.verified, "{what}");
    let told = profile.attributes.keys().any(|name| name.starts_with("unverified_"));
    assert_eq!(told, !case.verified, "{what}");
    // Nobody else has any identifier, and no anonymous contact was given the address.
    for (identifier, other) in desk.people() {
        if identifier.is_none() && other.name.as_deref() != Some("by mail") {
            assert_eq!((other.email, other.phone), (None, None), "{what}");
        }
    }
    for phone in [&one, &two] {
        assert_eq!(phone.client.verify_identity().await.unwrap(), crate::Verification::Verified, "{what}");
    }
    // Each phone shows what was written as the customer on either.
    let as_customer = |order: &[Step]| {
        let mut logged_in = false;
        order
            .iter()
            .filter(|step| match step {
                Step::Write => logged_in,
                step => {
                    logged_in = **step == Step::LogIn;
                    false
                }
            })
            .count()
    };
    let wanted = as_customer(first) + as_customer(second);
    for phone in [&one, &two] {
        phone.client.refresh().await.unwrap();
        let (mut list, mut lines) = (phone.client.conversations(), Vec::new());
        list.next().await.unwrap().unwrap().into_iter().for_each(|step| step.apply(&mut lines));
        assert!(lines.len() >= wanted, "{} of {wanted}: {what}", lines.len());
    }
    one.client.shutdown().await;
    two.client.shutdown().await;
}

#[tokio::test]
async fn customer_keeps_the_identifier_in_every_order_on_two_phones() {
    let orders = orders();
    assert_eq!(orders.len(), 26);
    for (at, first) in orders.iter().enumerate() {
        // Each order beside a few others: all pairs would say the same for minutes.
        for step in [1, 7, 16] {
            let second = &orders[(at + step) % orders.len()];
            let case = Case {
                from_another_channel: (at + step) % 2 == 0,
                verified: at % 3 != 0,
                by_phone: (at / 2 + step) % 2 == 0,
            };
            holds(first, second, case).await;
        }
    }
}

#[tokio::test]
async fn customer_keeps_the_identifier_however_the_desk_knows_them() {
    use Step::{LogIn, LogOut, Write};
    for from_another_channel in [false, true] {
        for verified in [false, true] {
            for by_phone in [false, true] {
                let case = Case { from_another_channel, verified, by_phone };
                holds(&[Write, LogIn, Write], &[LogIn, Write], case).await;
                holds(&[LogIn, Write, LogOut, Write], &[Write, LogIn, LogOut, Write], case).await;
            }
        }
    }
}
