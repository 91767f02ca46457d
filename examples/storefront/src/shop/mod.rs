//! The shop that the support lives in: what it sells, who buys there, and the merchant's server.
//!
//! Nothing here knows of Shopbell, save that [`server`] makes the proof that the support desk asks for.

mod catalog;
mod people;
pub(crate) mod server;

pub(crate) use catalog::{PRODUCTS, Product};
pub(crate) use people::{Order, OrderStatus, PEOPLE, Person, person};

/// The shop's name.
pub(crate) const NAME: &str = "Lantern & Loom";

/// A price as people write it: `1,290,000₫`.
pub(crate) fn price(dong: u64) -> String {
    let digits = dong.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push('₫');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_grouped_by_thousands() {
        assert_eq!(price(0), "0₫");
        assert_eq!(price(999), "999₫");
        assert_eq!(price(1_290_000), "1,290,000₫");
    }

    #[test]
    fn every_order_names_products_that_exist() {
        for order in PEOPLE.iter().flat_map(|person| person.orders) {
            for (product, count) in order.items {
                assert!(PRODUCTS.get(*product).is_some() && *count > 0, "{}", order.number);
            }
        }
    }
}
