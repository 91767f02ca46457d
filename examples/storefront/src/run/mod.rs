//! The shop on a terminal: keys in, screens out, and a client behind it.

mod desk;
mod help;
mod place;
mod session;
mod switch;
#[cfg(test)]
mod tests;

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use jiff::tz::TimeZone;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{self, DisableBracketedPaste, EnableBracketedPaste},
        execute,
    },
};
use shopbell::{Clock as _, SupportClient, SupportError, SystemClock};
use tokio::sync::mpsc;

use self::{
    desk::Desk,
    place::{Place, Session},
    session::Worker,
};
use crate::{
    app::{Action, App, DeskLine, Event, update},
    cli::Arguments,
    problem::Problem,
    view::{self, time::Local},
};

/// How long the last orders may take. All of them end on the phone: only a broken disk takes as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a look at a real desk's help centre may take before the shop opens without its end.
const HELP_PATIENCE: Duration = Duration::from_secs(5);

/// How the person left.
enum End {
    Quit,
    Killed,
}

/// Opens the shop, until the person leaves.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Problem> {
    let place = Place::open(arguments.data.clone())?;
    let remembered = place.session();
    let (desk, port) = match Desk::real(&arguments) {
        Some(desk) => (desk, remembered.port),
        None => {
            needs_terminal()?;
            let (desk, port) = Desk::embedded(&place, remembered.port, &arguments).await?;
            (desk, Some(port))
        }
    };
    let session = Session { port, ..remembered };
    place.remember(session).map_err(|error| Problem::io("can't write to the shop's folder", &error))?;
    let client = open(&desk, &place, &arguments).await?;
    // After the look at a real desk: a setting that is wrong is told in a script as well.
    needs_terminal()?;

    let (events, inbox) = mpsc::unbounded_channel();
    let (actions, orders) = mpsc::unbounded_channel();
    let worker = Worker::new(client.clone(), &desk, place.clone(), session, events.clone());
    let worker = worker.start(orders).await.map_err(|error| Problem::desk(&desk.url, &error))?;
    let line = DeskLine { url: desk.url.clone(), embedded: desk.is_embedded() };

    // Restores the terminal on a panic as well.
    let mut terminal =
        ratatui::try_init().map_err(|error| Problem::new(format!("the terminal refuses: {error}"), "try another"))?;
    // A terminal without it sends pasted lines as keys: nothing is lost but comfort.
    let _ = execute!(io::stdout(), EnableBracketedPaste);
    read_keys(events);
    let size = terminal.size().map_or((80, 24), |size| (size.width, size.height));
    let app = App::new(line, session.person, size, local());
    let end = show(&mut terminal, app, inbox, &actions).await;
    // What the person did before they left is done first: what was sent is kept, and no draft any more.
    drop(actions);
    let _ = tokio::time::timeout(PATIENCE, worker).await;
    let _ = execute!(io::stdout(), DisableBracketedPaste);
    ratatui::restore();
    if matches!(end, Ok(End::Killed)) {
        farewell(&place);
        std::process::abort();
    }
    // Closed first: what is on its way may still finish.
    client.shutdown().await;
    desk.shutdown().await;
    end.map(|_| ()).map_err(|error| Problem::new(format!("the terminal is gone: {error}"), "open the shop again"))
}

fn needs_terminal() -> Result<(), Problem> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Problem::new("the shop needs a terminal to be shown in", "try the story instead: storefront --tour"))
}

/// Opens the client, having asked a real desk whether it is there.
async fn open(desk: &Desk, place: &Place, arguments: &Arguments) -> Result<SupportClient, Problem> {
    let client = desk.open(place).await.map_err(|error| Problem::desk(&desk.url, &error))?;
    if desk.is_embedded() || arguments.unchecked {
        return Ok(client);
    }
    match client.desk_info().await {
        Ok(info) if info.identity_proof_required && desk.hmac_key.is_none() => {
            client.shutdown().await;
            Err(Problem::new(
                format!("{} asks for a proof of identity", desk.url),
                "give the inbox's key with --hmac-key KEY (Chatwoot: the inbox's settings, Identity validation)",
            ))
        }
        Ok(_) => match look_for_help(&client).await {
            Ok(()) => Ok(client),
            Err(error) => {
                client.shutdown().await;
                Err(Problem::desk(&desk.url, &error))
            }
        },
        Err(error) => {
            client.shutdown().await;
            Err(Problem::desk(&desk.url, &error))
        }
    }
}

/// Whether the help centre that was named is there. Everything else that may be wrong with it passes.
async fn look_for_help(client: &SupportClient) -> Result<(), SupportError> {
    let Ok(help) = client.help_center() else { return Ok(()) };
    match tokio::time::timeout(HELP_PATIENCE, help.sync()).await {
        Ok(Err(error @ SupportError::InvalidConfig { .. })) => Err(error),
        _ => Ok(()),
    }
}

/// Waits for events, changes the state, draws. Events that have piled up are drawn once.
async fn show(
    terminal: &mut DefaultTerminal,
    mut app: App,
    mut inbox: mpsc::UnboundedReceiver<Event>,
    actions: &mpsc::UnboundedSender<Action>,
) -> io::Result<End> {
    loop {
        app.local.now = SystemClock.now();
        terminal.draw(|frame| view::draw(frame, &app))?;
        let first = tokio::select! {
            event = inbox.recv() => event,
            () = asked_to_end() => None,
        };
        let Some(first) = first else { return Ok(End::Quit) };
        let mut next = Some(first);
        while let Some(event) = next {
            for action in update(&mut app, event) {
                match action {
                    Action::Quit => return Ok(End::Quit),
                    Action::Kill => return Ok(End::Killed),
                    Action::Redraw => terminal.clear()?,
                    // The worker outlives the loop.
                    other => drop(actions.send(other)),
                }
            }
            next = inbox.try_recv().ok();
        }
    }
}

/// A system that shuts down, or a window that is closed.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// Reads the keyboard on a thread of its own, for reading blocks; it ends with the process.
fn read_keys(events: mpsc::UnboundedSender<Event>) {
    std::thread::spawn(move || {
        while let Ok(read) = event::read() {
            let event = match read {
                event::Event::Key(key) => Event::Key(key),
                event::Event::Paste(text) => Event::Pasted(text),
                event::Event::Resize(width, height) => Event::Resized { width, height },
                _ => continue,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    });
}

fn local() -> Local {
    Local { now: SystemClock.now(), zone: TimeZone::system() }
}

#[allow(clippy::print_stderr, reason = "the last words of a process that is about to be killed, for its person")]
fn farewell(place: &Place) {
    eprintln!("Killed. Start it again and look: everything is in {}.", place.folder().display());
}
