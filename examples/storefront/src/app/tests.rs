use shopbell::{AttentionReason, Delivery, Diff, Message, MessageId, Older};

use super::*;
use crate::{
    app::chat::{Focus, Past},
    view::testing::{self, agent_says, cards, customer_says, form, select, survey},
};

/// Something done in the conversation on screen.
fn deed(deed: Deed) -> Action {
    Action::In(testing::conversation(), deed)
}

fn close() -> Action {
    Action::CloseChat(testing::conversation())
}

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
    let actions = [deed(Deed::SaveDraft("a\n".to_owned())), deed(Deed::Typing(true)), suggest];
    assert_eq!(press_control(&mut app, 'j'), actions, "before the first message, an answer may be on the phone");
    write(&mut app, "1");
    assert_eq!(press(&mut app, KeyCode::Enter), [deed(Deed::Send("a\n1".to_owned()))]);
    assert_eq!(press(&mut app, KeyCode::Enter), []);
}

#[test]
fn digits_in_a_chat_are_words_and_elsewhere_tabs() {
    let mut app = in_chat(Vec::new());
    press(&mut app, KeyCode::Char('2'));
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "2");
    assert_eq!(press(&mut app, KeyCode::Esc), [close()]);
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
    let mut app = in_chat(shown.clone());
    press(&mut app, KeyCode::Tab);
    assert_eq!(press(&mut app, KeyCode::Char('r')), [deed(Deed::Retry(id.clone()))]);
    let mut app = in_chat(shown.clone());
    press(&mut app, KeyCode::Tab);
    assert_eq!(press(&mut app, KeyCode::Char('d')), [], "asked first");
    assert_eq!(press(&mut app, KeyCode::Char('y')), [deed(Deed::Discard(id.clone()))]);
    let mut app = in_chat(shown);
    write(&mut app, "my draft");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('e'));
    assert_eq!(press(&mut app, KeyCode::Char('!')), [], "an edit is no draft");
    assert_eq!(press(&mut app, KeyCode::Enter), [deed(Deed::Edit(id, "hello!".to_owned()))]);
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "my draft");
}

#[test]
fn tab_goes_to_the_newest_open_question() {
    let mut app = in_chat(vec![select("q1"), agent_says("m1", "hi"), survey("s1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('4'));
    let rate = deed(Deed::Rate(MessageId::new("s1"), 4, String::new()));
    assert_eq!(press(&mut app, KeyCode::Enter), [rate]);
    assert!(matches!(app.chat.as_ref().unwrap().focus, Focus::Write));
}

#[test]
fn a_question_that_was_left_behind_waits_no_more_and_tab_still_reaches_it() {
    let mut app =
        in_chat(vec![select("q1"), customer_says("m1", "never mind", Delivery::Sent), agent_says("m2", "ok")]);
    assert!(app.chat.as_ref().unwrap().waiting().is_none());
    press(&mut app, KeyCode::Tab);
    assert_eq!(press(&mut app, KeyCode::Char('1')), [deed(Deed::Choose(MessageId::new("q1"), "order".to_owned()))]);
}

#[test]
fn tab_goes_from_what_waits_to_the_next_older_and_back_to_the_box() {
    let unsent = customer_says("m1", "hello", Delivery::NeedsAttention { reason: AttentionReason::DeskFailing });
    let mut app = in_chat(vec![select("q1"), unsent, agent_says("m2", "hi"), cards("c1"), form("f1"), survey("s1")]);
    let mut visited = Vec::new();
    // Within a form and a survey Tab goes through their fields first.
    for presses in [1, 2, 2, 1, 1, 1] {
        (0..presses).for_each(|_| drop(press(&mut app, KeyCode::Tab)));
        visited.push(app.chat.as_ref().unwrap().selected().map(|message| message.id.to_string()));
    }
    let expected = ["s1", "f1", "c1", "m1", "q1"].map(|id| Some(id.to_owned()));
    assert_eq!(visited[..5], expected);
    assert_eq!(visited[5], None, "the box");
}

#[test]
fn tab_reaches_the_buttons_of_cards_and_a_payload_names_no_file() {
    let mut app = in_chat(vec![cards("c1")]);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Down);
    let said = press(&mut app, KeyCode::Enter);
    assert_eq!(said, [deed(Deed::Say("@/etc/hostname".to_owned()))], "an agent's words are not the customer's");
    press(&mut app, KeyCode::Tab);
    assert_eq!(press(&mut app, KeyCode::Char('1')), []);
    assert!(matches!(&app.notice, Some(Notice::Good(text)) if text.contains("https://example.com/tote")));
}

#[test]
fn words_typed_over_a_question_go_into_the_box() {
    let mut app = in_chat(vec![select("q1")]);
    press(&mut app, KeyCode::Tab);
    write(&mut app, "hello");
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "hello");
    press(&mut app, KeyCode::Tab);
    update(&mut app, Event::Pasted(" there".to_owned()));
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "hello there");
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
        asked += press(&mut app, KeyCode::PageUp).iter().filter(|action| **action == deed(Deed::LoadOlder)).count();
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
    assert_eq!(messages(&mut app, vec![agent_says("m1", "hi")]), [deed(Deed::MarkSeen), deed(Deed::LoadOlder)]);
    update(&mut app, Event::Older { conversation, outcome: Err("offline".to_owned()) });
    assert_eq!(app.notice, None);
    assert_eq!(messages(&mut app, vec![agent_says("m1", "hi")]), [deed(Deed::MarkSeen)]);
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
    assert_eq!(actions, [close()]);
    assert_eq!(app.tab, Tab::Shop);
}

