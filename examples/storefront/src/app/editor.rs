//! A text being written: several lines, a cursor between letters as people see them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The text and where the cursor stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Editor {
    text: String,
    /// A byte offset, always between two graphemes.
    cursor: usize,
}

/// The text as rows of a given width, and where the cursor is in them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<String>,
    pub(crate) cursor_row: usize,
    pub(crate) cursor_column: usize,
}

impl Editor {
    /// With the cursor at the end.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Empties it and gives what was there.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text in at the cursor. Line ends become one kind, tabs spaces; other control characters are left out, for
    /// a terminal would obey them.
    pub(crate) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        // A combining mark may have joined what stands before it, or a joiner what stands behind.
        while !self.at_boundary() {
            self.cursor += 1;
        }
    }

    fn at_boundary(&self) -> bool {
        self.cursor >= self.text.len() || self.text.grapheme_indices(true).any(|(at, _)| at == self.cursor)
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Whether the cursor is in the first line: then ↑ leaves the text.
    pub(crate) fn on_first_line(&self) -> bool {
        !self.before().contains('\n')
    }

    /// Takes a key of plain editing; `false` where it is none.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('j') if control => self.insert("\n"),
            KeyCode::Enter if alt || key.modifiers.contains(KeyModifiers::SHIFT) => self.insert("\n"),
            KeyCode::Char('a') if control => self.cursor = self.line_start(),
            KeyCode::Char('e') if control => self.cursor = self.line_end(),
            KeyCode::Char('u') if control => {
                let start = self.line_start();
                self.remove(start, self.cursor);
            }
            KeyCode::Char('w') if control => self.remove(self.word_start(), self.cursor),
            KeyCode::Char(c) if !control && !alt => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if alt => self.remove(self.word_start(), self.cursor),
            KeyCode::Backspace => self.remove(self.left(), self.cursor),
            KeyCode::Delete => self.remove(self.cursor, self.right()),
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Home => self.cursor = self.line_start(),
            KeyCode::End => self.cursor = self.line_end(),
            KeyCode::Up if !self.on_first_line() => self.vertically(-1),
            KeyCode::Down if self.after().contains('\n') => self.vertically(1),
            _ => return false,
        }
        true
    }

    fn remove(&mut self, from: usize, to: usize) {
        if from < to && self.text.is_char_boundary(from) && self.text.is_char_boundary(to) {
            self.text.replace_range(from..to, "");
            self.cursor = from;
        }
    }

    fn left(&self) -> usize {
        self.cursor - self.before().graphemes(true).next_back().map_or(0, str::len)
    }

    fn right(&self) -> usize {
        self.cursor + self.after().graphemes(true).next().map_or(0, str::len)
    }

    fn word_start(&self) -> usize {
        let trimmed = self.before().trim_end();
        trimmed
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + trimmed.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8))
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.after().find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    /// To the line above or below, as near to the same column as there is a letter.
    fn vertically(&mut self, step: i32) {
        let start = self.line_start();
        let column = self.text.get(start..self.cursor).unwrap_or_default().width();
        let target = if step < 0 {
            let end = start.saturating_sub(1);
            self.text.get(..end).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1)
        } else {
            self.line_end() + 1
        };
        let line = self.text.get(target..).unwrap_or_default().split('\n').next().unwrap_or_default();
        let (mut at, mut wide) = (target, 0);
        for grapheme in line.graphemes(true) {
            if wide + grapheme.width() > column {
                break;
            }
            wide += grapheme.width();
            at += grapheme.len();
        }
        self.cursor = at;
    }

    /// Lays the text out in rows of at most `width` columns, broken between letters.
    pub(crate) fn rows(&self, width: usize) -> Rows {
        // A column for the cursor behind the last letter.
        let width = width.max(3) - 1;
        let mut rows = vec![String::new()];
        let (mut column, mut at) = (0, 0);
        let mut cursor = (0, 0);
        for grapheme in self.text.graphemes(true) {
            if at == self.cursor {
                cursor = (rows.len() - 1, column);
            }
            at += grapheme.len();
            let wide = grapheme.width();
            if grapheme == "\n" {
                rows.push(String::new());
                column = 0;
                continue;
            }
            if column + wide > width {
                rows.push(String::new());
                column = 0;
                if at - grapheme.len() == self.cursor {
                    cursor = (rows.len() - 1, 0);
                }
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(grapheme);
            }
            column += wide;
        }
        if self.cursor >= self.text.len() {
            cursor = (rows.len() - 1, column);
        }
        Rows { rows, cursor_row: cursor.0, cursor_column: cursor.1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> bool {
        editor.key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn backspace_takes_a_whole_letter_as_people_see_it() {
        for (text, left) in [("ế", ""), ("👨‍👩‍👧", ""), ("e\u{301}", ""), ("茶碗", "茶"), ("🇻🇳🇯🇵", "🇻🇳")]
        {
            let mut editor = Editor::new(text);
            press(&mut editor, KeyCode::Backspace, KeyModifiers::NONE);
            assert_eq!(editor.text(), left, "{text}");
        }
    }

    #[test]
    fn rows_count_wide_letters_twice() {
        let rows = Editor::new("茶碗です").rows(5);
        assert_eq!(rows, Rows { rows: vec!["茶碗".into(), "です".into()], cursor_row: 1, cursor_column: 4 });
    }

    #[test]
    fn moving_up_and_down_keeps_the_column() {
        let mut editor = Editor::new("abcdef\n茶碗\nxyz");
        press(&mut editor, KeyCode::Up, KeyModifiers::NONE);
        editor.insert("|");
        assert_eq!(editor.text(), "abcdef\n茶|碗\nxyz");
        press(&mut editor, KeyCode::Up, KeyModifiers::NONE);
        editor.insert("|");
        assert_eq!(editor.text(), "abc|def\n茶|碗\nxyz");
        assert!(editor.on_first_line());
        assert!(!press(&mut editor, KeyCode::Up, KeyModifiers::NONE));
    }

    #[test]
    fn pasted_control_characters_are_left_out() {
        let mut editor = Editor::default();
        editor.insert("a\u{1b}[31m\r\nb\tc\0");
        assert_eq!(editor.text(), "a[31m\nb    c");
    }

    #[test]
    fn a_word_is_removed_with_the_space_behind_it() {
        let mut editor = Editor::new("hello dear  ");
        press(&mut editor, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(editor.text(), "hello ");
        press(&mut editor, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn a_combining_mark_typed_alone_joins_its_letter() {
        let mut editor = Editor::new("e");
        editor.insert("\u{301}");
        press(&mut editor, KeyCode::Left, KeyModifiers::NONE);
        editor.insert("x");
        assert_eq!(editor.text(), "xe\u{301}");
    }
}
