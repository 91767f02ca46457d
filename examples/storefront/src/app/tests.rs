use shopbell::{AttentionReason, Delivery, Diff, Message, MessageId, Older};

use super::*;
use crate::{
    app::chat::{Focus, Past},
    view::testing::{self, agent_says, customer_says, select, survey},
};

fn press(app: &mut App, code: KeyCode) -> Vec<Action> {
    update(app, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn press_control(app: &mut App, letter: char) -> Vec<Action> {
    update(app, Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)))
}

fn write(app: &mut App, text: &str) {
    for letter in text.chars() {
        press(app, KeyCode::Char(letter));
    }
}

fn messages(app: &mut App, messages: Vec<Message>) -> Vec<Action> {
    update(app, Event::Messages { conversation: testing::conversation(), steps: vec![Diff::Reset { items: messages }] })
}

fn in_chat(shown: Vec<Message>) -> App {
    let mut app = testing::app(80, 24);
    let conversation = testing::conversation();
    update(&mut app, Event::ChatOpened { conversation, draft: String::new(), begun: false });
    messages(&mut app, shown);
    app
}

fn long_history() -> Vec<Message> {
    (0..40).map(|number| agent_says(&format!("m{number}"), &format!("line {number}"))).collect()
}

#[test]
fn enter_sends_and_control_j_breaks_the_line() {
    let mut app = in_chat(Vec::new());
    write(&mut app, "a");
    let suggest = Action::Help(Order::Suggest("a\n".to_owned()));
    let actions = [Action::SaveDraft("a\n".to_owned()), Action::Typing(true), suggest];
    assert_eq!(press_control(&mut app, 'j'), actions, "before the first message, an answer may be on the phone");
    write(&mut app, "1");
    assert_eq!(press(&mut app, KeyCode::Enter), [Action::Send("a\n1".to_owned())]);
    assert_eq!(press(&mut app, KeyCode::Enter), []);
}

#[test]
fn digits_in_a_chat_are_words_and_elsewhere_tabs() {
    let mut app = in_chat(Vec::new());
    press(&mut app, KeyCode::Char('2'));
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "2");
    assert_eq!(press(&mut app, KeyCode::Esc), [Action::CloseChat]);
    press(&mut app, KeyCode::Char('2'));
    assert_eq!(app.tab, Tab::Cart);
}

#[test]
fn words_that_could_not_be_kept_come_back() {
    let mut app = in_chat(Vec::new());
    write(&mut app, "precious");
    press(&mut app, KeyCode::Enter);
    let conversation = testing::conversation();
    let (text, problem) = ("precious".to_owned(), "the phone's storage is full".to_owned());
    update(&mut app, Event::NotKept { conversation, text, problem });
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "precious");
    assert!(matches!(&app.notice, Some(Notice::Bad(text)) if text.contains("full")));
}

#[test]
fn an_unsent_message_is_retried_edited_or_discarded() {
    let unsent = Delivery::NeedsAttention { reason: AttentionReason::DeskFailing };
    let shown = vec![agent_says("m1", "hi"), customer_says("m2", "hello", unsent)];
    let id = MessageId::new("m2");
    for (key, action) in [('r', Action::Retry(id.clone())), ('d', Action::Discard(id.clone()))] {
        let mut app = in_chat(shown.clone());
        press(&mut app, KeyCode::Tab);
        assert_eq!(press(&mut app, KeyCode::Char(key)), [action]);
    }
    let mut app = in_chat(shown);
    write(&mut app, "my draft");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('e'));
    assert_eq!(press(&mut app, KeyCode::Char('!')), [], "an edit is no draft");
    assert_eq!(press(&mut app, KeyCode::Enter), [Action::Edit(id, "hello!".to_owned())]);
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "my draft");
}

