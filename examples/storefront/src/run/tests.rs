//! The shop without a terminal: keys in, and what comes of them at a desk and on the phone.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sandbox::{MessageView, Options, Sandbox};
use shopbell::SupportClient;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    desk::Desk,
    local,
    place::{Place, Session},
    session::Worker,
};
use crate::{
    app::{Action, App, DeskLine, Event, Notice, Tab, update},
    shop::server::SANDBOX_KEY,
};

/// Far above what any machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

struct Shop {
    app: App,
    client: SupportClient,
    events: mpsc::UnboundedReceiver<Event>,
    orders: mpsc::UnboundedSender<Action>,
    worker: JoinHandle<()>,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let options = Options { hmac_key: Some(SANDBOX_KEY.to_owned()), ..Options::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(Some(folder.path().to_owned())).unwrap();
        let desk = Desk::of_test(&sandbox);
        let client = desk.open(&place).await.unwrap();
        let (tell, events) = mpsc::unbounded_channel();
        let (orders, inbox) = mpsc::unbounded_channel();
        let worker = Worker::new(client.clone(), &desk, place, Session::default(), tell);
        let worker = worker.start(inbox).await.unwrap();
        let line = DeskLine { url: desk.url.clone(), embedded: false };
        let app = App::new(line, None, (80, 24), local());
        Self { app, client, events, orders, worker, sandbox, folder }
    }

    fn take(&mut self, event: Event) {
        for action in update(&mut self.app, event) {
            // The worker lives as long as this does.
            self.orders.send(action).unwrap();
        }
    }

    /// All of them at once, before anything that comes of them is heard: `\n` is Enter.
    fn burst(&mut self, keys: &str) {
        for letter in keys.chars() {
            let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
            self.take(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.take(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    async fn until(&mut self, what: &str, right: impl Fn(&App) -> bool) {
        let wait = async {
            while !right(&self.app) {
                let event = self.events.recv().await.unwrap();
                for action in update(&mut self.app, event) {
                    self.orders.send(action).unwrap();
                }
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, wait).await;
        assert!(outcome.is_ok(), "{what}, not {:?}", self.app);
    }

    /// The customers' words at the desk.
    fn at_desk(&self) -> Vec<String> {
        let own = |message: &MessageView| message.message_type == 0;
        let messages = self.sandbox.desk().conversations().into_iter().flat_map(|view| view.messages);
        messages.filter(own).filter_map(|message| message.content).collect()
    }

    fn told(app: &App) -> &str {
        app.notice.as_ref().map_or("", Notice::text)
    }

    async fn close(self) {
        self.client.shutdown().await;
        self.sandbox.shutdown().await;
    }
}

fn sent(app: &App, words: &str) -> bool {
    let messages = app.chat.iter().flat_map(|chat| &chat.messages);
    let mut own = messages.filter(|message| message.content.as_text().contains(words));
    own.any(|message| matches!(message.delivery, Some(shopbell::Delivery::Sent | shopbell::Delivery::Delivered)))
}

#[tokio::test(flavor = "multi_thread")]
async fn burst_of_keys_into_a_fresh_shop_arrives_at_the_desk_as_words() {
    let mut shop = Shop::open().await;
    shop.burst("l1sis it 23 litres, quite?\n");
    shop.until("the question sent", |app| sent(app, "is it 23 litres, quite?")).await;
    assert_eq!(shop.at_desk(), ["I have a question about Indigo tote (690,000₫): is it 23 litres, quite?"]);
    assert!(shop.app.shopping.cart.is_empty());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_after_an_offline_log_in_keeps_the_words_and_sends_them_later() {
    let mut shop = Shop::open().await;
    shop.press(KeyCode::F(2));
    shop.burst("l1sis it wide?\n");
    let kept = |app: &App| app.chat.iter().flat_map(|chat| &chat.messages).count() == 1;
    shop.until("the words in the chat", kept).await;
    assert!(shop.at_desk().is_empty(), "nothing passes the switch");
    shop.press(KeyCode::F(2));
    shop.until("the question sent", |app| sent(app, "is it wide?")).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_behind_the_switch_says_that_there_is_no_network() {
    let mut shop = Shop::open().await;
    shop.burst("l1");
    shop.until("a greeting", |app| Shop::told(app).starts_with("Hello")).await;
    shop.press(KeyCode::F(2));
    shop.burst("4r");
    shop.until("the truth", |app| Shop::told(app).contains("no network")).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_sent_and_shop_left_at_once_is_no_draft_but_a_message() {
    let mut shop = Shop::open().await;
    shop.press(KeyCode::F(2));
    shop.burst("4\n");
    shop.until("a chat", |app| app.chat.is_some()).await;
    // All in one go, as the loop gets it from a fast typist; it ends at the action to kill.
    shop.burst("hello\n");
    let Shop { client, orders, worker, sandbox, folder, .. } = shop;
    drop(orders);
    tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap();
    let mut list = client.conversations();
    let mut lines = Vec::new();
    list.next().await.unwrap().unwrap().into_iter().for_each(|step| step.apply(&mut lines));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((line.waiting, line.draft.clone(), line.preview.as_str()), (1, None, "hello"));
    client.shutdown().await;
    sandbox.shutdown().await;
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_is_not_there_is_told_in_plain_words_and_the_message_comes_back() {
    let mut shop = Shop::open().await;
    shop.burst("4\n");
    shop.until("a chat", |app| app.chat.is_some()).await;
    shop.take(Event::Pasted("See:\n@/nowhere/a.png".to_owned()));
    shop.press(KeyCode::Enter);
    shop.until("a reason", |app| Shop::told(app).starts_with("Not sent")).await;
    assert_eq!(Shop::told(&shop.app), "Not sent: /nowhere/a.png is not there: look at its name again");
    assert_eq!(shop.app.chat.as_ref().unwrap().editor.text(), "See:\n@/nowhere/a.png");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_help_centre_the_screen_says_so_and_leads_to_a_person() {
    let mut shop = Shop::open().await;
    shop.until("a reason", |app| app.help.missing.is_some()).await;
    shop.burst("5where is it");
    shop.take(Event::Key(KeyEvent::new(KeyCode::Char('n'), KeyModifiers::CONTROL)));
    shop.until("a chat", |app| app.chat.is_some()).await;
    assert_eq!(shop.app.chat.as_ref().unwrap().editor.text(), "where is it");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_proof_is_told_without_the_name() {
    let mut shop = Shop::open().await;
    shop.burst("l4");
    shop.until("a refusal", |app| Shop::told(app).contains("does not accept")).await;
    assert!(shop.app.known().is_none());
    assert_eq!(shop.app.tab, Tab::Shop);
    shop.close().await;
}
