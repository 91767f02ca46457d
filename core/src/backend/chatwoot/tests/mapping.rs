//! Payloads of every kind, as they are mapped.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{
    lenient::{List, Wire as _},
    mapping, wire,
};
use crate::{DeskConversationId, Timestamp, backend::DeskMessage};

fn shown(message: &DeskMessage) -> Value {
    json!({
        "id": message.id,
        "conversation": message.conversation,
        "author": message.author,
        "content": message.content,
        "attachments": message.attachments,
        "created_at": message.created_at,
        "echo": message.echo,
        "receipt": message.receipt,
        "deleted": message.deleted,
        "in_reply_to": message.in_reply_to,
    })
}

fn mapped(wire: Value) -> Option<DeskMessage> {
    let wire = wire::Message::of(wire)?;
    mapping::message(wire, None, Timestamp::from_seconds(7))
}

/// An agent's message of this type, with these attributes.
fn content(kind: &str, attributes: Value) -> Value {
    let wire = json!({"id": 1, "conversation_id": 2, "message_type": 1, "created_at": 1_750_000_000,
        "content": "Question?", "content_type": kind, "content_attributes": attributes});
    json!(mapped(wire).unwrap().content)
}

#[test]
fn each_content_type_has_its_content() {
    let select = json!({"items": [{"title": "Red", "value": "r"}, {"title": "Seven", "value": 7}, {"title": "Blue"},
                                  {"value": "v"}, {}, 9, null],
                        "submitted_values": [{"title": "Red", "value": "r"}]});
    let form = json!({"button_label": "Go", "items": [
        {"type": "email", "label": "Mail", "name": "email", "placeholder": "a@b", "default": "", "required": true,
         "pattern": "^.+$", "title": "t", "pattern_error": "no"},
        {"type": "select", "name": "size", "options": [{"label": "Large", "value": "l"}, "Small"], "required": "false"},
        {"label": "nameless"}],
        "submitted_values": [{"name": "email", "value": "a@b"}, {"name": "size"}]});
    let cards = json!({"items": [{"title": "Shoe", "description": "Red", "media_url": "https://d/s.png", "actions": [
            {"type": "link", "text": "See", "uri": "https://shop/s"},
            {"type": "link", "text": "Run", "uri": "javascript:alert(1)"},
            {"type": "postback", "text": "Buy", "payload": "BUY", "uri": "https://shop/b"},
            {"type": "novel", "uri": "tel:+123"}, {"text": "nothing"}]},
        {"title": "Bad picture", "media_url": "file:///etc/passwd"}, "nonsense"]});
    let article = json!({"items": [{"title": "How", "description": "So", "link": "https://help/a"},
        {"title": "No", "link": "data:text/html,x"}, {"link": "https://help/b"}]});
    let csat = |rating: Value| {
        json!({"display_type": "star",
               "submitted_values": {"csat_survey_response": {"rating": rating, "feedback_message": "ok"}}})
    };
    let table = [
        ("text", json!({})),
        ("input_select", select),
        ("form", form),
        ("cards", cards),
        ("article", article),
        ("input_csat", csat(json!(5))),
    ];
    for (kind, attributes) in table {
        insta::assert_json_snapshot!(kind, content(kind, attributes));
    }
    let kind_of = |kind: &str, attributes: Value| content(kind, attributes)["type"].as_str().unwrap().to_owned();
    assert_eq!(content("input_csat", json!({"display_type": "emoji"}))["scale"], "emoji");
    assert_eq!(content("input_csat", csat(json!("4")))["answer"]["rating"]["score"], 4);
    for senseless in [json!(0), json!(6), json!(-1), json!(1e30), json!("x"), json!(null)] {
        assert_eq!(content("input_csat", csat(senseless))["answer"], Value::Null);
    }
    for plain in ["input_text", "input_textarea", "sticker", "incoming_email"] {
        assert_eq!(kind_of(plain, json!({})), "text", "{plain}");
    }
    for other in ["input_email", "integrations", "voice_call", "hologram"] {
        let content = content(other, json!({"data": {}}));
        assert_eq!(content, json!({"type": "unsupported", "text": "Question?", "kind": other}));
    }
    assert_eq!(kind_of("text", json!({"is_unsupported": true})), "unsupported");
    // Without anything to choose from they are words.
    for empty in ["input_select", "form", "cards", "article"] {
        for attributes in [json!(null), json!({"items": []}), json!({"items": "x"}), json!([1])] {
            assert_eq!(kind_of(empty, attributes), "text", "{empty}");
        }
    }
    let named = content("form", json!({"items": [{"name": "a"}], "submitted_values": {"a": "1", "b": []}}));
    assert_eq!(named["answer"]["values"], json!([{"name": "a", "value": "1"}]));
}

