//! The app without a terminal and without a network: `update(state, event)` gives the actions to carry out.
//!
//! Everything on screen is a function of [`App`], and [`App`] changes in [`update`] only. The [`crate::run`] room
//! feeds it with keys and with what Shopbell's observers say, and carries its actions out.

pub(crate) mod answering;
pub(crate) mod attaching;
pub(crate) mod chat;
mod doubt;
pub(crate) mod editor;
mod event;
pub(crate) mod help;
mod overlay;
pub(crate) mod shopping;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use shopbell::{ClientStatus, ConversationId, ConversationSummary, Verification};

use self::{
    chat::{Chat, Stage, Unfinished},
    help::{Help, News, Order},
    shopping::Shopping,
};
pub(crate) use self::{
    doubt::Doubt,
    event::{Action, Deed, Event, Notice},
    overlay::{Overlay, Sure},
};
use crate::{
    shop::{PEOPLE, Person},
    view::time::Local,
};

/// Everything that the screen shows.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) tab: Tab,
    pub(crate) shopping: Shopping,
    pub(crate) conversations: Vec<ConversationSummary>,
    /// The conversation under the cursor: by its id, for the list moves when something is said.
    pub(crate) selected: Option<ConversationId>,
    pub(crate) chat: Option<Chat>,
    /// What was typed in conversations that were left.
    unfinished: Vec<(ConversationId, Unfinished)>,
    /// What was typed since another screen was asked for: it belongs there.
    held: Option<Vec<Event>>,
    /// Words that have no place yet: they come into the box of the next conversation.
    homeless: String,
    /// The conversations that were begun since the last log-in.
    begun: Vec<ConversationId>,
    pub(crate) help: Help,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) notice: Option<Notice>,
    pub(crate) person: Option<&'static Person>,
    pub(crate) desk: DeskLine,
    pub(crate) status: Option<ClientStatus>,
    /// The offline switch is on.
    pub(crate) offline: bool,
    pub(crate) size: (u16, u16),
    pub(crate) local: Local,
}

/// A screen of the app's tab bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Shop,
    Cart,
    Orders,
    Support,
    Help,
}

/// The support desk, as the status line tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeskLine {
    pub(crate) url: String,
    /// It runs within this process, with an agent's console at its address.
    pub(crate) embedded: bool,
}

impl App {
    pub(crate) fn new(desk: DeskLine, person: Option<&'static Person>, size: (u16, u16), local: Local) -> Self {
        Self {
            tab: Tab::Shop,
            shopping: Shopping::default(),
            conversations: Vec::new(),
            selected: None,
            chat: None,
            unfinished: Vec::new(),
            held: None,
            homeless: String::new(),
            begun: Vec::new(),
            help: Help::default(),
            overlay: None,
            notice: None,
            person,
            desk,
            status: None,
            offline: false,
            size,
            local,
        }
    }

    /// Whether another screen is on its way.
    pub(crate) fn waits(&self) -> bool {
        self.held.is_some()
    }

    /// The place of the cursor in the list of conversations.
    pub(crate) fn cursor(&self) -> usize {
        let selected = self.selected.as_ref();
        let found = self.shown().position(|line| Some(&line.id) == selected);
        found.unwrap_or_default()
    }

    fn move_cursor(&mut self, to: usize) {
        let selected = self.shown().nth(to).map(|line| line.id.clone());
        self.selected = selected;
    }

    /// The conversation is not on screen any more: it must not keep a socket open, nor count as seen.
    fn close_chat(&mut self) -> Vec<Action> {
        let Some(chat) = self.chat.take() else { return Vec::new() };
        let id = chat.id.clone();
        self.unfinished.retain(|(of, _)| *of != id);
        self.unfinished.push((id.clone(), chat.unfinished()));
        vec![Action::CloseChat(id)]
    }
}