#[test]
fn another_person_begins_with_nothing_of_the_last() {
    let mut app = in_chat(vec![agent_says("m1", "secret")]);
    app.shopping.cart = vec![(0, 1)];
    assert_eq!(press_control(&mut app, 'l'), []);
    let [Action::LogIn { person, right_proof: true }] = press(&mut app, KeyCode::Char('2'))[..] else { panic!() };
    assert_eq!(update(&mut app, Event::LoggedIn { person: Some(person) }), []);
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
    assert_eq!(actions, [deed(Deed::SaveDraft("one\ntwo\n".to_owned())), deed(Deed::Typing(true))]);
}

fn type_all(app: &mut App, keys: &str) -> Vec<Action> {
    let mut actions = Vec::new();
    for letter in keys.chars() {
        let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
        actions.extend(press(app, code));
    }
    actions
}

fn opened(draft: &str) -> Event {
    Event::ChatOpened { conversation: testing::conversation(), draft: draft.to_owned(), begun: true }
}

#[test]
fn keys_typed_while_a_chat_opens_are_words_there_and_no_commands_behind_it() {
    let mut app = testing::app(80, 24);
    let asked = type_all(&mut app, "snaqd23 lit?\n");
    assert!(matches!(asked[..], [Action::StartChat { .. }]), "{asked:?}");
    assert_eq!((app.tab, app.shopping.cart.len(), &app.overlay), (Tab::Shop, 0, &None));
    assert!(testing::screen(&app).contains("what you type is kept"));
    let actions = update(&mut app, opened(""));
    assert_eq!(actions.last(), Some(&deed(Deed::Send("naqd23 lit?".to_owned()))));
    assert!(!app.waits());
}

#[test]
fn keys_in_one_burst_over_a_log_in_and_a_new_chat_reach_both() {
    let mut app = testing::app(80, 24);
    let first = type_all(&mut app, "l1sis it?\n");
    assert!(matches!(first[..], [Action::LogIn { .. }]), "{first:?}");
    let then = update(&mut app, Event::LoggedIn { person: crate::shop::person("mai") });
    let [Action::StartChat { draft }] = &then[..] else { panic!("{then:?}") };
    let last = update(&mut app, opened(draft));
    let sent = "I have a question about Indigo tote (690,000₫): is it?";
    assert_eq!(last.last(), Some(&deed(Deed::Send(sent.to_owned()))));
}

#[test]
fn chat_that_cannot_open_keeps_what_was_typed_for_the_next_one() {
    let mut app = testing::app(80, 24);
    type_all(&mut app, "swhere is it?");
    update(&mut app, Event::Pasted(" LL-7".to_owned()));
    assert_eq!(update(&mut app, Event::NotOpened { problem: "the phone's storage is full".to_owned() }), []);
    assert_eq!(app.tab, Tab::Shop);
    type_all(&mut app, "s");
    let actions = update(&mut app, opened("About it: "));
    assert_eq!(actions[0], deed(Deed::SaveDraft("About it: where is it? LL-7".to_owned())));
}