#[test]
fn what_cannot_be_opened_or_answered_is_shown_as_words() {
    let articles = content(
        "article",
        json!({"items": [{"title": "Returns", "description": "So", "link": "/hc/shop/articles/1"},
                         {"title": "Sizes"}, "Payment", {"title": "Care", "link": "www.shop.example/care"}]}),
    );
    assert_eq!(articles["text"], "Question?\nReturns\nSo\n/hc/shop/articles/1\nSizes\nPayment");
    let open = json!([{"title": "Care", "description": "", "url": "https://www.shop.example/care"}]);
    assert_eq!(articles["articles"], open);
    let relative = content("article", json!({"items": [{"title": "Returns", "link": "/hc/shop/articles/1"}]}));
    assert_eq!(relative, json!({"type": "text", "text": "Question?\nReturns\n/hc/shop/articles/1"}));

    let card = |actions: Value| {
        let cards = content("cards", json!({"items": [{"title": "Bag", "description": "Blue", "actions": actions}]}));
        let card = &cards["cards"][0];
        (card["description"].as_str().unwrap().to_owned(), card["actions"].clone())
    };
    let action = |uri: &str| json!([{"type": "link", "text": "Open", "uri": uri}]);
    let link = |url: &str| json!([{"type": "link", "text": "Open", "url": url}]);
    assert_eq!(card(action("myapp://order/5")), ("Blue\nOpen: myapp://order/5".to_owned(), json!([])));
    assert_eq!(card(action("www.shop.example/a")), ("Blue".to_owned(), link("https://www.shop.example/a")));
    assert_eq!(card(action("https://d/my file")), ("Blue".to_owned(), link("https://d/my%20file")));
    assert_eq!(card(action("tel:+84 901 234")), ("Blue".to_owned(), link("tel:+84901234")));
    assert_eq!(card(json!([{"text": "Sold out"}])), ("Blue\nSold out".to_owned(), json!([])));
    let both = json!([{"type": "link", "text": "Open", "uri": "myapp://x", "payload": "OPEN"}]);
    let reply = json!([{"type": "reply", "text": "Open", "payload": "OPEN"}]);
    assert_eq!(card(both), ("Blue\nOpen: myapp://x".to_owned(), reply));

    let cards = content("cards", json!({"items": [{"media_url": "/bag.png"}, {}, "a bag", {"title": " "}]}));
    assert_eq!(cards["text"], "Question?\na bag");
    assert_eq!(cards["cards"].as_array().unwrap().len(), 1);
    assert_eq!(cards["cards"][0]["description"], "/bag.png");
}

#[test]
fn authors_are_told_apart() {
    let author = |message_type: Value, sender: Value| {
        let wire = json!({"id": 1, "conversation_id": 2, "message_type": message_type, "sender": sender});
        mapped(wire).map_or(json!("dropped"), |message| json!(message.author))
    };
    let table = [
        (json!(0), json!({"type": "contact", "name": "Me"})),
        (json!("incoming"), json!(null)),
        (
            json!(1),
            json!({"id": 4, "name": "Ann Lee", "available_name": "Annie", "type": "user",
                          "avatar_url": "", "thumbnail": "https://d/a.png"}),
        ),
        (json!("outgoing"), json!(null)),
        (json!("1"), json!({"id": 4, "type": "agent_bot", "name": "Robo"})),
        (json!(1.0), json!({"id": 4, "type": "captain_assistant", "name": ""})),
        (json!(3), json!({"id": 4, "type": "user", "name": "Ann"})),
        (json!("template"), json!(7)),
        (json!(2), json!(null)),
        (json!("activity"), json!(null)),
        (json!(9), json!({"type": "contact"})),
        (json!(9), json!({"type": "user"})),
        (json!(null), json!(null)),
    ];
    let told: Vec<Value> =
        table.into_iter().map(|(kind, sender)| json!([kind.clone(), author(kind, sender)])).collect();
    insta::assert_json_snapshot!(told);
    // Events name the sender's class beside it.
    let bot = mapped(json!({"id": 1, "conversation_id": 2, "message_type": 1, "sender_type": "Captain::Assistant"}));
    assert_eq!(json!(bot.unwrap().author), json!({"type": "bot", "name": null}));
}

