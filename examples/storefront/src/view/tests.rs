use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::{
    Agent, Answer, AnswerState, ArticleLink, Attachment, AttachmentKind, AttentionReason, Availability, Card,
    CardAction, Connection, Content, ConversationStatus, ConversationSummary, Delivery, Diff, FieldValue, Message,
    Timestamp, Typing, Verification,
};

use super::testing::*;
use crate::app::{App, Event, Tab, update};

fn press(app: &mut App, code: KeyCode) {
    update(app, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn chat(width: u16, height: u16, messages: Vec<Message>) -> App {
    let mut app = app(width, height);
    update(&mut app, Event::ChatOpened { conversation: conversation(), draft: String::new(), begun: true });
    let steps = vec![Diff::Reset { items: messages }];
    update(&mut app, Event::Messages { conversation: conversation(), steps });
    app
}

fn at(seconds_ago: i64, message: Message) -> Message {
    Message { created_at: Timestamp::from_seconds(NOW.seconds() - seconds_ago), ..message }
}

#[test]
fn shop_screens_fit_eighty_columns() {
    let mut app = app(80, 24);
    insta::assert_snapshot!("products", screen(&app));
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Char('a'));
    press(&mut app, KeyCode::Enter);
    insta::assert_snapshot!("product", screen(&app));
    press(&mut app, KeyCode::Char('2'));
    insta::assert_snapshot!("cart", screen(&app));
    press(&mut app, KeyCode::Char('3'));
    insta::assert_snapshot!("orders", screen(&app));
    press(&mut app, KeyCode::Char('l'));
    insta::assert_snapshot!("log_in", screen(&app));
}

#[test]
fn a_wide_screen_shows_the_page_beside_the_list() {
    insta::assert_snapshot!(screen(&app(120, 40)));
}

#[test]
fn every_delivery_state_has_its_mark() {
    let unsent = |reason| Delivery::NeedsAttention { reason };
    let app = chat(
        80,
        40,
        vec![
            at(90_000, customer_says("m1", "yesterday", Delivery::Delivered)),
            at(60, agent_says("m2", "Good **morning**")),
            at(50, agent_says("m3", "How are you?")),
            customer_says("m4", "read", Delivery::Read),
            customer_says("m5", "on its way", Delivery::Sending),
            customer_says(
                "m6",
                "không gửi được 抹茶",
                unsent(AttentionReason::Refused { detail: "too rude".to_owned() }),
            ),
            customer_says("m7", "waits", Delivery::Queued),
            customer_says("m8", "sent", Delivery::Sent),
        ],
    );
    insta::assert_snapshot!(screen(&app));
}

#[test]
fn rich_messages_show_what_they_ask_and_what_was_answered() {
    let card = Card {
        title: "Indigo tote".to_owned(),
        description: "Waxed cotton, woven by hand, which sheds a shower but will not stand a storm".to_owned(),
        image_url: None,
        actions: vec![
            CardAction::Link { text: "Look".to_owned(), url: "https://example.com/tote".to_owned() },
            CardAction::Reply { text: "I take it".to_owned(), payload: "take".to_owned() },
        ],
    };
    let article = ArticleLink {
        title: "Care of stoneware".to_owned(),
        description: "How to wash it".to_owned(),
        url: "https://example.com/care".to_owned(),
    };
    let mut answered = select("q1");
    if let Some(slot) = answered.content.answer_slot() {
        let values = vec![FieldValue { name: "A return".to_owned(), value: "return".to_owned() }];
        *slot = Some(Answer { values, rating: None, state: AnswerState::Queued, given_at: None });
    }
    let file = Attachment {
        size: Some(12_345),
        url: Some("https://example.com/bag.jpg".to_owned()),
        ..Attachment::new(AttachmentKind::Image, "bag.jpg")
    };
    let app = chat(
        80,
        60,
        vec![
            answered,
            form("f1"),
            agent_shows("c1", Content::Cards { text: "Perhaps:".to_owned(), cards: vec![card] }),
            agent_shows("a1", Content::Articles { text: "Read this:".to_owned(), articles: vec![article] }),
            Message { attachments: vec![file], edited: true, ..agent_says("m1", "A picture") },
            Message { deleted: true, ..agent_says("m2", "This message was deleted") },
            survey("s1"),
        ],
    );
    insta::assert_snapshot!(screen(&app));
}

#[test]
fn answering_takes_the_place_of_the_box() {
    let mut app = chat(80, 24, vec![select("q1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Down);
    insta::assert_snapshot!("answer_select", screen(&app));
    let mut app = chat(80, 24, vec![form("f1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('7'));
    insta::assert_snapshot!("answer_form", screen(&app));
    let mut app = chat(80, 24, vec![survey("s1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('4'));
    press(&mut app, KeyCode::Char('k'));
    insta::assert_snapshot!("answer_survey", screen(&app));
}

#[test]
fn the_agent_types_while_the_shopper_writes_two_lines() {
    let mut app = chat(80, 24, vec![agent_says("m1", "Hello")]);
    let typing = Some(Typing { name: Some("Linh Trần".to_owned()) });
    update(&mut app, Event::Typing { conversation: conversation(), typing });
    update(&mut app, Event::Pasted("one 抹茶\ntwo".to_owned()));
    app.offline = true;
    insta::assert_snapshot!(screen(&app));
}

#[tokio::test]
async fn a_late_connection_shows_as_delayed_on_any_width() {
    let mut app = chat(
        80,
        24,
        vec![customer_says("m1", "How do I wash it?", Delivery::Sent), agent_says("m2", "By hand, in cold water")],
    );
    let status = status(Connection::Delayed, Availability::Online).await;
    update(&mut app, Event::Status(status));
    let wide = screen(&app);
    insta::assert_snapshot!(wide);
    for (width, top) in [
        (60, " 🏮   1   2   3   4 Support   5            Mai ✓  ◈ delayed"),
        (40, " 🏮   1   2   3   4   5       ◈ delayed"),
    ] {
        app.size.0 = width;
        let text = screen(&app);
        assert_eq!(text.lines().next(), Some(top));
        assert!(text.contains("somebody is here"), "{text}");
    }
    // The shopper's own offline switch comes first.
    app.offline = true;
    assert!(!screen(&app).contains("delayed"));
}

#[test]
fn the_list_tells_what_is_new_waiting_and_drafted() {
    let mut app = app(80, 24);
    app.tab = Tab::Support;
    let items = vec![
        ConversationSummary {
            unread: 2,
            ..line("c1", "Có hàng rồi ạ! 抹茶茶碗 are back, and more of them will come next week")
        },
        ConversationSummary { waiting: 1, needs_attention: 1, preview_is_own: true, ..line("c2", "Where is it?") },
        ConversationSummary {
            draft: Some("I wonder".to_owned()),
            status: ConversationStatus::Resolved,
            last_activity: Timestamp::from_seconds(NOW.seconds() - 90_000),
            ..line("c3", "Bye")
        },
        ConversationSummary { preview_is_own: true, ..line("c4", "Is the scarf washable?") },
        ConversationSummary {
            agent: Some(Agent { id: "5".to_owned(), name: "Linh Trần".to_owned(), avatar_url: None }),
            ..line("c5", "By hand, in cold water")
        },
    ];
    update(&mut app, Event::Conversations(vec![Diff::Reset { items }]));
    press(&mut app, KeyCode::Down);
    insta::assert_snapshot!(screen(&app));
}

#[tokio::test]
async fn the_connection_is_whole_on_every_width() {
    let kenji = crate::shop::person("kenji").unwrap();
    for person in [None, Some(kenji), crate::shop::person("mai")] {
        for verification in [Verification::Verified, Verification::Unverified, Verification::Mismatched] {
            let mut app = app(80, 24);
            app.person = person;
            app.shopping.cart = vec![(0, 12)];
            let mut status = status(Connection::Delayed, Availability::Online).await;
            (status.unread, status.verification) = (123, verification);
            update(&mut app, Event::Status(status));
            for offline in [false, true] {
                app.offline = offline;
                for width in 40..140 {
                    app.size.0 = width;
                    let shown = screen(&app);
                    let top = shown.lines().next().unwrap();
                    let sign = if offline { "◇ offline (F2)" } else { "◈ delayed" };
                    assert!(top.ends_with(sign), "{width}: {top:?}");
                }
            }
        }
    }
}

#[test]
fn box_of_keys_breaks_at_words_and_reaches_its_last_line() {
    for (width, height) in [(60, 24), (80, 24), (90, 30), (120, 40)] {
        let mut app = app(width, height);
        press(&mut app, KeyCode::F(1));
        let mut seen = screen(&app);
        for _ in 0..40 {
            press(&mut app, KeyCode::Down);
            seen.push_str(&screen(&app));
        }
        assert!(seen.contains("these keys") && seen.contains("1 2 3 4 5"), "{width}: {seen}");
        let words: Vec<&str> = seen.split_whitespace().collect();
        for word in ["Orders,", "somebody", "retry,", "article", "discard"] {
            assert!(words.contains(&word), "{width}: {word:?} is broken in {seen}");
        }
    }
}

#[test]
fn every_size_can_be_drawn() {
    let messages = vec![
        customer_says("m1", &"抹茶茶碗 dài quá ".repeat(30), Delivery::Read),
        agent_says("m2", "# Long\n\n- a\n  - b\n\n```\ncode that is rather long for a small screen\n```"),
        form("f1"),
    ];
    for width in (1..130).step_by(7) {
        for height in (1..50).step_by(3) {
            let mut app = chat(width, height, messages.clone());
            screen(&app);
            for code in [KeyCode::Up, KeyCode::PageUp, KeyCode::PageUp, KeyCode::Esc, KeyCode::Tab, KeyCode::F(1)] {
                press(&mut app, code);
                screen(&app);
            }
            press(&mut app, KeyCode::Esc);
            app.chat = None;
            for tab in [Tab::Shop, Tab::Cart, Tab::Orders, Tab::Support] {
                app.tab = tab;
                screen(&app);
            }
        }
    }
}
