//! The script of `rest-*.json`, carried out: a customer by the public API, an agent by the agent's routes.

use std::collections::BTreeMap;

use reqwest::{
    Client, Method, RequestBuilder,
    header::{CONTENT_TYPE, IF_NONE_MATCH, LOCATION, RANGE},
    multipart::{Form, Part},
};
use sandbox::{DeskVersion, Options, Sandbox};
use serde_json::{Value, json};
use shopbell_tests::HMAC_KEY;

use super::{
    answer::{Played, body_of, compare_headers, read, shows_a_survey, shows_a_width},
    shape::{Difference, compare},
};

/// The smallest picture: 67 bytes, as the recorded one.
const PNG: [u8; 67] = *b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";
const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

/// A recorded step.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Step {
    step: String,
    status: u16,
    content_type: Option<String>,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// Plays a recording against a sandbox of its version; gives where the answers differ.
pub(crate) async fn play(version: &'static str, recording: &str) -> Vec<Difference> {
    let steps: Vec<Step> = serde_json::from_str(recording).unwrap();
    let mut script = Script::begin(version.parse().unwrap()).await;
    let mut differences = Vec::new();
    for step in &steps {
        // Each kind of job once: when its work is first seen in the recording.
        let measures = !script.measured && shows_a_width(&step.body);
        let rates = !script.rated && shows_a_survey(&step.body);
        script.measured |= measures;
        script.rated |= rates;
        if measures || rates {
            script.sandbox.desk().run_jobs().await;
        }
        let request = script.request(&step.step).await;
        let response = request.send().await.unwrap();
        let played = read(response).await;
        script.remember(&step.step, &played);
        let mut found = Vec::new();
        compare("status", &json!(step.status), &json!(played.status), &mut found);
        if step.content_type != played.content_type {
            found.push((
                "content-type".to_owned(),
                step.content_type.clone().unwrap_or_default(),
                played.content_type.clone().unwrap_or_default(),
            ));
        }
        compare_headers(&step.headers, &played.headers, &mut found);
        compare("$", &body_of(&step.body, step.content_type.as_deref()), &played.body, &mut found);
        differences.extend(found.into_iter().map(|(place, recorded, played)| Difference {
            version,
            step: step.step.clone(),
            place,
            recorded,
            played,
        }));
    }
    script.sandbox.shutdown().await;
    differences
}

/// The customer, the agent, and what they learned on the way.
struct Script {
    sandbox: Sandbox,
    http: Client,
    /// Whether the jobs for pictures and for the rating have run.
    measured: bool,
    rated: bool,
    conversation: String,
    uuid: String,
    /// Numbers of messages by the step that made them.
    messages: BTreeMap<String, u64>,
    /// Of the last answer to `conversations` and to `articles`.
    etags: BTreeMap<String, String>,
    file: String,
    stored: String,
    article: String,
}

