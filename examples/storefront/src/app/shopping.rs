//! Looking around, the cart, the orders.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::{Action, Notice};
use crate::shop::{Order, OrderStatus, PRODUCTS, Person, Product, price};

/// The shop's side of the app.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shopping {
    /// The product under the cursor, by its place in the catalogue.
    pub(crate) at: usize,
    /// Its page is open.
    pub(crate) page: bool,
    /// Products and how many.
    pub(crate) cart: Vec<(usize, u32)>,
    pub(crate) cart_at: usize,
    pub(crate) orders_at: usize,
    /// What was ordered since the start, newest first; a demo shop forgets it at its end.
    pub(crate) placed: Vec<PlacedOrder>,
}

/// An order made in this session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlacedOrder {
    pub(crate) number: String,
    pub(crate) items: Vec<(usize, u32)>,
}

/// An order as the screen shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderLine {
    pub(crate) number: String,
    pub(crate) placed: String,
    pub(crate) status: OrderStatus,
    pub(crate) note: String,
    pub(crate) items: Vec<(usize, u32)>,
}

/// What a key came to.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) actions: Vec<Action>,
    pub(crate) notice: Option<Notice>,
}

impl Reply {
    fn ask(draft: String) -> Self {
        Self { actions: vec![Action::StartChat { draft }], notice: None }
    }

    fn good(text: impl Into<String>) -> Self {
        Self { actions: Vec::new(), notice: Some(Notice::Good(text.into())) }
    }

    fn bad(text: impl Into<String>) -> Self {
        Self { actions: Vec::new(), notice: Some(Notice::Bad(text.into())) }
    }
}

impl Shopping {
    pub(crate) fn product(&self) -> Option<&'static Product> {
        PRODUCTS.get(self.at)
    }

    /// How many things are in the cart.
    pub(crate) fn cart_count(&self) -> u32 {
        self.cart.iter().map(|(_, count)| count).sum()
    }

    pub(crate) fn cart_total(&self) -> u64 {
        total(&self.cart)
    }

    /// This person's orders, newest first.
    pub(crate) fn orders(&self, person: Option<&'static Person>) -> Vec<OrderLine> {
        let placed = self.placed.iter().map(|order| OrderLine {
            number: order.number.clone(),
            placed: "just now".to_owned(),
            status: OrderStatus::Packing,
            note: "Leaves our shop tomorrow".to_owned(),
            items: order.items.clone(),
        });
        placed.chain(person.iter().flat_map(|person| person.orders).map(past)).collect()
    }

    /// The product list and the product's page.
    pub(crate) fn products_key(&mut self, key: KeyEvent) -> Reply {
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at = (self.at + 1).min(PRODUCTS.len() - 1),
            KeyCode::Left if self.page => self.at = self.at.saturating_sub(1),
            KeyCode::Right if self.page => self.at = (self.at + 1).min(PRODUCTS.len() - 1),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = PRODUCTS.len() - 1,
            KeyCode::Enter => self.page = true,
            KeyCode::Esc | KeyCode::Backspace => self.page = false,
            KeyCode::Char('a') => return self.add(),
            KeyCode::Char('?' | 's') => {
                let Some(product) = self.product() else { return Reply::default() };
                return Reply::ask(about_product(product));
            }
            _ => {}
        }
        Reply::default()
    }

    fn add(&mut self) -> Reply {
        let Some(product) = self.product() else { return Reply::default() };
        let count = self.cart.iter().find(|(at, _)| *at == self.at).map_or(0, |(_, count)| *count);
        if count >= product.stock {
            return Reply::bad(match product.stock {
                0 => format!("{} is sold out; press s to ask when it is back", product.name),
                stock => format!("There are only {stock} of {}", product.name),
            });
        }
        match self.cart.iter_mut().find(|(at, _)| *at == self.at) {
            Some((_, count)) => *count += 1,
            None => self.cart.push((self.at, 1)),
        }
        Reply::good(format!("{} is in the cart", product.name))
    }

    pub(crate) fn cart_key(&mut self, key: KeyEvent) -> Reply {
        let last = self.cart.len().saturating_sub(1);
        match key.code {
            KeyCode::Up => self.cart_at = self.cart_at.saturating_sub(1),
            KeyCode::Down => self.cart_at = (self.cart_at + 1).min(last),
            KeyCode::Char('+' | '=') | KeyCode::Right => {
                if let Some((at, count)) = self.cart.get_mut(self.cart_at)
                    && PRODUCTS.get(*at).is_some_and(|product| *count < product.stock)
                {
                    *count += 1;
                }
            }
            KeyCode::Char('-') | KeyCode::Left | KeyCode::Delete | KeyCode::Backspace => {
                if let Some((_, count)) = self.cart.get_mut(self.cart_at) {
                    *count = if matches!(key.code, KeyCode::Delete | KeyCode::Backspace) { 0 } else { *count - 1 };
                }
                self.cart.retain(|(_, count)| *count > 0);
                self.cart_at = self.cart_at.min(self.cart.len().saturating_sub(1));
            }
            KeyCode::Enter if !self.cart.is_empty() => return self.place_order(),
            _ => {}
        }
        Reply::default()
    }

    fn place_order(&mut self) -> Reply {
        let number = format!("LL-{}", 1051 + self.placed.len());
        self.placed.insert(0, PlacedOrder { number: number.clone(), items: std::mem::take(&mut self.cart) });
        self.orders_at = 0;
        Reply::good(format!("Thank you! Order {number} is being packed: press 3 to see it"))
    }

    pub(crate) fn orders_key(&mut self, key: KeyEvent, person: Option<&'static Person>) -> Reply {
        let orders = self.orders(person);
        match key.code {
            KeyCode::Up => self.orders_at = self.orders_at.saturating_sub(1),
            KeyCode::Down => self.orders_at = (self.orders_at + 1).min(orders.len().saturating_sub(1)),
            KeyCode::Char('?' | 's') => {
                if let Some(order) = orders.get(self.orders_at) {
                    return Reply::ask(about_order(&order.number, order.status));
                }
            }
            _ => {}
        }
        Reply::default()
    }
}

