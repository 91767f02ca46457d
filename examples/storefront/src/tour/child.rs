//! The shopper's app as a process of its own, for the tour to kill.
//!
//! It asks a question, and when told to it goes offline and writes once more, with a photo. It says on its output what it did, and
//! the moment that `send` has returned, the parent may kill it: from then on the message must not be lost.

use std::io::Write as _;

use shopbell::{ClientConfig, CustomerProfile, Identity, NewAttachment, NewMessage, SupportClient, SupportError};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin, stdin};

use super::{
    photo,
    story::{MAI, QUESTION, SECOND},
};
use crate::{cli::Arguments, problem::Problem};

/// The first message is kept.
pub(crate) const ASKED: &str = "asked";
/// The second is kept as well, without a network.
pub(crate) const KEPT: &str = "kept";
/// What the parent says when the first message has arrived and the network is gone.
pub(crate) const GO_OFFLINE: &str = "offline";

/// Plays the app.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Problem> {
    let (Some(desk), Some(inbox), Some(data), Some(proof)) =
        (&arguments.desk, &arguments.inbox, &arguments.data, &arguments.tour_proof)
    else {
        return Err(Problem::new("--tour-child is the tour's own", "use --tour"));
    };
    let megabytes = arguments.tour_megabytes;
    let config = photo::allow(ClientConfig::new(desk, inbox, data), megabytes);
    play(config, proof, megabytes).await.map_err(|error| Problem::desk(desk, &error))
}

async fn play(config: ClientConfig, proof: &str, megabytes: u32) -> Result<(), SupportError> {
    let camera = config.data_dir.join(photo::NAME);
    let mut orders = BufReader::new(stdin()).lines();
    let client = SupportClient::open(config).await?;
    let profile = CustomerProfile { name: Some(MAI.to_owned()), ..CustomerProfile::default() };
    client.identify(Identity::new("mai").with_hash(proof), profile).await?;
    let conversation = client.current_conversation().await?;
    conversation.send(QUESTION).await?;
    say(ASKED, conversation.id().as_str());
    wait_for(&mut orders, GO_OFFLINE).await;
    client.network_changed(false);
    // A folder that can't be written shows in what `send_message` says of the file.
    let _ = photo::take(&camera, megabytes);
    conversation.send_message(NewMessage::text(SECOND).attach(NewAttachment::path(&camera))).await?;
    // The app cleans up after itself at once: what it has sent is not its own any more.
    let _ = std::fs::remove_file(&camera);
    say(KEPT, conversation.id().as_str());
    // To be killed here. Should the parent be gone instead, the input ends and so does this.
    wait_for(&mut orders, "never").await;
    Ok(())
}

async fn wait_for(orders: &mut Lines<BufReader<Stdin>>, wanted: &str) {
    while let Ok(Some(line)) = orders.next_line().await {
        if line == wanted {
            return;
        }
    }
}

/// One line to the parent, at once.
fn say(what: &str, conversation: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that does not listen any more is the end of this process in a moment.
    let _ = writeln!(out, "{what} {conversation}").and_then(|()| out.flush());
}