impl Script {
    async fn begin(desk_version: DeskVersion) -> Self {
        let options = Options {
            desk_version,
            inbox_identifier: "shop-inbox".to_owned(),
            hmac_key: Some(HMAC_KEY.to_owned()),
            help_slug: "help".to_owned(),
            seed: false,
            // Jobs run when the recording shows that they had.
            job_delay: std::time::Duration::from_secs(86_400),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let desk = sandbox.desk();
        desk.set_dashboard_open(false);
        let article = desk.add_article(
            "en",
            "orders",
            "Returns",
            "How to **return** an item.\n\n1. Open the order\n2. Tap Return",
        );
        desk.add_article("en", "orders", "Shipping", "We ship in two days.");
        desk.add_article("vi", "don-hang", "Đổi trả", "Cách **đổi trả** hàng.");
        desk.add_article("vi", "don-hang", "Giao hàng", "Giao trong hai ngày.");
        let http = super::http();
        // The recorded desk's first article had been read, the others never.
        http.get(format!("{}/hc/help/articles/{article}.png", sandbox.url())).send().await.unwrap();
        Self {
            sandbox,
            http,
            measured: false,
            rated: false,
            conversation: String::new(),
            uuid: String::new(),
            messages: BTreeMap::new(),
            etags: BTreeMap::new(),
            file: String::new(),
            stored: String::new(),
            article,
        }
    }

    fn at(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.sandbox.url())).header("accept", "application/json")
    }

    /// Below the inbox.
    fn public(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("/public/api/v1/inboxes/shop-inbox{path}"))
    }

    /// Below the anonymous customer's conversation.
    fn talk(&self, method: Method, path: &str) -> RequestBuilder {
        self.public(method, &format!("/contacts/anon/conversations/{}{path}", self.conversation))
    }

    /// Below the conversation, for the agent.
    fn agent(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("/api/v1/accounts/1/conversations/{}{path}", self.conversation))
    }

    fn help(&self, path: &str) -> RequestBuilder {
        self.at(Method::GET, &format!("/hc/{path}"))
    }

    fn article(&self, extension: &str) -> String {
        format!("{}/hc/help/articles/{}.{extension}", self.sandbox.url(), self.article)
    }

    fn say(&self, content: Value) -> RequestBuilder {
        with(self.talk(Method::POST, "/messages"), &json!({ "content": content, "echo_id": "e" }))
    }

    fn answer(&self, content_type: &str, content: &str, items: &Value) -> RequestBuilder {
        let body =
            json!({ "content": content, "content_type": content_type, "content_attributes": { "items": items } });
        with(self.agent(Method::POST, "/messages"), &body)
    }

    fn submit(&self, message: u64, values: &Value) -> RequestBuilder {
        with(self.talk(Method::PATCH, &format!("/messages/{message}")), &json!({ "submitted_values": values }))
    }

    /// The request of a step. What the script did between its recorded steps happens here, too.
    async fn request(&self, step: &str) -> RequestBuilder {
        let hash = hash("known");
        let proof = |hash: &str| format!("identifier=known&identifier_hash={hash}");
        match step {
            "inbox" => self.public(Method::GET, ""),
            "inbox unknown" => self.at(Method::GET, "/public/api/v1/inboxes/nowhere"),
            "contact create" | "contact create again" => {
                with(self.public(Method::POST, "/contacts"), &json!({ "source_id": "anon", "name": "Mai" }))
            }
            "contact show" => self.public(Method::GET, "/contacts/anon"),
            "contact unknown" => self.public(Method::GET, "/contacts/nobody"),
            "contact patch" => {
                let body = json!({ "name": "Mai Trần", "custom_attributes": { "plan": "gold" } });
                with(self.public(Method::PATCH, "/contacts/anon"), &body)
            }
            "contact patch bad mail" => with(self.public(Method::PATCH, "/contacts/anon"), &json!({ "email": "mai" })),
            "contact patch bad phone" => {
                with(self.public(Method::PATCH, "/contacts/anon"), &json!({ "phone_number": "12" }))
            }
            "contact hmac" => {
                let body = json!({ "source_id": "known", "identifier": "known", "identifier_hash": hash });
                with(self.public(Method::POST, "/contacts"), &body)
            }
            "contact hmac show" => self.public(Method::GET, &format!("/contacts/known?{}", proof(&hash))),
            "contact hmac bad show" => self.public(Method::GET, &format!("/contacts/known?{}", proof("bad"))),
            "contact hmac bad create" => {
                let body = json!({ "source_id": "bad", "identifier": "known", "identifier_hash": "bad" });
                with(self.public(Method::POST, "/contacts"), &body)
            }
            "conversations empty" | "conversations" => self.public(Method::GET, "/contacts/anon/conversations"),
            "conversation create" => with(self.public(Method::POST, "/contacts/anon/conversations"), &json!({})),
            "conversation show" => self.talk(Method::GET, ""),
            "conversation unknown" => self.public(Method::GET, "/contacts/anon/conversations/999999"),
            "conversation attributes too long" => {
                let body = json!({ "custom_attributes": { "x": "x".repeat(1_501) } });
                with(self.public(Method::POST, "/contacts/anon/conversations"), &body)
            }
            "message create" => self.say(json!("Hello")),
            "message empty" => self.say(json!("")),
            "message too long" => self.say(json!("x".repeat(150_001))),
            "message nul" => self.say(json!("a\0b")),
            "message emoji" => self.say(json!("👩‍👩‍👧 cảm ơn")),
            "message reopens" => self.say(json!("One more")),
            "message file" => {
                let form =
                    Form::new().text("content", "photo").part("attachments[]", part("a b#1.png", "image/png", &PNG));
                self.talk(Method::POST, "/messages").multipart(form)
            }
            "message two files" => {
                let form = Form::new()
                    .part("attachments[]", part("note.txt", "text/plain", b"hello"))
                    .part("attachments[]", part("đổi trả.pdf", "application/pdf", PDF));
                self.talk(Method::POST, "/messages").multipart(form)
            }
            "message bad json" => {
                self.talk(Method::POST, "/messages").header(CONTENT_TYPE, "application/json").body("{\"content\":")
            }
            "messages" | "messages rich" | "messages after resolve" => self.talk(Method::GET, "/messages"),
            "messages before" => {
                self.talk(Method::GET, &format!("/messages?before={}", self.messages["message create"]))
            }
            "typing on" | "typing off" => {
                let word = step.trim_start_matches("typing ");
                with(self.talk(Method::POST, "/toggle_typing"), &json!({ "typing_status": word }))
            }
            "last seen" => with(self.talk(Method::POST, "/update_last_seen"), &json!({})),
            "message patch text" => {
                self.submit(self.messages["message create"], &json!([{ "title": "a", "value": "b" }]))
            }
            "message unknown patch" => self.submit(999_999, &json!([{ "title": "a", "value": "b" }])),
            "agent reply" => with(self.agent(Method::POST, "/messages"), &json!({ "content": "Hi **there**" })),
            "agent select" => {
                let items = json!([{ "title": "M", "value": "m" }, { "title": "L", "value": "l" }]);
                self.answer("input_select", "Which?", &items)
            }
            "agent form" => {
                let why = json!([{ "label": "A", "value": "a" }]);
                let items = json!([
                    { "name": "email", "placeholder": "mail", "type": "email", "label": "E-mail" },
                    { "name": "why", "type": "select", "label": "Why", "options": why },
                ]);
                self.answer("form", "Form", &items)
            }
            "agent cards" => {
                let actions = json!([
                    { "type": "link", "text": "See", "uri": "https://example.com" },
                    { "type": "postback", "text": "Buy", "payload": "BUY" },
                ]);
                let media = "https://example.com/a.png";
                let card = json!({ "title": "Bag", "description": "Blue", "media_url": media, "actions": actions });
                self.answer("cards", "Cards", &json!([card]))
            }
            "agent article" => {
                let item = json!({ "title": "Returns", "description": "How", "link": "https://example.com/a" });
                self.answer("article", "Read", &json!([item]))
            }
            "agent bad item" => self.answer("input_select", "Bad", &json!([{ "title": "M", "nope": 1 }])),
            "agent private" => {
                with(self.agent(Method::POST, "/messages"), &json!({ "content": "note", "private": true }))
            }
            "select answer" => self.submit(self.messages["agent select"], &json!([{ "title": "L", "value": "l" }])),
            "form answer" => {
                self.submit(self.messages["agent form"], &json!([{ "name": "email", "value": "a@example.com" }]))
            }
            "agent delete" => {
                let request = with(self.agent(Method::POST, "/messages"), &json!({ "content": "Oops" }));
                let sent = read(request.send().await.unwrap()).await;
                self.agent(Method::DELETE, &format!("/messages/{}", sent.body["id"]))
            }
            "agent file" => {
                let form = Form::new()
                    .text("content", "manual")
                    .part("attachments[]", part("manual.pdf", "application/pdf", PDF));
                self.agent(Method::POST, "/messages").multipart(form)
            }
            "resolve" | "resolve again" => with(self.talk(Method::POST, "/toggle_status"), &json!({})),
            "csat answer" => {
                let answer = json!({ "csat_survey_response": { "rating": 5, "feedback_message": "good" } });
                self.submit(self.survey(), &answer)
            }
            "csat survey show" => self.at(Method::GET, &format!("/public/api/v1/csat_survey/{}", self.uuid)),
            "conversations not modified" => self
                .public(Method::GET, "/contacts/anon/conversations")
                .header(IF_NONE_MATCH, &self.etags["conversations"]),
            "file" => self.http.get(&self.file),
            "file second hop" => self.http.get(&self.stored),
            "file range" => self.http.get(&self.stored).header(RANGE, "bytes=2-5"),
            "portal" => self.help("help/en.json"),
            "portal bare" => self.help("help.json"),
            "portal unknown" => self.help("nope/en.json"),
            "categories" => self.help("help/en/categories.json"),
            "articles" => self.help("help/en/articles.json"),
            "article" => self.help(&format!("help/articles/{}.json", self.article)),
            "article md" => self.http.get(self.article("md")),
            "article png" => self.http.get(self.article("png")),
            "articles unchanged" => self.help("help/en/articles.json").header(IF_NONE_MATCH, &self.etags["articles"]),
            "articles page" => self.help("help/en/articles.json?page=1&per_page=25"),
            "articles sort" => self.help("help/en/articles.json?sort=views"),
            "articles query" => self.help("help/en/articles.json?query=return"),
            "articles vi" => self.help("help/vi/articles.json"),
            "articles unknown locale" => self.help("help/fr/articles.json"),
            other => panic!("the script has a step that nobody plays: {other}"),
        }
    }

    /// The number of the request for a rating.
    fn survey(&self) -> u64 {
        let conversations = self.sandbox.desk().conversations();
        conversations[0].messages.iter().find(|row| row.content_type == "input_csat").unwrap().id
    }

    /// Keeps what later steps need.
    fn remember(&mut self, step: &str, played: &Played) {
        if let Some(id) = played.body["id"].as_u64() {
            self.messages.insert(step.to_owned(), id);
        }
        if let Some(etag) = played.headers.get("etag") {
            self.etags.insert(step.to_owned(), etag.clone());
        }
        match step {
            "conversation create" => {
                self.conversation = played.body["id"].to_string();
                played.body["uuid"].as_str().unwrap().clone_into(&mut self.uuid);
            }
            "agent file" => played.body["attachments"][0]["data_url"].as_str().unwrap().clone_into(&mut self.file),
            "file" => played.headers[LOCATION.as_str()].clone_into(&mut self.stored),
            _ => {}
        }
    }
}

fn with(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.to_string())
}

fn part(name: &str, kind: &str, bytes: &'static [u8]) -> Part {
    Part::bytes(bytes).file_name(name.to_owned()).mime_str(kind).unwrap()
}

/// What the merchant's server would give along with an identifier.
fn hash(identifier: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, HMAC_KEY.as_bytes());
    ring::hmac::sign(&key, identifier.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
