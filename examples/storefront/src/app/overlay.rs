//! What stands on top of a screen: the keys, who to be, files, and questions.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::MessageId;

use super::{Action, App, Deed, Notice, attaching, letters_are_words, on_key};
use crate::shop::PEOPLE;

/// Something on top of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// All keys, with so many lines above the screen.
    Help { from: usize },
    /// Who to be, with the line under the cursor.
    LogIn { at: usize },
    /// The conversation's files, with the line under the cursor.
    Files { at: usize },
    /// Is this really to be done?
    Sure(Sure),
}

/// What is done only when the person has said so twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    Quit,
    /// End the process on the spot.
    Kill,
    /// End the conversation.
    Resolve,
    /// Throw a message away that was not sent.
    Discard(MessageId),
}

/// The lines of the log-in screen: three people, one of them with a wrong proof, nobody.
pub(crate) const LOG_IN_LINES: usize = PEOPLE.len() + 2;

/// What a key does over the screen.
pub(super) fn key(app: &mut App, overlay: Overlay, key: KeyEvent) -> Vec<Action> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match (overlay, key.code) {
        // A second time, over whatever is asked.
        (Overlay::Sure(Sure::Quit), KeyCode::Char('c' | 'q')) if control => return vec![Action::Quit],
        (_, KeyCode::Char('c')) if control => app.overlay = Some(Overlay::Sure(Sure::Quit)),
        (_, KeyCode::F(5)) => return vec![Action::Redraw],
        (Overlay::Sure(sure), KeyCode::Char('y') | KeyCode::Enter) => return carry_on(app, sure),
        (Overlay::Sure(_), KeyCode::Char('n')) => {}
        (Overlay::Help { from }, KeyCode::Up) => app.overlay = Some(Overlay::Help { from: from.saturating_sub(1) }),
        (Overlay::Help { from }, KeyCode::Down) => app.overlay = Some(Overlay::Help { from: from + 1 }),
        (Overlay::Files { at }, KeyCode::Up | KeyCode::Down | KeyCode::Enter | KeyCode::Char('s')) => {
            return files_key(app, at, key.code);
        }
        (Overlay::LogIn { at }, KeyCode::Enter) => return log_in(at),
        (Overlay::LogIn { at }, KeyCode::Up) => app.overlay = Some(Overlay::LogIn { at: at.saturating_sub(1) }),
        (Overlay::LogIn { at }, KeyCode::Down | KeyCode::Tab) => {
            app.overlay = Some(Overlay::LogIn { at: (at + 1).min(LOG_IN_LINES - 1) });
        }
        (Overlay::LogIn { at }, KeyCode::Char(c)) => match c.to_digit(10) {
            Some(number @ 1..) if number as usize <= LOG_IN_LINES => return log_in(number as usize - 1),
            _ => app.overlay = Some(Overlay::LogIn { at }),
        },
        // A letter over a question that nobody answers belongs to what is being written below it.
        (_, KeyCode::Char(_)) if !control && letters_are_words(app) => return on_key(app, key),
        // Any other key closes what asks nothing.
        _ => {}
    }
    Vec::new()
}

fn carry_on(app: &mut App, sure: Sure) -> Vec<Action> {
    let deed = match sure {
        Sure::Quit => return vec![Action::Quit],
        Sure::Kill => return vec![Action::Kill],
        Sure::Resolve => Deed::Resolve,
        Sure::Discard(message) => Deed::Discard(message),
    };
    app.chat.iter().map(|chat| Action::In(chat.id.clone(), deed.clone())).collect()
}

pub(super) fn list_files(app: &mut App) -> Vec<Action> {
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
            let save = |(attachment, name)| Action::In(chat.id.clone(), Deed::Save { attachment, name });
            return file.map(save).into_iter().collect();
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
