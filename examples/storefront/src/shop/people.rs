//! Who buys here, and what they have bought.

/// A customer with an account.
#[derive(Debug, PartialEq)]
pub(crate) struct Person {
    /// The merchant's id of the person: what the desk knows them by.
    pub(crate) identifier: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) about: &'static str,
    pub(crate) orders: &'static [Order],
}

/// A past order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) number: &'static str,
    pub(crate) placed: &'static str,
    pub(crate) status: OrderStatus,
    pub(crate) note: &'static str,
    /// Products by their place in the catalogue, and how many.
    pub(crate) items: &'static [(usize, u32)],
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderStatus {
    Packing,
    OnItsWay,
    Delivered,
    Returned,
}

impl OrderStatus {
    pub(crate) const ALL: [Self; 4] = [Self::Packing, Self::OnItsWay, Self::Delivered, Self::Returned];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Packing => "being packed",
            Self::OnItsWay => "on its way",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }
}

/// Three people who share this phone now and then.
pub(crate) const PEOPLE: [Person; 3] = [
    Person {
        identifier: "mai",
        name: "Mai Nguyễn",
        email: "mai@example.com",
        about: "three orders, one on its way",
        orders: &[
            Order {
                number: "LL-1042",
                placed: "3 days ago",
                status: OrderStatus::OnItsWay,
                note: "Left Đà Nẵng this morning",
                items: &[(1, 1), (3, 2)],
            },
            Order {
                number: "LL-0987",
                placed: "last month",
                status: OrderStatus::Delivered,
                note: "Signed for by the neighbour",
                items: &[(7, 3)],
            },
            Order {
                number: "LL-0871",
                placed: "in spring",
                status: OrderStatus::Returned,
                note: "Refunded in full",
                items: &[(10, 1)],
            },
        ],
    },
    Person {
        identifier: "kenji",
        name: "田中 健二 (Kenji)",
        email: "kenji@example.com",
        about: "one order being packed",
        orders: &[
            Order {
                number: "LL-1047",
                placed: "today",
                status: OrderStatus::Packing,
                note: "Leaves our shop tomorrow",
                items: &[(6, 2)],
            },
            Order {
                number: "LL-0913",
                placed: "in summer",
                status: OrderStatus::Delivered,
                note: "Left at the door",
                items: &[(4, 4), (2, 1)],
            },
        ],
    },
    Person {
        identifier: "amara",
        name: "Amara Okafor",
        email: "amara@example.com",
        about: "new here",
        orders: &[Order {
            number: "LL-1031",
            placed: "last week",
            status: OrderStatus::Delivered,
            note: "Left at the door",
            items: &[(0, 1)],
        }],
    },
];

/// The person of this identifier.
pub(crate) fn person(identifier: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.identifier == identifier)
}
