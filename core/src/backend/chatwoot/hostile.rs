//! The doors that bytes from outside come in by, open for fuzzing. Nothing here is for an app.

use std::{sync::Arc, time::Duration};

use super::{
    cable::{Cable, Effect, Input, Timing},
    events::Events,
    lenient::{List, Wire as _},
    mapping, wire,
};
use crate::{DeskConversationId, SystemClock, backend::Secret};

/// Reads bytes as each answer of the desk that holds more than a word; gives how many things came out.
///
/// ```
/// assert_eq!(shopbell::backend::chatwoot::hostile::answers(b"{]"), 0);
/// ```
pub fn answers(bytes: &[u8]) -> usize {
    let Some(conversation) = DeskConversationId::new(1) else { return 0 };
    let mut things = 0;
    if let Ok(list) = List::<wire::Conversation>::of(bytes) {
        things += list.items.into_iter().filter_map(mapping::conversation).count();
    }
    if let Ok(list) = List::<wire::Message>::of(bytes) {
        things += mapping::messages(list.items, conversation).len();
    }
    let Ok(one) = serde_json::from_slice::<serde_json::Value>(bytes) else { return things };
    if let Some(one) = wire::Message::of(one.clone()) {
        things += mapping::messages(vec![one], conversation).len();
    }
    things + usize::from(wire::Inbox::of(one.clone()).is_some()) + usize::from(wire::Contact::of(one).is_some())
}

/// Takes the lines as frames of a realtime session, with the time running on; gives how many events came out.
///
/// ```
/// assert_eq!(shopbell::backend::chatwoot::hostile::frames("{\"type\":\"welcome\"}\nnonsense"), 0);
/// ```
pub fn frames(lines: &str) -> usize {
    let mut cable = Cable::new(&Secret::new("token"), Timing::default());
    let events = Events { key: Secret::new("key"), clock: Arc::new(SystemClock) };
    let mut came = 0;
    for (second, line) in lines.lines().enumerate() {
        let now = Duration::from_secs(u64::try_from(second).unwrap_or(u64::MAX));
        let input = match line {
            "" => Input::Tick,
            "present" => Input::Present,
            "closed" => Input::Closed,
            frame => Input::Frame(frame),
        };
        for effect in cable.on(input, now) {
            if let Effect::Event { name, data } = effect
                && events.map(&name, data).is_some()
            {
                came += 1;
            }
        }
    }
    came
}
