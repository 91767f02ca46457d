//! Words that a question is asked with, not about. They weigh less in a query; in the index they are words like others,
//! so that "what is this" still finds the article of that name.
//!
//! Rarity alone can't tell them in a help centre: its titles are so few that "how" is rare. So the function words of the
//! languages that a help centre is most often written in are listed here. A language that is not here loses a few points
//! of accuracy on long questions and nothing else.
//!
//! **A word is quiet only in its own language and in its own spelling.** English *in* is the Vietnamese for *print*,
//! *the* without its tone is *thẻ* (a card), German *die* cuts paper, and Spanish *té* is tea where *te* is quiet. So:
//!
//! 1. The languages are those of the articles that are searched (see `census`), and one that the query itself speaks:
//!    by letters that only Vietnamese has, or by two function words that no article has.
//! 2. A word typed with accents is quiet if it is on a list exactly so; and so is one typed without in a query that has
//!    accents elsewhere.
//! 3. In a query without any accents, a word is on the list if it is so without its accents, and the articles decide:
//!    it is quiet only where they write the listed spelling far more often than another word of the same letters.
//! 4. A word that no article has finds nothing as it is: it is quiet in whatever language it is on the list of, so that
//!    a question in another language than the articles' is not answered by chance. Not while it is still being typed.

use crate::segment::Interner;
use crate::spelling::spell;
use std::sync::LazyLock;

/// Each language's tag, and its words. The place is the language's number, from 1 on; 0 is any other language.
const WORDS: [(&str, &str); 10] = [
    (
        "en",
        "a all also am an and any anything are as at be because been but by can cannot cant come could did didnt do does \
         doesnt doing dont for from get go going got had has have having hello help hey hi how i if im in into is \
         isnt it its ive just like made make many may me mine much my myself need no non not of on only or our per please \
         should show so some someone something tell than thank thanks that the their them then there these they thing \
         this to tried try trying us use using want was wasnt way we were what whats when where whether which while who whos \
         why will with would you your",
    ),
    (
        "vi",
        "ai bạn bị các cách cần cho có của cũng đã đang đâu để đến được em gì hay hãy hoặc khi không là làm mà một này nào \
         như những sao thì tôi trong từ và về với",
    ),
    (
        "de",
        "als am an auf aus das dass dem den der des die du ein eine einen er es für hallo ich im in ist kann kein man \
         mein meine mit nach nicht oder sich sie sind so um und von wann warum was wenn wie will wir wo zu zum",
    ),
    (
        "fr",
        "à ai au aux avec ce cette comment dans de des du elle en est et eu il je la là le les ma mais me mes moi mon \
         ne non on ou où par pas pour qu quand que qui quoi sa se ses son sur toi tu un une va vous",
    ),
    (
        "es",
        "a al como cómo con cual cuál cuando cuándo de del donde dónde el él en es está esta hay la las le lo los me mi \
         mis no o para pero por puedo que qué se si sí sin son su te tu tú un una y",
    ),
    (
        "pt",
        "a à ao as às com como da das de do dos e é em eu mas me meu minha na nao não no nos o os para por posso qual \
         quando que se são sem seu sua um uma você",
    ),
    (
        "it",
        "a ai al alla che ci come con cosa da dal dei del della di dove e è gli ho i il in io la le lo ma mi mio ne \
         nel non o per più qui se si sì sono su tu un una va voi",
    ),
    (
        "id",
        "ada apa atau bagaimana bisa dan dari dengan di ini itu jika kami kapan ke mengapa pada saya tidak untuk yang",
    ),
    ("ru", "в где для до за и из или к как когда ли мне можно мои моя на не но о от по почему при с у что это я"),
    ("ar", "إلى أين أن أو على عن في كيف لا لماذا ما متى من هذا هذه هل و يا"),
];

/// Languages, by number.
pub(crate) const LANGUAGES: usize = WORDS.len() + 1;
/// The number of Vietnamese.
pub(crate) const VIETNAMESE: usize = 2;

/// A set of languages: bit n is the language of number n.
pub(crate) type Languages = u16;

/// The lists, made ready to be asked.
pub(crate) struct Lists {
    /// Every spelling on a list, and the languages and the group of each.
    spellings: Interner,
    slots: Vec<(Languages, u16)>,
    /// Groups: what the spellings fold to, and in which languages one of them is listed.
    folds: Interner,
    groups: Vec<Languages>,
    stems: Interner,
}

/// The lists. Made once, in a twentieth of a millisecond.
pub(crate) static LISTS: LazyLock<Lists> = LazyLock::new(Lists::new);

/// What the lists say of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) group: u16,
    /// Languages that have it on their list exactly as it is spelt.
    pub(crate) exact: Languages,
    /// Languages that have it on their list, with accents or without.
    pub(crate) alike: Languages,
    /// Whether it is spelt without accents.
    pub(crate) plain: bool,
}