/// Takes an event; gives what is to be done about it.
///
/// What is typed while another screen is on its way is held back and then typed there, as if it had been there at
/// once: a word must not be taken for a command of the screen that the person has left.
pub(crate) fn update(app: &mut App, event: Event) -> Vec<Action> {
    if let (Event::Key(_) | Event::Pasted(_), Some(held)) = (&event, &mut app.held) {
        // Who asks to leave a second time does not want to wait.
        let impatient = is_interrupt(&event) && held.iter().any(is_interrupt);
        held.push(event);
        return if impatient { vec![Action::Quit] } else { Vec::new() };
    }
    let failed = matches!(event, Event::NotOpened { .. });
    let there = matches!(event, Event::ChatOpened { .. } | Event::LoggedIn { .. } | Event::Help(News::Opened(_)));
    let mut actions = take(app, event);
    if failed {
        app.homeless.extend(app.held.take().iter().flatten().map(words));
    }
    let held = if there { app.held.take() } else { None };
    if actions.iter().any(Action::opens) {
        app.held = Some(Vec::new());
    }
    for event in held.into_iter().flatten() {
        actions.extend(update(app, event));
    }
    actions
}

fn is_interrupt(event: &Event) -> bool {
    matches!(event, Event::Key(key) if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
}

/// What was typed, where it is words.
fn words(event: &Event) -> String {
    match event {
        Event::Pasted(text) => text.clone(),
        Event::Key(key) if key.kind == KeyEventKind::Release => String::new(),
        Event::Key(key) if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => String::new(),
        Event::Key(KeyEvent { code: KeyCode::Char(letter), .. }) => letter.to_string(),
        Event::Key(KeyEvent { code: KeyCode::Enter, .. }) => "\n".to_owned(),
        _ => String::new(),
    }
}

fn take(app: &mut App, event: Event) -> Vec<Action> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Event::Key(key) => {
            app.notice = None;
            on_key(app, key)
        }
        Event::Pasted(text) => {
            app.overlay = app.overlay.take().filter(|_| !letters_are_words(app));
            match (&mut app.chat, app.tab) {
                (Some(chat), Tab::Support) => chat.paste(&text),
                (_, Tab::Help) => app.help.paste(&text),
                _ => {
                    app.notice = Some(Notice::Bad("Nothing here takes text: open a conversation first (4)".to_owned()));
                    Vec::new()
                }
            }
        }
        Event::Resized { width, height } => {
            app.size = (width, height);
            Vec::new()
        }
        Event::Conversations(steps) => {
            steps.into_iter().for_each(|step| step.apply(&mut app.conversations));
            Vec::new()
        }
        Event::Status(status) => {
            app.status = Some(status);
            doubt::forget_if_doubted(app)
        }
        Event::ChatOpened { conversation, draft, begun } => chat_opened(app, conversation, draft, begun),
        Event::NotOpened { problem } => {
            app.notice = Some(Notice::Bad(problem));
            Vec::new()
        }
        Event::LoggedIn { person } => {
            app.person = person;
            app.chat = None;
            app.unfinished.clear();
            app.begun.clear();
            app.homeless.clear();
            app.selected = None;
            if let Some(status) = &mut app.status {
                // Of the last person; the desk has not judged this one.
                status.verification = Verification::Pending;
            }
            app.shopping = Shopping { at: app.shopping.at, ..Shopping::default() };
            app.notice = Some(Notice::Good(match person {
                Some(_) if app.offline => "Logged in; the desk hears of it when the network is back".to_owned(),
                Some(_) => "Logged in; the desk is asked who you are".to_owned(),
                None => "Logged out: the next person sees nothing of the last".to_owned(),
            }));
            Vec::new()
        }
        Event::Judged { person, verification } => {
            if app.person == Some(person) {
                if let Some(status) = &mut app.status {
                    status.verification = verification;
                }
                app.notice = Some(doubt::greeting(person, verification));
            }
            Vec::new()
        }
        Event::Help(news) => {
            app.help.take(news, app.chat.as_ref().map(|chat| &chat.id));
            Vec::new()
        }
        Event::Told(notice) => {
            app.notice = Some(notice);
            Vec::new()
        }
        Event::Messages { .. }
        | Event::Typing { .. }
        | Event::Older { .. }
        | Event::NotKept { .. }
        | Event::NotAnswered { .. } => on_chat_event(app, event),
    }
}