#[test]
fn who_interrupts_twice_does_not_wait_for_a_screen() {
    let mut app = testing::app(80, 24);
    press(&mut app, KeyCode::Char('s'));
    assert_eq!(press_control(&mut app, 'c'), []);
    assert_eq!(press_control(&mut app, 'c'), [Action::Quit]);
}

#[test]
fn words_that_could_not_be_kept_after_the_chat_was_left_are_in_the_next_one() {
    let mut app = in_chat(Vec::new());
    write(&mut app, "precious");
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    let (text, problem) = ("precious".to_owned(), "the phone's storage is full".to_owned());
    update(&mut app, Event::NotKept { conversation: testing::conversation(), text, problem });
    update(&mut app, opened(""));
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "precious");
}

#[test]
fn words_that_could_not_be_kept_stand_before_those_typed_since() {
    let mut app = in_chat(Vec::new());
    write(&mut app, "one");
    press(&mut app, KeyCode::Enter);
    write(&mut app, "two");
    let (text, problem) = ("one".to_owned(), "the phone's storage is full".to_owned());
    let actions = update(&mut app, Event::NotKept { conversation: testing::conversation(), text, problem });
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "one\ntwo");
    assert_eq!(actions[0], deed(Deed::SaveDraft("one\ntwo".to_owned())));
}

#[test]
fn change_and_answer_that_were_begun_are_there_after_another_screen() {
    let unsent = customer_says("m1", "hello", Delivery::NeedsAttention { reason: AttentionReason::DeskFailing });
    let shown = vec![form("f1"), unsent];
    let mut app = in_chat(shown.clone());
    press(&mut app, KeyCode::Tab);
    write(&mut app, "e!");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    write(&mut app, "LL-7");
    update(&mut app, Event::Key(KeyEvent::new(KeyCode::Char('1'), KeyModifiers::ALT)));
    update(&mut app, opened("my draft"));
    messages(&mut app, shown);
    let chat = app.chat.as_ref().unwrap();
    assert_eq!((chat.editor.text(), chat.editing.is_some()), ("hello!", true));
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    assert!(testing::screen(&app).contains("LL-7"));
}

#[test]
fn answer_that_was_not_taken_is_on_screen_again_with_its_reason() {
    let mut app = in_chat(vec![form("f1")]);
    press(&mut app, KeyCode::Tab);
    let answer = type_all(&mut app, "LL-7\n\n");
    assert!(matches!(&answer[..], [Action::In(_, Deed::FillIn(..))]), "{answer:?}");
    let (message, problem) = (MessageId::new("f1"), "“E-mail” is no e-mail address".to_owned());
    update(&mut app, Event::NotAnswered { conversation: testing::conversation(), message, problem });
    let screen = testing::screen(&app);
    assert!(screen.contains("Not answered: “E-mail” is no e-mail address"), "{screen}");
    assert!(screen.contains("Order number*") && screen.contains("LL-7"), "{screen}");
}

#[test]
fn beginning_without_a_question_is_not_sent() {
    let mut app = testing::app(80, 24);
    let [Action::StartChat { draft }] = &type_all(&mut app, "s")[..] else { panic!() };
    update(&mut app, opened(&draft.clone()));
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(matches!(&app.notice, Some(Notice::Bad(text)) if text.contains("question")));
    write(&mut app, "wide?");
    assert!(matches!(press(&mut app, KeyCode::Enter)[..], [Action::In(_, Deed::Send(_))]));
}

#[test]
fn leaving_ending_and_discarding_are_asked_first() {
    let mut app = testing::app(80, 24);
    assert_eq!(type_all(&mut app, "q"), []);
    assert_eq!(type_all(&mut app, "n"), []);
    assert_eq!(type_all(&mut app, "qy"), [Action::Quit]);
    let mut app = in_chat(vec![agent_says("m1", "hi")]);
    assert_eq!(press_control(&mut app, 'r'), []);
    write(&mut app, "really");
    assert_eq!(app.chat.as_ref().unwrap().editor.text(), "really", "words over a question answer nothing");
    assert_eq!(press_control(&mut app, 'r'), []);
    assert_eq!(press(&mut app, KeyCode::Enter), [deed(Deed::Resolve)]);
    assert_eq!(press_control(&mut app, 'c'), []);
    assert_eq!(press_control(&mut app, 'c'), [Action::Quit]);
}

