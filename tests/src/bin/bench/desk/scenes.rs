//! Single scenes, each in the state in which the one before has left the phone.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    bill::Bill,
    world::{SETTLED, World},
};

const MINUTE: Duration = Duration::from_secs(60);

/// The scenes at one length of history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scenes {
    /// The app is started a day after the last time, and no chat is shown.
    pub(super) opening_next_day: Bill,
    /// The same ten minutes after the last time.
    pub(super) opening: Bill,
    /// The chat is shown.
    pub(super) chat: Bill,
    /// Ten minutes in front without the chat.
    pub(super) in_front: Bill,
    /// The connection breaks with the chat on screen.
    pub(super) lost: Bill,
    /// The app comes back to the front after ten minutes, with the chat on screen.
    pub(super) returned: Bill,
    /// The first minute after the customer has written.
    pub(super) first_minute: Bill,
    /// That, and nine more.
    pub(super) waiting: Bill,
    /// Bytes above TCP in those ten minutes, both ways: requests, answers and the socket's frames.
    pub(super) waiting_bytes: u64,
}

pub(super) async fn play(data: &Path, messages: usize) -> Scenes {
    let mut world = World::new(data, false, |_| {}).await;
    world.with_history(messages).await;

    world.take_bill();
    world.start().await;
    world.time.pass(SETTLED).await;
    let opening_next_day = world.take_bill();
    world.background().await;
    world.end().await;
    world.time.leap(MINUTE * 10).await;

    world.take_bill();
    world.start().await;
    world.time.pass(SETTLED).await;
    let opening = world.take_bill();

    world.show_chat().await;
    world.time.pass(SETTLED).await;
    let chat = world.take_bill();

    world.hide_chat();
    world.time.pass(MINUTE).await;
    world.take_bill();
    world.time.pass(MINUTE * 10).await;
    let in_front = world.take_bill();

    // Between two beats of pages: those go on whatever becomes of the connection.
    world.show_chat().await;
    world.time.pass(MINUTE + MINUTE / 2).await;
    world.take_bill();
    world.desk.faults().drop_sockets();
    world.time.pass(SETTLED).await;
    let lost = world.take_bill();

    world.background().await;
    world.time.leap(MINUTE * 10).await;
    world.take_bill();
    world.foreground().await;
    world.time.pass(SETTLED).await;
    let returned = world.take_bill();

    world.send("Is it waterproof?").await;
    world.time.pass(Duration::from_secs(2)).await;
    world.take_bill();
    let bytes = |world: &World| world.passed.now()[..2].iter().sum::<u64>();
    let before = bytes(&world);
    world.time.pass(MINUTE).await;
    let first_minute = world.take_bill();
    world.time.pass(MINUTE * 9).await;
    let mut waiting = world.take_bill();
    waiting += &first_minute;
    let waiting_bytes = bytes(&world) - before;
    Scenes { opening_next_day, opening, chat, in_front, lost, returned, first_minute, waiting, waiting_bytes }
}