fn chat_opened(app: &mut App, id: ConversationId, draft: String, begun: bool) -> Vec<Action> {
    let unread = app.conversations.iter().find(|line| line.id == id).map_or(0, |line| line.unread);
    app.tab = Tab::Support;
    app.selected = Some(id.clone());
    app.help.suggested.clear();
    if begun {
        app.begun.push(id.clone());
    }
    let mut chat = Chat::new(id.clone(), draft, begun, unread);
    if let Some(at) = app.unfinished.iter().position(|(of, _)| *of == id) {
        chat.resume(app.unfinished.swap_remove(at).1);
    }
    let homeless = std::mem::take(&mut app.homeless);
    let actions = if homeless.is_empty() { Vec::new() } else { chat.paste(&homeless) };
    app.chat = Some(chat);
    actions
}

/// What belongs to the open conversation; of any other it comes too late and says nothing.
fn on_chat_event(app: &mut App, event: Event) -> Vec<Action> {
    if let Event::NotKept { conversation, text, problem } = event {
        app.notice = Some(Notice::Bad(format!("Not sent: {problem}")));
        return match &mut app.chat {
            Some(chat) if chat.id == conversation => chat.not_kept(&text),
            _ => {
                // They would be lost with the screen that they were written on.
                app.homeless.push_str(&text);
                Vec::new()
            }
        };
    }
    let App { chat: Some(chat), size, local, notice, .. } = app else { return Vec::new() };
    let stage = Stage { size: *size, local };
    match event {
        Event::Messages { conversation, steps } if conversation == chat.id => return chat.take_messages(steps, stage),
        Event::Typing { conversation, typing } if conversation == chat.id => chat.typing = typing,
        Event::Older { conversation, outcome } if conversation == chat.id => {
            if let Some(problem) = chat.take_older(outcome) {
                *notice = Some(problem);
            }
        }
        Event::NotAnswered { conversation, message, problem } => {
            if conversation == chat.id {
                chat.not_answered(&message);
            }
            *notice = Some(Notice::Bad(format!("Not answered: {problem}")));
        }
        _ => {}
    }
    Vec::new()
}

fn on_key(app: &mut App, key: KeyEvent) -> Vec<Action> {
    if let Some(overlay) = app.overlay.take() {
        return overlay::key(app, overlay, key);
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Char('c' | 'q') if control => app.overlay = Some(Overlay::Sure(Sure::Quit)),
        KeyCode::Char('k') if control => app.overlay = Some(Overlay::Sure(Sure::Kill)),
        KeyCode::Char('l') if control => app.overlay = Some(Overlay::LogIn { at: who(app) }),
        KeyCode::Char('f') if control && in_chat(app) => return overlay::list_files(app),
        KeyCode::F(1) => app.overlay = Some(Overlay::Help { from: 0 }),
        KeyCode::F(5) => return vec![Action::Redraw],
        KeyCode::F(2) => return switch(app),
        KeyCode::Char('o') if control => return switch(app),
        KeyCode::F(3) => return open_suggestion(app),
        KeyCode::Char(digit @ '1'..='5') if alt || !letters_are_words(app) => return to_tab(app, digit),
        _ => return on_screen_key(app, key),
    }
    Vec::new()
}

/// Whether a conversation is on screen.
fn in_chat(app: &App) -> bool {
    app.tab == Tab::Support && app.chat.is_some()
}

/// Whether a conversation or the help centre is on screen, and letters are words.
fn letters_are_words(app: &App) -> bool {
    app.tab == Tab::Help || in_chat(app)
}

/// On to the article that may answer what is being written; the way back is kept.
fn open_suggestion(app: &mut App) -> Vec<Action> {
    let (Some(chat), Some(hit)) = (&app.chat, app.help.suggested.first()) else { return Vec::new() };
    app.help.asking = Some(chat.id.clone());
    let open = Action::Help(Order::Open(hit.article.id.clone()));
    app.tab = Tab::Help;
    let mut actions = app.close_chat();
    actions.push(open);
    actions
}