#[tokio::test]
async fn refused_proof_shows_no_name_no_orders_and_no_earlier_conversation() {
    let mut app = testing::app(80, 24);
    let status = testing::status(shopbell::Connection::Online, shopbell::Availability::Unknown).await;
    let items = vec![testing::line("c1", "my secret parcel")];
    update(&mut app, Event::Conversations(vec![Diff::Reset { items }]));
    let person = crate::shop::person("mai").unwrap();
    update(&mut app, Event::LoggedIn { person: Some(person) });
    let verified = |verification| {
        let mut status = status;
        (status.verification, status.unread) = (verification, 3);
        status
    };
    for doubted in [Verification::Pending, Verification::Rejected, Verification::Mismatched] {
        update(&mut app, Event::Status(verified(doubted)));
        update(&mut app, Event::Judged { person, verification: doubted });
        app.tab = Tab::Support;
        let list = testing::screen(&app);
        assert!(!list.contains("secret") && !list.contains("●3"), "{doubted:?}: {list}");
        assert_eq!(press(&mut app, KeyCode::Enter), [Action::StartChat { draft: String::new() }]);
        update(&mut app, Event::NotOpened { problem: String::new() });
        app.tab = Tab::Orders;
        assert!(!testing::screen(&app).contains("LL-1042"));
    }
    assert!(!testing::screen(&app).contains("Mai"));
    update(&mut app, Event::Status(verified(Verification::Verified)));
    update(&mut app, Event::Judged { person, verification: Verification::Verified });
    app.tab = Tab::Support;
    let list = testing::screen(&app);
    assert!(list.contains("secret") && list.contains("Hello, Mai Nguyễn!"), "{list}");
}

#[tokio::test]
async fn offline_nobody_is_doubted_for_want_of_a_desk() {
    let mut app = testing::app(80, 24);
    let mut status = testing::status(shopbell::Connection::Offline, shopbell::Availability::Unknown).await;
    status.verification = Verification::Pending;
    update(&mut app, Event::Status(status));
    assert_eq!((app.doubt(), app.known().is_some()), (None, true));
}

#[test]
fn line_above_what_is_new_stays_until_the_shopper_writes() {
    let mut app = testing::app(80, 24);
    let items = vec![ConversationSummary { unread: 2, ..testing::line("c1", "news") }];
    update(&mut app, Event::Conversations(vec![Diff::Reset { items }]));
    update(&mut app, Event::ChatOpened { conversation: testing::conversation(), draft: String::new(), begun: false });
    let shown = vec![agent_says("m1", "old"), agent_says("m2", "new one"), agent_says("m3", "new two")];
    messages(&mut app, shown);
    let line_of = |app: &App, words: &str| testing::screen(app).lines().position(|line| line.contains(words));
    assert!(line_of(&app, "old") < line_of(&app, "─ New ─"));
    assert!(line_of(&app, "─ New ─").is_some() && line_of(&app, "─ New ─") < line_of(&app, "new one"));
    write(&mut app, "ok");
    press(&mut app, KeyCode::Enter);
    assert_eq!(line_of(&app, "─ New ─"), None);
}

#[test]
fn more_news_than_the_screen_holds_begin_at_their_first() {
    let mut app = testing::app(80, 24);
    let items = vec![ConversationSummary { unread: 30, ..testing::line("c1", "news") }];
    update(&mut app, Event::Conversations(vec![Diff::Reset { items }]));
    update(&mut app, Event::ChatOpened { conversation: testing::conversation(), draft: String::new(), begun: false });
    assert_eq!(messages(&mut app, long_history()), [], "not seen before it was scrolled to");
    let screen = testing::screen(&app);
    assert!(screen.contains("─ New ─") && screen.contains("line 10") && !screen.contains("line 9 "), "{screen}");
}
