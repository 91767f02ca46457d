//! The agent's console, as a browser would show it: its script runs in Node with as much of a page as it needs.

#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// A page in little, and a way to print what was made: `<strong>words</strong>`.
const PAGE: &str = r#"
const node = tag => ({ tag, childNodes: [], append(...more) { this.childNodes.push(...more.map(one => typeof one === 'string' ? { data: one } : one)); },
  replaceChildren(...all) { this.childNodes = []; this.append(...all); } });
globalThis.document = { createElement: node, getElementById: () => node('div'), hasFocus: () => false };
globalThis.fetch = () => new Promise(() => {});
globalThis.setInterval = () => {};
const show = one => one.data ?? `<${one.tag}${one.className ? ` ${one.className.trim()}` : ''}${one.href ? ` ${one.href}` : ''}>${one.childNodes.map(show).join('')}</${one.tag}>`;
"#;

/// What the console makes of a message; nothing where there is no Node to ask.
fn shown(row: &Value) -> Option<String> {
    let page = include_str!("../src/routes/console.html");
    let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let mut node = match Command::new("node").arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(node) => node,
        Err(_) => return None,
    };
    let program = format!("{PAGE}{script}\nprocess.stdout.write(show(message({row})), () => process.exit(0));");
    node.stdin.take().unwrap().write_all(program.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn row(content: &str, more: Value) -> Value {
    let mut row = json!({
        "id": 1, "content": content, "message_type": 1, "content_type": "text", "content_attributes": {},
        "created_at": 0, "status": "sent", "private": false, "sender": { "name": "Linh" },
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

#[track_caller]
fn check(row: &Value, parts: &[&str], absent: &[&str]) {
    let Some(html) = shown(row) else { return };
    parts.iter().for_each(|part| assert!(html.contains(part), "{part:?} is missing in {html}"));
    absent.iter().for_each(|part| assert!(!html.contains(part), "{part:?} is in {html}"));
}

#[test]
fn greeting_is_rendered_and_told_to_be_the_desks() {
    let greeting = row("Welcome to **Lantern & Loom**!", json!({ "message_type": 3, "sender": null }));
    check(&greeting, &["<strong>Lantern & Loom</strong>!", "Desk (automatic)"], &["**", "text ·"]);
}

#[test]
fn customers_words_stay_as_they_were_typed() {
    let customers = row("**not bold** <b>\n1. x", json!({ "message_type": 0, "sender": null }));
    check(&customers, &["**not bold** <b>\n1. x", "Customer"], &["<strong>", "<ol>"]);
}

#[test]
fn agents_markdown_becomes_lists_links_and_code() {
    let text = "Do *this*:\n1. roll it\n2. `clip` it\n\n- a\n> quoted\n[rules](https://e.com/r) [bad](javascript:x)\n```\n**x**\n```";
    let parts = [
        "<em>this</em>",
        "<ol><li>roll it</li><li><code>clip</code> it</li></ol>",
        "<ul><li>a</li></ul>",
        "<blockquote>quoted</blockquote>",
        "<a https://e.com/r>rules</a>",
        "[bad](javascript:x)",
        "<pre>**x**\n</pre>",
    ];
    check(&row(text, json!({})), &parts, &[]);
}

#[test]
fn bots_options_are_shown_with_the_picked_one() {
    let items = json!([{ "title": "My order", "value": "order" }, { "title": "A return", "value": "return" }]);
    let asked = row("What is it?", json!({ "content_type": "input_select", "content_attributes": { "items": items } }));
    check(&asked, &["<li>My order</li><li>A return</li>"], &["✓"]);
    let values = json!([{ "title": "A return", "value": "return" }]);
    let attributes = json!({ "items": items, "submitted_values": values });
    let answered = row("What is it?", json!({ "content_type": "input_select", "content_attributes": attributes }));
    check(&answered, &["<li picked>✓ A return</li>"], &["{", "Answer:"]);
}

#[test]
fn rating_is_told_in_words() {
    let given = json!({ "csat_survey_response": { "rating": 5, "feedback_message": "kind" } });
    let attributes = json!({ "submitted_values": given });
    let more =
        json!({ "content_type": "input_csat", "message_type": 3, "sender": null, "content_attributes": attributes });
    check(&row("Please rate", more), &["Rated 5 of 5: “kind”"], &["{"]);
}
