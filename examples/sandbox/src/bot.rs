//! The desk's bot: answers a shopper's plain questions in English or Vietnamese and hands over when it should.
//!
//! It minds a conversation while that is `pending`. It speaks the language of the word it recognised, else the one that
//! the customer has written so far, else the help centre's. The same words always get the same answer.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    domain::Draft,
    shared::Shared,
    state::{
        State,
        tables::{INCOMING, Sender, Status},
    },
    views::BOT_NAME,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Order,
    Returns,
    Shipping,
    Human,
    Thanks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    Vietnamese,
}

/// Words that tell a topic, most telling first: "a person, not the bot" beats "my order".
const WORDS: [(Topic, Language, &[&str]); 10] = [
    (Topic::Human, Language::Vietnamese, &["nhân viên", "tư vấn viên", "gặp người"]),
    (Topic::Human, Language::English, &["human", "agent", "person", "someone", "complain"]),
    (Topic::Returns, Language::Vietnamese, &["đổi", "trả", "hoàn tiền"]),
    (Topic::Returns, Language::English, &["return", "refund", "exchange", "broken", "wrong"]),
    (Topic::Shipping, Language::Vietnamese, &["giao hàng", "phí ship", "vận chuyển"]),
    (Topic::Shipping, Language::English, &["shipping", "delivery", "deliver", "courier"]),
    (Topic::Order, Language::Vietnamese, &["đơn hàng", "đơn của", "kiện hàng"]),
    (Topic::Order, Language::English, &["order", "parcel", "package", "track"]),
    (Topic::Thanks, Language::Vietnamese, &["cảm ơn", "cám ơn"]),
    (Topic::Thanks, Language::English, &["thank", "great, bye"]),
];

/// Thinks for a moment, visibly, and answers.
pub(crate) async fn answer(shared: &Arc<Shared>, conversation: u64, said: &str) {
    shared.write(|state| state.desk_types(conversation, true, &State::bot_sender(), false));
    tokio::time::sleep(shared.options.bot_delay).await;
    shared.write(|state| {
        state.desk_types(conversation, false, &State::bot_sender(), false);
        // An agent may have taken over while it thought.
        if state.conversation(conversation).is_some_and(|row| row.status == Status::Pending) {
            state.bot_says(conversation, said);
        }
    });
}

impl State {
    fn bot_says(&mut self, conversation: u64, said: &str) {
        let home = if self.options.locale == "vi" { Language::Vietnamese } else { Language::English };
        let (topic, language) = match recognise(said) {
            Some((topic, language)) => (Some(topic), language),
            None => (None, self.language_of(conversation).unwrap_or(home)),
        };
        let draft = Draft::outgoing(Sender::Bot, words(topic, language).to_owned());
        let draft = if topic.is_none() { draft.rich("input_select", choices(language)) } else { draft };
        let outcome = self.create_message(conversation, draft).and_then(|_| match topic {
            Some(Topic::Human) => self.set_status(conversation, Status::Open, BOT_NAME),
            _ => Ok(()),
        });
        if let Err(refusal) = outcome {
            tracing::warn!(?refusal, "the bot could not answer");
        }
    }
}

impl State {
    /// What the customer wrote last in a language that can be told.
    fn language_of(&self, conversation: u64) -> Option<Language> {
        let incoming = self.tables.thread(conversation).rev().filter(|message| message.message_type == INCOMING);
        incoming.filter_map(|message| message.content.as_deref()).find_map(language)
    }
}

/// The language of a text, where it can be told.
fn language(text: &str) -> Option<Language> {
    // Letters that Vietnamese has and English has not; as phones send them, composed or with marks of their own.
    const LETTERS: &str = "ăâđêôơưạảãấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ";
    const MARKS: [char; 5] = ['\u{31b}', '\u{306}', '\u{309}', '\u{323}', '\u{302}'];
    // Words without any, many of them written in haste.
    const PLAIN: [&str; 14] =
        ["toi", "minh", "khong", "duoc", "nhieu", "muon", "chao", "chào", "hang", "hàng", "giup", "giúp", "oi", "voi"];
    let text = text.to_lowercase();
    if text.chars().any(|letter| LETTERS.contains(letter) || MARKS.contains(&letter)) {
        return Some(Language::Vietnamese);
    }
    if let Some((_, language)) = recognise(&text) {
        return Some(language);
    }
    let mut words = text.split(|letter: char| !letter.is_alphabetic());
    words.any(|word| PLAIN.contains(&word)).then_some(Language::Vietnamese)
}