#[test]
fn whole_event_is_mapped() {
    // Shaped after the payload recorded in the desk's own issue #9965.
    let wire = json!({"id": 88, "content": "Hello **you**", "account_id": 1, "inbox_id": 4, "conversation_id": 12,
        "message_type": 0, "created_at": 1_750_000_000, "updated_at": "2025-06-15T15:06:40.000Z", "private": false,
        "status": "read", "source_id": null, "content_type": "text",
        "content_attributes": {"in_reply_to": 80, "in_reply_to_external_id": null}, "sender_type": "Contact",
        "sender_id": 3, "external_source_ids": {}, "additional_attributes": {}, "sentiment": {}, "echo_id": "e-1",
        "processed_message_content": "Hello", "performer": null,
        "conversation": {"assignee_id": null, "unread_count": 1, "contact_inbox": {"source_id": "k"}},
        "attachments": [
            {"id": 1, "file_type": "image", "extension": null, "content_type": "image/png", "file_size": 2048,
             "data_url": "https://d/rails/active_storage/blobs/redirect/x/my%20cat%20%C3%A9.png",
             "thumb_url": "https://d/thumb.png", "width": 640, "height": 480},
            {"file_type": "audio", "data_url": "https://d/a.ogg", "transcribed_text": "hi", "file_size": -5},
            {"file_type": "file", "data_url": "https://d/x/..%2F..%2Fetc%2Fpass%E2%80%AEgpj.exe", "width": 1e12},
            {"file_type": "location", "fallback_title": "Berlin", "data_url": "https://maps/x"},
            {"file_type": "embed", "extension": "x", "data_url": "javascript:x", "thumb_url": "data:x"},
            {"file_type": "video", "data_url": "https://d/%ZZ%", "content_type": "mp4"},
            "nonsense", null],
        "sender": {"id": 3, "name": "Me", "type": "contact"}});
    insta::assert_json_snapshot!(shown(&mapped(wire).unwrap()));
}

#[test]
fn deleted_message_is_its_notice_alone() {
    let wire = json!({"id": 1, "conversation_id": 2, "message_type": 1, "content": "This message was deleted",
        "content_type": "input_select", "content_attributes": {"deleted": true, "items": [{"title": "a", "value": "b"}]},
        "attachments": [{"file_type": "image", "data_url": "https://d/a.png"}]});
    let message = mapped(wire).unwrap();
    assert!(message.deleted && message.attachments.is_empty());
    assert_eq!(json!(message.content), json!({"type": "text", "text": "This message was deleted"}));
}

#[test]
fn receipts_are_of_the_customers_own_messages() {
    let receipt = |message_type: i64, status: &str| {
        let wire = json!({"id": 1, "conversation_id": 2, "message_type": message_type, "status": status});
        mapped(wire).unwrap().receipt
    };
    assert_eq!(receipt(0, "sent"), Some(crate::Receipt::Sent));
    assert_eq!(receipt(0, "delivered"), Some(crate::Receipt::Delivered));
    assert_eq!(receipt(0, "read"), Some(crate::Receipt::Read));
    assert_eq!(receipt(0, "failed"), None);
    assert_eq!(receipt(1, "read"), None);
}

#[test]
fn senseless_messages_are_left_out_and_the_rest_stays_in_order() {
    let list = r#"[
        {"id": 3, "message_type": 0, "content": "c", "created_at": "soon"},
        {"id": 2, "message_type": "1", "content": null, "created_at": 1750000000.5},
        null, 7, "x", [], {"id": 0}, {"id": -1}, {"id": 1e300}, {"id": 99999999999999999999}, {"content": "no id"},
        {"id": 2, "message_type": "1", "content": "twice", "created_at": 1750000000.5},
        {"id": 4, "message_type": 2}, {"id": 5, "private": true}, {"id": 6, "private": "true"},
        {"id": "7", "content": 8, "created_at": -1, "sender": [], "attachments": {}, "content_attributes": "{}"},
        {"id": 8, "created_at": "2025-06-15T15:06:41.250Z", "conversation_id": 999, "novel": {"deep": [1]}}]"#;
    let list: List<wire::Message> = List::of(list.as_bytes()).unwrap();
    let messages = mapping::messages(list.items, DeskConversationId::new(2).unwrap());
    let told: Vec<_> = messages
        .iter()
        .map(|m| (m.id.get(), m.conversation.get(), m.created_at.millis(), m.content.as_text()))
        .collect();
    let expected = [
        (2, 2, 1_750_000_000_500, "twice"),
        (3, 2, 1_750_000_000_500, "c"),
        (7, 2, 1_750_000_000_500, "8"),
        (8, 2, 1_750_000_001_250, ""),
    ];
    assert_eq!(told, expected);
}