fn who(app: &App) -> usize {
    match app.person {
        Some(person) => PEOPLE.iter().position(|other| other == person).unwrap_or_default(),
        None => 0,
    }
}

fn switch(app: &mut App) -> Vec<Action> {
    app.offline = !app.offline;
    app.notice = Some(Notice::Good(if app.offline {
        "Offline: write on, everything is kept and goes out later".to_owned()
    } else {
        "The network is back".to_owned()
    }));
    vec![Action::Network { available: !app.offline }]
}

fn to_tab(app: &mut App, digit: char) -> Vec<Action> {
    app.tab = match digit {
        '1' => Tab::Shop,
        '2' => Tab::Cart,
        '3' => Tab::Orders,
        '4' => Tab::Support,
        _ => Tab::Help,
    };
    app.close_chat()
}

fn on_screen_key(app: &mut App, key: KeyEvent) -> Vec<Action> {
    if let (Tab::Support, Some(chat)) = (app.tab, &mut app.chat) {
        let reply = chat.key(key, Stage { size: app.size, local: &app.local });
        if reply.notice.is_some() {
            app.notice = reply.notice;
        }
        let mut actions = reply.actions;
        // Before the first message, an answer may make it unnecessary.
        if let (true, Some(Action::In(_, Deed::SaveDraft(words)))) = (chat.messages.is_empty(), actions.first()) {
            actions.push(Action::Help(Order::Suggest(words.clone())));
        }
        if let Some(sure) = reply.sure {
            app.overlay = Some(Overlay::Sure(sure));
        }
        if reply.leave {
            actions.extend(app.close_chat());
        }
        return actions;
    }
    if app.tab == Tab::Help {
        let reply = app.help.key(key);
        if reply.notice.is_some() {
            app.notice = reply.notice;
        }
        if reply.leave {
            app.tab = Tab::Support;
        }
        return reply.actions;
    }
    match key.code {
        KeyCode::Char('q') => {
            app.overlay = Some(Overlay::Sure(Sure::Quit));
            return Vec::new();
        }
        KeyCode::Char('l') => {
            app.overlay = Some(Overlay::LogIn { at: who(app) });
            return Vec::new();
        }
        KeyCode::Char('h') => {
            app.overlay = Some(Overlay::Help { from: 0 });
            return Vec::new();
        }
        KeyCode::Tab => return to_tab(app, next_tab(app.tab, 1)),
        KeyCode::BackTab => return to_tab(app, next_tab(app.tab, 4)),
        _ => {}
    }
    let reply = match app.tab {
        Tab::Shop => app.shopping.products_key(key),
        Tab::Cart => app.shopping.cart_key(key),
        Tab::Orders => app.shopping.orders_key(key, app.known()),
        Tab::Support => return list_key(app, key),
        Tab::Help => return Vec::new(),
    };
    if reply.notice.is_some() {
        app.notice = reply.notice;
    }
    reply.actions
}

fn next_tab(tab: Tab, step: u8) -> char {
    let at = match tab {
        Tab::Shop => 0,
        Tab::Cart => 1,
        Tab::Orders => 2,
        Tab::Support => 3,
        Tab::Help => 4,
    };
    char::from(b'1' + (at + step) % 5)
}

fn list_key(app: &mut App, key: KeyEvent) -> Vec<Action> {
    let at = app.cursor();
    match key.code {
        KeyCode::Up => app.move_cursor(at.saturating_sub(1)),
        KeyCode::Down => app.move_cursor((at + 1).min(app.shown().count().saturating_sub(1))),
        KeyCode::Enter => {
            return match app.shown().nth(at) {
                Some(line) => vec![Action::OpenChat(line.id.clone())],
                None => vec![Action::StartChat { draft: String::new() }],
            };
        }
        KeyCode::Char('n') => return vec![Action::StartChat { draft: String::new() }],
        KeyCode::Char('r') => return vec![Action::Refresh],
        _ => {}
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
