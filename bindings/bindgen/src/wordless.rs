//! Keeps what people wrote out of the generated Kotlin's `toString()`: a data class prints all that it holds, and what
//! is printed ends in logs.
//!
//! Every class is named here, as one that prints an outline or as one that may print everything. One that is not is an
//! error, so that a new record can't print somebody's words unnoticed. `Wordless.swift` has the same outlines for
//! Swift.

/// What a class prints: the body of its `toString()`.
const OUTLINES: [(&str, &str); 26] = [
    ("Agent", r#""Agent($id)""#),
    ("Answer", r#""Answer(${values.size} values, $state)""#),
    ("Attachment", r#""Attachment($id, $kind, $transfer)""#),
    ("Card", r#""Card(${actions.size} actions)""#),
    ("Choice", r#""Choice""#),
    ("ConversationSummary", r#""ConversationSummary($id, $status, $unread unread)""#),
    ("Coordinates", r#""Coordinates""#),
    ("CustomerProfile", r#""CustomerProfile(${attributes.size} attributes)""#),
    ("FieldValue", r#""FieldValue(${value.length} characters)""#),
    ("FormField", r#""FormField(required=$required, ${choices.size} choices)""#),
    ("Identity", r#""Identity(hash: ${hash != null})""#),
    ("Message", r#""Message($id, $content, ${attachments.size} attachments)""#),
    ("NewAttachment", r#""NewAttachment(keepLocation=$keepLocation)""#),
    ("PushNews", r#""PushNews($conversation, $unread unread)""#),
    ("Rating", r#""Rating($score, ${feedback.length} characters)""#),
    ("RefusedField", r#""RefusedField(${field ?: "attribute"})""#),
    ("SearchResults", r#""SearchResults(${hits.size} hits, ${recent.size} recent)""#),
    ("Span", r#""Span(${text.length} characters)""#),
    ("Typing", r#""Typing""#),
    (
        "AttentionReason",
        r#"when (this) {
        is Refused -> "Refused"
        DeskFailing -> "DeskFailing"
        Unconfirmed -> "Unconfirmed"
        IdentityRejected -> "IdentityRejected"
        Gone -> "Gone"
        FileLost -> "FileLost"
    }"#,
    ),
    (
        "AttributeValue",
        r#"when (this) {
        is Bool -> "Bool"
        is Integer -> "Integer"
        is Number -> "Number"
        is Text -> "Text"
    }"#,
    ),
    (
        "Author",
        r#"when (this) {
        Customer -> "Customer"
        is Agent -> "Agent"
        is Bot -> "Bot"
        Desk -> "Desk"
    }"#,
    ),
    (
        "Block",
        r#"when (this) {
        is Paragraph -> "Paragraph($spans)"
        is Heading -> "Heading($level, $spans)"
        is Listing -> "Listing($start, $items)"
        is Quote -> "Quote($blocks)"
        is Callout -> "Callout($kind, $blocks)"
        is Code -> "Code(${text.length} characters)"
        is Table -> "Table($header, $rows)"
        is Image -> "Image"
        Rule -> "Rule"
    }"#,
    ),
    (
        "CardAction",
        r#"when (this) {
        is Link -> "Link"
        is Reply -> "Reply"
    }"#,
    ),
    (
        "Content",
        r#"when (this) {
        is Text -> "Text(${text.length} characters)"
        is Select -> "Select(${text.length} characters, $answer)"
        is Form -> "Form(${text.length} characters, $answer)"
        is Cards -> "Cards(${text.length} characters, $cards)"
        is Articles -> "Articles(${text.length} characters)"
        is Survey -> "Survey(${text.length} characters, $answer)"
        is Unsupported -> "Unsupported(${text.length} characters, $kind)"
    }"#,
    ),
    (
        "HelpEvent",
        r#"when (this) {
        is Searched -> "Searched($results results)"
        is Opened -> "Opened($article)"
        is Helped -> "Helped($article)"
        is Voted -> "Voted($article, $helpful)"
        is AskedAnyway -> "AskedAnyway($seen seen)"
    }"#,
    ),
];

/// Classes that hold nothing that a customer or an agent wrote, or only what prints an outline itself. What a merchant
/// publishes may be printed.
const SHOWN: [&str; 30] = [
    "AnswerState",
    "Article",
    "ArticleHit",
    "ArticleLink",
    "ArticleSummary",
    "Capabilities",
    "ClientStatus",
    "Delivery",
    "DeskInfo",
    "DeskNotices",
    "DownloadProgress",
    "HelpCategory",
    "HelpCenterConfig",
    "HelpFigures",
    "InAppLink",
    "Limits",
    "ListItem",
    "LogRecord",
    "MatchRange",
    "NativeConfig",
    "NativeConversationDiff",
    "NativeMessageDiff",
    "PushOutcome",
    "SetupProblem",
    "SizeOnDisk",
    "TableCell",
    "Transfer",
    // Errors, which have a message.
    "ListenerException",
    "NativeException",
    "VaultException",
];

/// The text with outlines in place of words.
///
/// # Errors
/// The name of a class that is in neither list, or of one that an outline is for and that is not there.
pub fn without_words(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    // The outline that the class at hand is still to get.
    let mut missing: Option<&str> = None;
    let mut given = 0;
    for line in text.lines() {
        if let Some((name, is_sealed)) = class(line) {
            let outline = OUTLINES.iter().find(|(of, _)| *of == name);
            if outline.is_none() && !SHOWN.contains(&name) {
                return Err(format!("wordless.rs does not say what {name} prints"));
            }
            missing = outline.map(|(_, body)| *body);
            given += usize::from(missing.is_some());
            // A final one keeps its variants' data classes from printing all that they hold.
            if let (Some(body), true) = (missing.filter(|_| is_sealed), line.ends_with('{')) {
                out.push_str(line);
                out.push_str(&format!("\n    final override fun toString(): String = {body}\n"));
                missing = None;
                continue;
            }
        }
        if line == "    companion object"
            && let Some(body) = missing.take()
        {
            out.push_str(&format!("    override fun toString(): String = {body}\n"));
        }
        out.push_str(line);
        out.push('\n');
    }
    if given == OUTLINES.len() && missing.is_none() {
        Ok(out)
    } else {
        Err(format!("{given} of {} classes were found that print an outline", OUTLINES.len()))
    }
}

/// The name of the class that begins here, and whether it is sealed.
fn class(line: &str) -> Option<(&str, bool)> {
    let (rest, is_sealed) = match line.strip_prefix("data class ") {
        Some(rest) => (rest, false),
        None => (line.strip_prefix("sealed class ")?, true),
    };
    Some((rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default(), is_sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the generator writes them.
    fn classes() -> String {
        let variant = "    data class X(\n    )\n    {\n        companion object\n    }\n";
        let field = "    val `id`: kotlin.String\n";
        let class = |(name, body): &(&str, &str)| {
            let (head, inside) = if body.starts_with("when") {
                (format!("sealed class {name} {{\n"), variant)
            } else {
                (format!("data class {name} (\n{field}){{\n"), "")
            };
            format!("{head}{inside}    companion object\n}}\n")
        };
        OUTLINES.iter().map(class).collect()
    }

    #[test]
    fn every_class_prints_its_outline_once() {
        let made = without_words(&classes()).unwrap();
        assert_eq!(made.matches("override fun toString()").count(), OUTLINES.len());
        assert!(made.contains("sealed class Author {\n    final override fun toString(): String = when (this) {\n"));
        assert!(made.contains("){\n    override fun toString(): String = \"Agent($id)\"\n    companion object\n"));
    }

    #[test]
    fn class_that_nobody_thought_of_is_an_error() {
        let more = classes() + "data class Diary (\n    val `text`: kotlin.String\n){\n    companion object\n}\n";
        assert!(without_words(&more).unwrap_err().contains("Diary"));
        assert!(without_words("").is_err());
        assert!(without_words(&(classes() + "data class MatchRange (\n){\n    companion object\n}\n")).is_ok());
    }
}