#[test]
fn conversation_takes_what_is_there() {
    let wire = json!({"id": 12, "uuid": "u", "inbox_id": "4", "contact_last_seen_at": 0,
        "agent_last_seen_at": 1_750_000_000, "status": "snoozed", "contact": {"id": 1},
        "messages": [{"id": 2, "message_type": 3, "content": "Welcome"}, {"id": 1, "message_type": 0, "content": "Hi"}]});
    let conversation = mapping::conversation(wire::Conversation::of(wire).unwrap()).unwrap();
    assert_eq!(conversation.status, crate::ConversationStatus::Snoozed);
    assert_eq!(
        (conversation.customer_seen_at, conversation.agent_seen_at.map(|t| t.seconds())),
        (None, Some(1_750_000_000))
    );
    assert_eq!(conversation.messages.iter().map(|m| m.id.get()).collect::<Vec<_>>(), [1, 2]);
    let novel = mapping::conversation(wire::Conversation::of(json!({"id": 1, "status": 9})).unwrap()).unwrap();
    assert_eq!(novel.status, crate::ConversationStatus::Open);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("https://d/%")),
        Just(json!("input_select")),
    ];
    let name = prop_oneof![
        "[a-z_]{0,6}",
        Just("items".to_owned()),
        Just("title".to_owned()),
        Just("value".to_owned()),
        Just("name".to_owned()),
        Just("submitted_values".to_owned()),
        Just("actions".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn any_fields_never_panic_and_never_lose_the_message(
        fields in proptest::collection::vec(any_json(), 6),
        kind in prop_oneof![Just("input_select"), Just("form"), Just("cards"), Just("article"), Just("input_csat"), Just("x")],
    ) {
        let wire = json!({"id": 5, "conversation_id": 2, "message_type": 1, "content_type": kind,
            "content": fields[0], "content_attributes": {"items": fields[1], "submitted_values": fields[2]},
            "created_at": fields[3], "sender": fields[4], "attachments": [fields[5], {"data_url": fields[0]}]});
        prop_assert!(mapped(wire).is_some());
    }
}

#[test]
fn places_contacts_and_sounds_bring_what_belongs_to_them() {
    let wire = json!({"id": 1, "conversation_id": 2, "message_type": 0, "attachments": [
        {"file_type": "location", "fallback_title": "Our shop: the door", "coordinates_lat": 10.77,
            "coordinates_long": "106.7", "data_url": "https://maps.example/x"},
        {"file_type": "location", "coordinates_lat": 0, "coordinates_long": 0.0},
        {"file_type": "location", "coordinates_lat": 95, "coordinates_long": "east"},
        {"file_type": "contact", "fallback_title": "+84 1", "meta": {"firstName": "Linh", "lastName": "Trần"}},
        {"file_type": "audio", "data_url": "https://d/a.ogg", "transcribed_text": "hello", "meta": {"duration": 2.5}},
        {"file_type": "audio", "data_url": "https://d/b.ogg", "meta": {"duration": -1}},
    ]});
    let message = mapped(wire).unwrap();
    let [place, sea, nowhere, contact, sound, other] = message.attachments.as_slice() else { panic!("six") };
    let there = place.coordinates.unwrap();
    assert_eq!((there.latitude, there.longitude, place.name.as_str()), (10.77, 106.7, "Our shop: the door"));
    assert_eq!((sea.coordinates, nowhere.coordinates), (None, None));
    assert_eq!((contact.name.as_str(), contact.phone.as_deref()), ("Linh Trần", Some("+84 1")));
    assert_eq!((sound.duration_ms, sound.transcript.as_deref()), (Some(2_500), Some("hello")));
    assert_eq!((other.duration_ms, other.transcript.as_deref()), (None, None));
}
