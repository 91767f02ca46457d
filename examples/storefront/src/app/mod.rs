//! The app without a terminal and without a network: `update(state, event)` gives the actions to carry out.
//!
//! Everything on screen is a function of [`App`], and [`App`] changes in [`update`] only. The [`crate::run`] room
//! feeds it with keys and with what Shopbell's observers say, and carries its actions out.

pub(crate) mod answering;
pub(crate) mod attaching;
pub(crate) mod chat;
pub(crate) mod editor;
mod event;
pub(crate) mod help;
pub(crate) mod shopping;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use shopbell::{ClientStatus, ConversationId, ConversationSummary};

pub(crate) use self::event::{Action, Event, Notice};
use self::{
    chat::{Chat, Stage},
    help::{Help, Order},
    shopping::Shopping,
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

/// Something on top of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Overlay {
    Help,
    /// Who to be, with the line under the cursor.
    LogIn {
        at: usize,
    },
    /// The conversation's files, with the line under the cursor.
    Files {
        at: usize,
    },
    /// Is the process to be killed?
    Kill,
}

/// The support desk, as the status line tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeskLine {
    pub(crate) url: String,
    /// It runs within this process, with an agent's console at its address.
    pub(crate) embedded: bool,
}

/// The lines of the log-in screen: three people, one of them with a wrong proof, nobody.
pub(crate) const LOG_IN_LINES: usize = PEOPLE.len() + 2;

impl App {
    pub(crate) fn new(desk: DeskLine, person: Option<&'static Person>, size: (u16, u16), local: Local) -> Self {
        Self {
            tab: Tab::Shop,
            shopping: Shopping::default(),
            conversations: Vec::new(),
            selected: None,
            chat: None,
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

    /// Messages not seen, in all conversations.
    pub(crate) fn unread(&self) -> u32 {
        self.status.map_or(0, |status| status.unread)
    }

    /// The place of the cursor in the list of conversations.
    pub(crate) fn cursor(&self) -> usize {
        let selected = self.selected.as_ref();
        let found = self.conversations.iter().position(|line| Some(&line.id) == selected);
        found.unwrap_or_default()
    }

    fn move_cursor(&mut self, to: usize) {
        self.selected = self.conversations.get(to).map(|line| line.id.clone());
    }
}

/// Takes an event; gives what is to be done about it.
pub(crate) fn update(app: &mut App, event: Event) -> Vec<Action> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Event::Key(key) => {
            app.notice = None;
            on_key(app, key)
        }
        Event::Pasted(text) => match (&app.overlay, &mut app.chat, app.tab) {
            (None, Some(chat), Tab::Support) => chat.paste(&text),
            (None, _, Tab::Help) => app.help.paste(&text),
            _ => Vec::new(),
        },
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
            Vec::new()
        }
        Event::ChatOpened { conversation, draft, begun } => {
            app.tab = Tab::Support;
            app.selected = Some(conversation.clone());
            app.chat = Some(Chat::new(conversation, draft, begun));
            app.help.suggested.clear();
            Vec::new()
        }
        Event::LoggedIn { person } => {
            app.person = person;
            app.chat = None;
            app.selected = None;
            app.shopping = Shopping { at: app.shopping.at, ..Shopping::default() };
            app.notice = Some(Notice::Good(match person {
                Some(person) => format!("Hello, {}!", person.name),
                None => "Logged out: the next person sees nothing of the last".to_owned(),
            }));
            vec![Action::CloseChat]
        }
        Event::Help(news) => {
            app.help.take(news, app.chat.as_ref().map(|chat| &chat.id));
            Vec::new()
        }
        Event::Told(notice) => {
            app.notice = Some(notice);
            Vec::new()
        }
        Event::Messages { .. } | Event::Typing { .. } | Event::Older { .. } | Event::NotKept { .. } => {
            on_chat_event(app, event)
        }
    }
}

/// What belongs to the open conversation; of any other it comes too late and says nothing.
fn on_chat_event(app: &mut App, event: Event) -> Vec<Action> {
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
        Event::NotKept { conversation, text, problem } => {
            if conversation == chat.id {
                chat.not_kept(&text);
            }
            *notice = Some(Notice::Bad(format!("Not sent: {problem}")));
        }
        _ => {}
    }
    Vec::new()
}

