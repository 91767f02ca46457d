//! The help centre: a search box with what it finds, and an article's page.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::{Article, ArticleHit, ArticleId, ConversationId, HelpCategory, SearchResults};

use super::{Action, Notice, chat::Reply, editor::Editor};

/// What the help centre's screens show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Help {
    pub(crate) editor: Editor,
    pub(crate) results: SearchResults,
    pub(crate) categories: Vec<HelpCategory>,
    /// The category that is searched: one past its place in the list; 0 is all.
    pub(crate) category: usize,
    /// The hit under the cursor.
    pub(crate) at: usize,
    pub(crate) page: Option<Page>,
    /// What may answer the message that is being written.
    pub(crate) suggested: Vec<ArticleHit>,
    /// The conversation that the customer was about to begin.
    pub(crate) asking: Option<ConversationId>,
    /// Why there is no help centre to search.
    pub(crate) missing: Option<String>,
}

/// An article that is open.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) article: Article,
    /// Lines above the screen. May be more than there are: the view clamps it.
    pub(crate) scroll: usize,
}

/// What the help centre says.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Results(SearchResults),
    Categories(Vec<HelpCategory>),
    Opened(Box<Article>),
    Suggested(ConversationId, Vec<ArticleHit>),
    /// There is no help centre, for this reason.
    Missing(String),
}

/// What the help centre is to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    Type(String),
    Filter(Option<String>),
    Open(ArticleId),
    /// What may answer these words?
    Suggest(String),
    /// It helped.
    Helped(ArticleId),
    /// It did not.
    DidNotHelp(ArticleId),
    /// On to an agent: in the conversation that was about to begin, or in a new one, which begins with these words.
    Ask {
        conversation: Option<ConversationId>,
        words: String,
    },
}

impl Help {
    pub(crate) fn take(&mut self, news: News, chat: Option<&ConversationId>) {
        match news {
            News::Results(results) => {
                self.results = results;
                self.at = self.at.min(self.results.hits.len().saturating_sub(1));
            }
            News::Categories(categories) => self.categories = categories,
            News::Opened(article) => self.page = Some(Page { article: *article, scroll: 0 }),
            News::Suggested(of, hits) if chat == Some(&of) => self.suggested = hits,
            News::Suggested(..) => {}
            News::Missing(problem) => self.missing = Some(problem),
        }
    }

    pub(crate) fn paste(&mut self, text: &str) -> Vec<Action> {
        if self.page.is_some() {
            return Vec::new();
        }
        self.editor.insert(&text.replace(['\n', '\r'], " "));
        self.typed()
    }

    pub(crate) fn key(&mut self, key: KeyEvent) -> Reply {
        if self.page.is_some() { self.page_key(key) } else { self.list_key(key) }
    }

    fn list_key(&mut self, key: KeyEvent) -> Reply {
        match key.code {
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Down => self.at = (self.at + 1).min(self.results.hits.len().saturating_sub(1)),
            KeyCode::Char('n') if key.modifiers.contains(KeyModifiers::CONTROL) => return self.ask(),
            // The results of what was typed before say nothing of what was typed since.
            KeyCode::Enter if self.nothing_found() => return self.ask(),
            KeyCode::Enter => {
                let hit = self.results.hits.get(self.at);
                return Reply::of(hit.map(|hit| Action::Help(Order::Open(hit.article.id.clone()))));
            }
            KeyCode::Tab => {
                self.category = (self.category + 1) % (self.categories.len() + 1);
                let slug =
                    self.category.checked_sub(1).and_then(|at| self.categories.get(at)).map(|row| row.slug.clone());
                return Reply::of([Action::Help(Order::Filter(slug))]);
            }
            KeyCode::Esc if self.editor.text().is_empty() => return Reply { leave: true, ..Reply::default() },
            KeyCode::Esc => {
                self.editor = Editor::default();
                return Reply::of(self.typed());
            }
            _ => {
                let before = self.editor.text().to_owned();
                self.editor.key(key);
                if self.editor.text() != before {
                    return Reply::of(self.typed());
                }
            }
        }
        Reply::default()
    }

    /// Whether a search for what stands in the box found nothing.
    pub(crate) fn nothing_found(&self) -> bool {
        let typed = self.editor.text().trim();
        !typed.is_empty() && self.results.query.trim() == typed && self.results.hits.is_empty()
    }

    /// On to a person, with the words that were searched for.
    fn ask(&mut self) -> Reply {
        let words = self.editor.text().trim().to_owned();
        Reply::of([Action::Help(Order::Ask { conversation: self.asking.take(), words })])
    }