const ABOUT_ORDER: &str = "About my order ";

fn about_product(product: &Product) -> String {
    format!("I have a question about {} ({}): ", product.name, price(product.dong))
}

fn about_order(number: &str, status: OrderStatus) -> String {
    format!("{ABOUT_ORDER}{number} ({}): ", status.label())
}

/// Whether a text is what the shop itself put into the box, with no question behind it: nobody could answer that.
pub(crate) fn is_only_a_beginning(text: &str) -> bool {
    let text = text.trim();
    let order = || {
        let (number, _) = text.strip_prefix(ABOUT_ORDER)?.split_once(' ')?;
        OrderStatus::ALL.into_iter().find(|status| about_order(number, *status).trim() == text)
    };
    PRODUCTS.iter().any(|product| about_product(product).trim() == text) || order().is_some()
}

fn past(order: &Order) -> OrderLine {
    OrderLine {
        number: order.number.to_owned(),
        placed: order.placed.to_owned(),
        status: order.status,
        note: order.note.to_owned(),
        items: order.items.to_vec(),
    }
}

/// What products cost together.
pub(crate) fn total(items: &[(usize, u32)]) -> u64 {
    let price_of = |at: usize| PRODUCTS.get(at).map_or(0, |product| product.dong);
    items.iter().map(|(at, count)| price_of(*at) * u64::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyModifiers;

    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn a_sold_out_product_does_not_go_into_the_cart() {
        let mut shopping = Shopping { at: 5, ..Shopping::default() };
        let reply = shopping.products_key(key(KeyCode::Char('a')));
        assert!(matches!(reply.notice, Some(Notice::Bad(_))));
        assert_eq!(shopping.cart_count(), 0);
    }

    #[test]
    fn an_order_empties_the_cart_and_shows_first() {
        let mut shopping = Shopping::default();
        shopping.products_key(key(KeyCode::Char('a')));
        shopping.cart_key(key(KeyCode::Char('+')));
        assert_eq!((shopping.cart_count(), shopping.cart_total()), (2, 1_380_000));
        shopping.cart_key(key(KeyCode::Enter));
        assert_eq!(shopping.cart_count(), 0);
        let orders = shopping.orders(crate::shop::person("mai"));
        assert_eq!(orders[0].number, "LL-1051");
        assert_eq!(orders.len(), 4);
    }

    #[test]
    fn a_beginning_without_a_question_is_told_from_one_with() {
        for product in &PRODUCTS {
            assert!(is_only_a_beginning(&about_product(product)), "{}", product.name);
        }
        for order in Shopping::default().orders(crate::shop::person("mai")) {
            let begun = about_order(&order.number, order.status);
            assert!(is_only_a_beginning(&begun) && !is_only_a_beginning(&format!("{begun}?")));
        }
        assert!(!is_only_a_beginning("About my order LL-1 (lost):"));
        assert!(!is_only_a_beginning(""));
    }

    #[test]
    fn asking_about_a_product_begins_with_its_name() {
        let reply = Shopping::default().products_key(key(KeyCode::Char('s')));
        let [Action::StartChat { draft }] = reply.actions.as_slice() else { panic!() };
        assert!(draft.contains("Indigo tote"));
    }
}