impl Lists {
    fn new() -> Self {
        let interner = Interner::default;
        let (spellings, folds, stems) = (interner(), interner(), interner());
        let mut lists = Self { spellings, slots: Vec::new(), folds, groups: Vec::new(), stems };
        let (mut folded, mut spelt, mut stemmed) = (String::new(), String::new(), String::new());
        for (language, (_, words)) in (1..).zip(&WORDS) {
            for word in words.split_ascii_whitespace() {
                folded.clear();
                word.chars().for_each(|c| crate::fold::fold(c, &mut |f| folded.push(f)));
                let group = lists.folds.number(folded.as_bytes()) as usize;
                if group == lists.groups.len() {
                    lists.groups.push(0);
                }
                if let Some(languages) = lists.groups.get_mut(group) {
                    *languages |= 1 << language;
                }
                spell(word, &mut spelt);
                let slot = lists.spellings.number(spelt.as_bytes()) as usize;
                if slot == lists.slots.len() {
                    lists.slots.push((0, group as u16));
                }
                if let Some((languages, _)) = lists.slots.get_mut(slot) {
                    *languages |= 1 << language;
                }
                crate::stem::stem(&folded, &mut stemmed);
                lists.stems.number(stemmed.as_bytes());
            }
        }
        lists
    }

    /// Whether a term of the index may be one of a listed word.
    pub(crate) fn has_stem(&self, stem: &str) -> bool {
        self.stems.find(stem.as_bytes()).is_some()
    }

    /// The slot of a word that is spelt as it folds, if it is listed or folds as a listed one does.
    pub(crate) fn plain_slot(&self, folded: &str) -> Option<u16> {
        self.slot_of(folded, "", &mut String::new()).and_then(|slot| u16::try_from(slot).ok())
    }

    /// Every spelling that is told apart has a slot: first those on a list, then one for each group's others.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len() + self.groups.len()
    }

    /// The slot's group, and the languages that have its spelling on their list.
    pub(crate) fn slot(&self, slot: usize) -> (Languages, u16) {
        self.slots.get(slot).copied().unwrap_or((0, slot.saturating_sub(self.slots.len()) as u16))
    }

    /// The slot of a word, if it is a listed one or folds as one does. `spelt` is room to work in.
    pub(crate) fn slot_of(&self, folded: &str, raw: &str, spelt: &mut String) -> Option<usize> {
        let spelling = if raw.is_ascii() {
            folded
        } else {
            spell(raw, spelt);
            spelt
        };
        match self.spellings.find(spelling.as_bytes()) {
            Some(slot) => Some(slot as usize),
            None => self.folds.find(folded.as_bytes()).map(|group| self.slots.len() + group as usize),
        }
    }

    /// What is known of a word of a query.
    pub(crate) fn look_up(&self, folded: &str, raw: &str, spelt: &mut String) -> Option<Listed> {
        let slot = self.slot_of(folded, raw, spelt)?;
        let (exact, group) = self.slot(slot);
        let alike = self.groups.get(usize::from(group)).copied().unwrap_or(0);
        let plain = raw.is_ascii() || !spell(raw, spelt);
        Some(Listed { group, exact, alike, plain })
    }
}

/// The language of a tag ("pt-BR"); 0 if it has no list.
pub(crate) fn language_of(tag: &str) -> usize {
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    let known =
        if language.eq_ignore_ascii_case("ms") || language.eq_ignore_ascii_case("in") { "id" } else { language };
    WORDS.iter().position(|(code, _)| code.eq_ignore_ascii_case(known)).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(word: &str) -> Option<Listed> {
        let (mut folded, mut spelt) = (String::new(), String::new());
        word.chars().for_each(|c| crate::fold::fold(c, &mut |f| folded.push(f)));
        LISTS.look_up(&folded, word, &mut spelt)
    }

    fn languages(of: Languages) -> Vec<&'static str> {
        (1..).zip(&WORDS).filter(|(language, _)| of >> language & 1 == 1).map(|(_, (tag, _))| *tag).collect()
    }

    #[test]
    fn words_are_listed_in_their_own_languages_and_spellings() {
        for (word, exact) in [
            ("how", &["en"][..]),
            ("in", &["en", "de", "it"]),
            ("der", &["de"]),
            ("là", &["vi", "fr"]),
            ("của", &["vi"]),
            ("la", &["fr", "es", "it"]),
            ("où", &["fr"]),
            ("ou", &["fr"]),
            ("sí", &["es"]),
            ("sì", &["it"]),
            ("FÜR", &["de"]),
            ("как", &["ru"]),
            ("إلى", &["ar"]),
            ("الى", &["ar"]),
            ("cómo", &["es"]),
        ] {
            let known = listed(word).unwrap();
            let mut found = languages(known.exact);
            let mut exact = exact.to_vec();
            found.sort_unstable();
            exact.sort_unstable();
            assert_eq!(found, exact, "{word}");
        }
        for (word, alike) in [("máy", "en"), ("thẻ", "en"), ("mã", "vi"), ("vé", "vi"), ("đồ", "en"), ("té", "es")]
        {
            let known = listed(word).unwrap();
            assert!(!languages(known.exact).contains(&alike) && languages(known.alike).contains(&alike), "{word}");
            assert!(!known.plain, "{word}");
        }
        for word in ["", "refund", "up", "after", "đổi"] {
            assert_eq!(listed(word), None, "{word}");
        }
    }

    #[test]
    fn no_list_says_a_word_twice() {
        for (tag, words) in WORDS {
            let mut all: Vec<&str> = words.split_ascii_whitespace().collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{tag}");
            assert!(language_of(tag) > 0 && language_of(&format!("{}-XY", tag.to_uppercase())) > 0);
        }
        assert_eq!((language_of("vi"), language_of("tr"), language_of("")), (VIETNAMESE, 0, 0));
        assert!(LANGUAGES <= Languages::BITS as usize && LISTS.slots() < usize::from(u16::MAX));
    }
}