    fn typed(&mut self) -> Vec<Action> {
        self.at = 0;
        vec![Action::Help(Order::Type(self.editor.text().to_owned()))]
    }

    fn page_key(&mut self, key: KeyEvent) -> Reply {
        let Some(page) = &mut self.page else { return Reply::default() };
        let id = page.article.summary.id.clone();
        match key.code {
            KeyCode::Up => page.scroll = page.scroll.saturating_sub(1),
            KeyCode::Down => page.scroll = page.scroll.saturating_add(1),
            KeyCode::PageUp => page.scroll = page.scroll.saturating_sub(10),
            KeyCode::PageDown => page.scroll = page.scroll.saturating_add(10),
            KeyCode::Esc => self.page = None,
            KeyCode::Char('y') => {
                page.article.vote = Some(true);
                self.asking = None;
                let notice = Some(Notice::Good("Glad it helped: no ticket, no wait".to_owned()));
                return Reply { notice, ..Reply::of([Action::Help(Order::Helped(id))]) };
            }
            KeyCode::Char('n') => {
                page.article.vote = Some(false);
                let notice =
                    Some(Notice::Good("Noted. Press s to ask a person: they will see what you read".to_owned()));
                return Reply { notice, ..Reply::of([Action::Help(Order::DidNotHelp(id))]) };
            }
            KeyCode::Char('s') => {
                self.page = None;
                let order = Order::Ask { conversation: self.asking.take(), words: String::new() };
                return Reply::of([Action::Help(order)]);
            }
            KeyCode::Char(digit) => {
                let number = digit.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
                let other = number.and_then(|number| page.article.related.get(number));
                return Reply::of(other.map(|other| Action::Help(Order::Open(other.id.clone()))));
            }
            _ => {}
        }
        Reply::default()
    }
}

#[cfg(test)]
mod tests {
    use shopbell::ArticleSummary;

    use super::*;

    pub(crate) fn hit(id: &str, title: &str) -> ArticleHit {
        let article = ArticleSummary {
            id: ArticleId::new(id),
            title: title.to_owned(),
            description: String::new(),
            category: None,
            locale: "en".to_owned(),
        };
        ArticleHit {
            article,
            title_matches: Vec::new(),
            snippet: String::new(),
            snippet_matches: Vec::new(),
            confidence: 1.0,
        }
    }

    fn press(help: &mut Help, code: KeyCode) -> Vec<Action> {
        help.key(KeyEvent::new(code, KeyModifiers::NONE)).actions
    }

    #[test]
    fn letters_search_and_enter_opens_the_hit_under_the_cursor() {
        let mut help = Help::default();
        assert_eq!(press(&mut help, KeyCode::Char('d')), [Action::Help(Order::Type("d".into()))]);
        let hits = vec![hit("1", "a"), hit("2", "b")];
        help.take(News::Results(SearchResults { hits, ..SearchResults::default() }), None);
        press(&mut help, KeyCode::Down);
        press(&mut help, KeyCode::Down);
        assert_eq!(press(&mut help, KeyCode::Enter), [Action::Help(Order::Open(ArticleId::new("2")))]);
        assert_eq!(press(&mut help, KeyCode::Esc), [Action::Help(Order::Type(String::new()))]);
        assert!(help.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)).leave);
    }

    #[test]
    fn nothing_found_and_enter_asks_a_person_in_the_same_words() {
        let mut help = Help::default();
        "zinc 4".chars().for_each(|letter| drop(press(&mut help, KeyCode::Char(letter))));
        assert_eq!(press(&mut help, KeyCode::Enter), [], "nothing is known of these words yet");
        let results = SearchResults { query: "zinc 4".to_owned(), ..SearchResults::default() };
        help.take(News::Results(results), None);
        let ask = Action::Help(Order::Ask { conversation: None, words: "zinc 4".to_owned() });
        assert_eq!(press(&mut help, KeyCode::Enter), std::slice::from_ref(&ask));
        let hits = vec![hit("1", "a")];
        help.take(News::Results(SearchResults { query: "zinc 4".to_owned(), hits, ..SearchResults::default() }), None);
        let control_n = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::CONTROL);
        assert_eq!(help.key(control_n).actions, [ask], "as well where something was found");
    }

    #[test]
    fn suggestion_for_a_conversation_that_was_left_is_not_shown() {
        let mut help = Help::default();
        let (here, there) = (ConversationId::new("here"), ConversationId::new("there"));
        help.take(News::Suggested(there, vec![hit("1", "a")]), Some(&here));
        assert!(help.suggested.is_empty());
        help.take(News::Suggested(here.clone(), vec![hit("1", "a")]), Some(&here));
        assert_eq!(help.suggested.len(), 1);
    }
}