fn recognise(said: &str) -> Option<(Topic, Language)> {
    let said = said.to_lowercase();
    let mut rows = WORDS.iter();
    let (topic, language, _) = rows.find(|(_, _, words)| words.iter().any(|word| said.contains(word)))?;
    Some((*topic, *language))
}

fn words(topic: Option<Topic>, language: Language) -> &'static str {
    use Language::{English, Vietnamese};
    match (topic, language) {
        (Some(Topic::Order), English) => {
            "You can follow your order under **Account > Orders**. Orders leave our shop within one working day. If \
             the tracking has not moved for three days, say *human* and we will look into it."
        }
        (Some(Topic::Order), Vietnamese) => {
            "Bạn có thể theo dõi đơn hàng trong **Tài khoản > Đơn hàng**. Đơn rời cửa hàng trong vòng một ngày làm \
             việc. Nếu ba ngày chưa có cập nhật, hãy nhắn *nhân viên* để chúng tôi kiểm tra giúp."
        }
        (Some(Topic::Returns), English) => {
            "You may return anything unworn within **30 days**, free of charge: open the order and tap **Return**. \
             The refund comes three working days after we have the parcel."
        }
        (Some(Topic::Returns), Vietnamese) => {
            "Bạn có thể đổi trả miễn phí trong vòng **30 ngày** nếu hàng chưa sử dụng: mở đơn hàng và chạm **Trả \
             hàng**. Tiền được hoàn ba ngày làm việc sau khi chúng tôi nhận lại hàng."
        }
        (Some(Topic::Shipping), English) => {
            "Delivery takes 1 to 2 days in the big cities and 2 to 4 days elsewhere. It is **free above 500,000₫**."
        }
        (Some(Topic::Shipping), Vietnamese) => {
            "Giao hàng mất 1–2 ngày ở các thành phố lớn và 2–4 ngày ở nơi khác. **Miễn phí cho đơn từ 500.000₫.**"
        }
        (Some(Topic::Human), English) => "Of course. I am handing over to a colleague, who will answer here.",
        (Some(Topic::Human), Vietnamese) => "Vâng ạ. Tôi chuyển bạn đến nhân viên, họ sẽ trả lời ngay tại đây.",
        (Some(Topic::Thanks), English) => "You are welcome! Write again whenever you need us.",
        (Some(Topic::Thanks), Vietnamese) => "Không có gì ạ! Hãy nhắn lại bất cứ khi nào bạn cần.",
        (None, English) => "What can I help you with?",
        (None, Vietnamese) => "Tôi có thể giúp gì cho bạn?",
    }
}

fn choices(language: Language) -> Value {
    let titles = match language {
        Language::English => {
            [("My order", "order"), ("A return", "return"), ("Delivery", "delivery"), ("Talk to a person", "human")]
        }
        Language::Vietnamese => [
            ("Đơn hàng của tôi", "đơn hàng"),
            ("Đổi trả", "đổi trả"),
            ("Giao hàng", "giao hàng"),
            ("Gặp nhân viên", "nhân viên"),
        ],
    };
    let items: Value = titles.iter().map(|(title, value)| json!({ "title": title, "value": value })).collect();
    json!({ "items": items })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_recognised_in_both_languages() {
        assert_eq!(recognise("Where is my ORDER?"), Some((Topic::Order, Language::English)));
        assert_eq!(recognise("Tôi muốn ĐỔI cái túi này"), Some((Topic::Returns, Language::Vietnamese)));
        assert_eq!(recognise("hmm"), None);
    }

    #[test]
    fn unknown_words_are_told_by_their_language() {
        for text in ["Xin chào", "túi này có bền không", "ĐƯỢC", "co\u{302}ng ty", "shop oi, con hang khong"]
        {
            assert_eq!(language(text), Some(Language::Vietnamese), "{text}");
        }
        assert_eq!(language("what about my order"), Some(Language::English));
        assert_eq!(language("hmm, 15 cm"), None);
    }

    #[test]
    fn asking_for_a_person_beats_every_other_topic() {
        assert_eq!(recognise("a human about my order please"), Some((Topic::Human, Language::English)));
    }
}