#[test]
fn tab_goes_to_the_newest_open_question() {
    let mut app = in_chat(vec![select("q1"), agent_says("m1", "hi"), survey("s1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('4'));
    let rate = Action::Rate(MessageId::new("s1"), 4, String::new());
    assert_eq!(press(&mut app, KeyCode::Enter), [rate]);
    assert!(matches!(app.chat.as_ref().unwrap().focus, Focus::Write));
}

#[test]
fn a_question_that_was_left_behind_waits_no_more() {
    let mut app =
        in_chat(vec![select("q1"), customer_says("m1", "never mind", Delivery::Sent), agent_says("m2", "ok")]);
    assert!(app.chat.as_ref().unwrap().waiting().is_none());
    press(&mut app, KeyCode::Tab);
    assert!(matches!(app.notice, Some(Notice::Bad(_))));
    // It can be answered all the same, by going there.
    for code in [KeyCode::Up, KeyCode::Up, KeyCode::Up] {
        press(&mut app, code);
    }
    assert_eq!(press(&mut app, KeyCode::Char('1')), [Action::Choose(MessageId::new("q1"), "order".to_owned())]);
}

#[test]
fn a_question_that_disappears_gives_the_keys_back() {
    let mut app = in_chat(vec![select("q1")]);
    press(&mut app, KeyCode::Tab);
    messages(&mut app, vec![agent_says("m1", "never mind")]);
    write(&mut app, "ok");
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "ok");
}

#[test]
fn going_past_the_top_asks_for_older_messages_once() {
    let mut app = in_chat(long_history());
    let mut asked = 0;
    for _ in 0..30 {
        asked += press(&mut app, KeyCode::PageUp).iter().filter(|action| **action == Action::LoadOlder).count();
    }
    assert_eq!(asked, 1);
    let conversation = testing::conversation();
    update(&mut app, Event::Older { conversation, outcome: Ok(Older::None) });
    assert_eq!(press(&mut app, KeyCode::PageUp), []);
    assert_eq!(app.chat.as_ref().unwrap().past, Past::Nothing);
}

#[test]
fn a_short_history_is_completed_without_a_word() {
    let mut app = testing::app(80, 24);
    let conversation = testing::conversation();
    let opened = Event::ChatOpened { conversation: conversation.clone(), draft: String::new(), begun: false };
    update(&mut app, opened);
    assert_eq!(messages(&mut app, vec![agent_says("m1", "hi")]), [Action::MarkSeen, Action::LoadOlder]);
    update(&mut app, Event::Older { conversation, outcome: Err("offline".to_owned()) });
    assert_eq!(app.notice, None);
    assert_eq!(messages(&mut app, vec![agent_says("m1", "hi")]), [Action::MarkSeen]);
}

#[test]
fn who_reads_further_up_stays_there_when_news_come() {
    let mut app = in_chat(long_history());
    press(&mut app, KeyCode::PageUp);
    press(&mut app, KeyCode::PageUp);
    let top = |app: &App| testing::screen(app).lines().nth(4).unwrap().to_owned();
    let before = top(&app);
    let mut news = long_history();
    news.push(agent_says("m99", "news"));
    assert_eq!(messages(&mut app, news), [], "not seen while it is below the screen");
    assert_eq!(top(&app), before);
    let mut older = vec![agent_says("m-1", "older")];
    older.extend(long_history());
    messages(&mut app, older);
    assert_eq!(top(&app), before);
}

#[test]
fn messages_of_another_conversation_change_nothing() {
    let mut app = in_chat(vec![agent_says("m1", "hi")]);
    let steps = vec![Diff::Reset { items: Vec::new() }];
    assert_eq!(update(&mut app, Event::Messages { conversation: ConversationId::new("c2"), steps }), []);
    assert_eq!(app.chat.as_ref().unwrap().messages.len(), 1);
}

#[test]
fn leaving_the_support_tab_closes_the_chat() {
    let mut app = in_chat(Vec::new());
    let actions = update(&mut app, Event::Key(KeyEvent::new(KeyCode::Char('1'), KeyModifiers::ALT)));
    assert_eq!(actions, [Action::CloseChat]);
    assert_eq!(app.tab, Tab::Shop);
}

#[test]
fn another_person_begins_with_nothing_of_the_last() {
    let mut app = in_chat(vec![agent_says("m1", "secret")]);
    app.shopping.cart = vec![(0, 1)];
    assert_eq!(press_control(&mut app, 'l'), []);
    let [Action::LogIn { person, right_proof: true }] = press(&mut app, KeyCode::Char('2'))[..] else { panic!() };
    assert_eq!(update(&mut app, Event::LoggedIn { person: Some(person) }), [Action::CloseChat]);
    assert!(!testing::screen(&app).contains("secret"));
    assert!(app.shopping.cart.is_empty());
}

#[test]
fn the_switch_tells_the_network_and_a_kill_is_asked_for_first() {
    let mut app = testing::app(80, 24);
    assert_eq!(press(&mut app, KeyCode::F(2)), [Action::Network { available: false }]);
    assert_eq!(press_control(&mut app, 'o'), [Action::Network { available: true }]);
    press_control(&mut app, 'k');
    assert_eq!(press(&mut app, KeyCode::Char('n')), []);
    press_control(&mut app, 'k');
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Action::Kill]);
}

#[test]
fn pasted_lines_go_into_the_box_and_are_not_sent() {
    let mut app = in_chat(Vec::new());
    let actions = update(&mut app, Event::Pasted("one\r\ntwo\r\n".to_owned()));
    assert_eq!(actions, [Action::SaveDraft("one\ntwo\n".to_owned()), Action::Typing(true)]);
}
