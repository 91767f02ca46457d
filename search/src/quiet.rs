//! Words that a question is asked with, not about. They weigh less in a query; in the index they are words like others,
//! so that "what is this" still finds the article of that name.
//!
//! Rarity alone can't tell them in a help centre: its titles are so few that "how" is rare. The list is the function
//! words of the languages a help centre is most often written in, folded as the index folds. A language that is not here
//! loses a few points of accuracy on long questions and nothing else.

/// The words that begin with a letter.
fn quiet_words(first: char) -> &'static str {
    match first {
        'a' => "a ai al all also am an and any anything apa are as at atau au auf aux",
        'b' => "bagaimana ban be because been bi bisa but by",
        'c' => "cac cach can cannot cant ce cho co come comment como con cosa could cua cual cuando",
        'd' => {
            "da dan dans dari das dau de del dem den dengan der des di did didnt die do does doesnt doing donde \
             dont dos du duoc"
        }
        'e' => "e ein eine einen el em en es est et eu",
        'f' => "for from fur",
        'g' => "get gi gli go going got",
        'h' => "had has have having hay hello help hey hi hoac how",
        'i' => "i ich if il im in ini into is isnt ist it its itu ive",
        'j' => "je just",
        'k' => "kann ke khi khong",
        'l' => "la lam las le les like lo los",
        'm' => "ma made make many may me mein meine mes meu mi mine minha mit mon mot much my myself",
        'n' => "na nao nay ne need nhu nhung nicht no non not",
        'o' => "o oder of on only or os our",
        'p' => "para pas per please por pour puedo",
        'q' => "que qui quoi",
        's' => "sao saya se should show sind so some someone something sono sur",
        't' => {
            "tell than thank thanks that the their them then there these they thi thing this tidak to toi tried \
             trong try trying tu"
        }
        'u' => "um uma un una und une untuk us use using",
        'v' => "va ve voi von",
        'w' => {
            "wann want warum was wasnt way we were what whats when where whether which while who whos why wie will \
             with wo would"
        }
        'y' => "y yang you your",
        'z' => "zu",
        'в' => "в",
        'г' => "где",
        'д' => "для",
        'з' => "за",
        'и' => "и из",
        'к' => "к как когда",
        'м' => "мне мои моя",
        'н' => "на не",
        'о' => "от",
        'п' => "по почему",
        'с' => "с",
        'у' => "у",
        'ч' => "что",
        'э' => "это",
        'я' => "я",
        'ا' => "الي اين",
        'ع' => "علي عن",
        'ف' => "في",
        'ك' => "كيف",
        'ل' => "لماذا",
        'م' => "ما متي من",
        'ه' => "هذا هل",
        'و' => "و",
        _ => "",
    }
}

/// Whether a folded word is one of them.
pub(crate) fn is_quiet(word: &str) -> bool {
    word.chars().next().is_some_and(|first| quiet_words(first).split(' ').any(|quiet| quiet == word))
}

#[cfg(test)]
mod tests {
    use super::is_quiet;

    #[test]
    fn question_words_are_quiet_and_no_others() {
        for word in ["how", "i", "lam", "como", "как", "كيف"] {
            assert!(is_quiet(word), "{word}");
        }
        for word in ["", "refund", "up", "after", "ho", "doi"] {
            assert!(!is_quiet(word), "{word}");
        }
    }

    #[test]
    fn the_list_is_folded_as_queries_are() {
        for first in (0..0x700).filter_map(char::from_u32) {
            for word in super::quiet_words(first).split(' ') {
                let mut folded = String::new();
                word.chars().for_each(|c| crate::fold::fold(c, &mut |f| folded.push(f)));
                assert_eq!(folded, word);
                assert!(word.is_empty() || word.starts_with(first), "{word} stands under {first}");
            }
        }
    }
}