fn on_key(app: &mut App, key: KeyEvent) -> Vec<Action> {
    if let Some(overlay) = app.overlay.take() {
        return overlay_key(app, overlay, key);
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Char('c' | 'q') if control => return vec![Action::Quit],
        KeyCode::Char('k') if control => app.overlay = Some(Overlay::Kill),
        KeyCode::Char('l') if control => app.overlay = Some(Overlay::LogIn { at: who(app) }),
        KeyCode::Char('f') if control && in_chat(app) => return list_files(app),
        KeyCode::F(1) => app.overlay = Some(Overlay::Help),
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
    app.chat = None;
    vec![Action::CloseChat, open]
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
    // A conversation that is not on screen must not keep a socket open, nor count as seen.
    if app.chat.take().is_some() { vec![Action::CloseChat] } else { Vec::new() }
}

fn on_screen_key(app: &mut App, key: KeyEvent) -> Vec<Action> {
    if let (Tab::Support, Some(chat)) = (app.tab, &mut app.chat) {
        let reply = chat.key(key, Stage { size: app.size, local: &app.local });
        if reply.notice.is_some() {
            app.notice = reply.notice;
        }
        let mut actions = reply.actions;
        // Before the first message, an answer may make it unnecessary.
        if let (true, Some(Action::SaveDraft(words))) = (chat.messages.is_empty(), actions.first()) {
            actions.push(Action::Help(Order::Suggest(words.clone())));
        }
        if reply.leave {
            app.chat = None;
            actions.push(Action::CloseChat);
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
        KeyCode::Char('q') => return vec![Action::Quit],
        KeyCode::Char('l') => {
            app.overlay = Some(Overlay::LogIn { at: who(app) });
            return Vec::new();
        }
        KeyCode::Char('h') => {
            app.overlay = Some(Overlay::Help);
            return Vec::new();
        }
        KeyCode::Tab => return to_tab(app, next_tab(app.tab, 1)),
        KeyCode::BackTab => return to_tab(app, next_tab(app.tab, 4)),
        _ => {}
    }
    let reply = match app.tab {
        Tab::Shop => app.shopping.products_key(key),
        Tab::Cart => app.shopping.cart_key(key),
        Tab::Orders => app.shopping.orders_key(key, app.person),
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
        KeyCode::Down => app.move_cursor((at + 1).min(app.conversations.len().saturating_sub(1))),
        KeyCode::Enter => {
            return match app.conversations.get(at) {
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

fn overlay_key(app: &mut App, overlay: Overlay, key: KeyEvent) -> Vec<Action> {
    match (overlay, key.code) {
        (_, KeyCode::Char('c')) if key.modifiers.contains(KeyModifiers::CONTROL) => return vec![Action::Quit],
        (Overlay::Kill, KeyCode::Char('y') | KeyCode::Enter) => return vec![Action::Kill],
        (Overlay::Files { at }, key) => return files_key(app, at, key),
        (Overlay::LogIn { at }, KeyCode::Enter) => return log_in(at),
        (Overlay::LogIn { at }, KeyCode::Up) => app.overlay = Some(Overlay::LogIn { at: at.saturating_sub(1) }),
        (Overlay::LogIn { at }, KeyCode::Down | KeyCode::Tab) => {
            app.overlay = Some(Overlay::LogIn { at: (at + 1).min(LOG_IN_LINES - 1) });
        }
        (Overlay::LogIn { at }, KeyCode::Char(c)) => match c.to_digit(10) {
            Some(number @ 1..) if number as usize <= LOG_IN_LINES => return log_in(number as usize - 1),
            _ => app.overlay = Some(Overlay::LogIn { at }),
        },
        // Any other key closes what asks nothing.
        _ => {}
    }
    Vec::new()
}

fn list_files(app: &mut App) -> Vec<Action> {
    let count = app.chat.as_ref().map_or(0, |chat| attaching::files(&chat.messages).count());
    match count.checked_sub(1) {
        Some(at) => app.overlay = Some(Overlay::Files { at }),
        None => app.notice = Some(Notice::Bad("There are no files here".to_owned())),
    }
    Vec::new()
}

fn files_key(app: &mut App, at: usize, key: KeyCode) -> Vec<Action> {
    let Some(chat) = &app.chat else { return Vec::new() };
    let last = attaching::files(&chat.messages).count().saturating_sub(1);
    match key {
        KeyCode::Up => app.overlay = Some(Overlay::Files { at: at.saturating_sub(1) }),
        KeyCode::Down => app.overlay = Some(Overlay::Files { at: (at + 1).min(last) }),
        KeyCode::Enter | KeyCode::Char('s') => {
            let file = attaching::file_at(&chat.messages, at);
            return file.map(|(attachment, name)| Action::Save { attachment, name }).into_iter().collect();
        }
        _ => {}
    }
    Vec::new()
}

fn log_in(line: usize) -> Vec<Action> {
    match (PEOPLE.get(line), PEOPLE.first()) {
        (Some(person), _) => vec![Action::LogIn { person, right_proof: true }],
        (None, Some(person)) if line == PEOPLE.len() => vec![Action::LogIn { person, right_proof: false }],
        _ => vec![Action::LogOut],
    }
}

#[cfg(test)]
mod tests;
