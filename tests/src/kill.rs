//! Killing a real process while it works, again and again.
//!
//! The process is [`sender`](../../src/bin/sender.rs): it writes one message after the other and says on its output
//! what it tries and what it was promised. Whatever it was promised must be at the desk in the end, once; what it only
//! tried may be there, once at most.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use shopbell::{Conversation, SupportClient};

/// What the process said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is about to send this.
    Tries(u64),
    /// `send()` has returned.
    Kept(u64),
    /// A file of the agent's was given to the app, and was right or not.
    Fetched(bool),
}

/// A process at work.
pub struct Sender {
    child: Child,
    said: mpsc::Receiver<Said>,
}

impl Sender {
    /// Starts one that writes messages from `first` on, `count` of them.
    pub fn start(program: &str, desk: &str, data: &Path, first: u64, count: u64) -> Self {
        let mut child = Command::new(program)
            .args([desk, "shop"])
            .arg(data)
            .args([&first.to_string(), &count.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sender starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let said = match line.split_once(' ') {
                    Some(("tries", number)) => Said::Tries(number.parse().expect("a number")),
                    Some(("kept", number)) => Said::Kept(number.parse().expect("a number")),
                    Some(("fetched", right)) => Said::Fetched(right == "right"),
                    _ => panic!("the sender said {line:?}"),
                };
                if tell.send(said).is_err() {
                    return;
                }
            }
        });
        Self { child, said }
    }

    /// Listens until it is time to kill, or until the process ends by itself.
    pub fn listen(&self, time: Duration, mut hear: impl FnMut(Said)) {
        let until = std::time::Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            match self.said.recv_timeout(left) {
                Ok(said) => hear(said),
                Err(_) => return,
            }
        }
    }

    /// Kills it with a signal that nothing can catch, and hears what it had still said.
    pub fn kill(mut self, mut hear: impl FnMut(Said)) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let status = self.child.wait().expect("it is gone");
        assert!(status.code().is_none_or(|code| code == 0), "neither killed nor done: {status}");
        while let Ok(said) = self.said.recv() {
            hear(said);
        }
    }
}

/// Ends this process at a panic anywhere in it. The core catches its own, as it must in an app; a test has to see them.
pub fn end_at_a_panic() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(101);
    }));
}

/// The conversation that is on the phone, else a new one. Looked for, not remembered: a message may be kept though the
/// process was killed before it could say so, and with it the conversation that it began.
pub async fn one_conversation(client: &SupportClient) -> Conversation {
    client.current_conversation().await.expect("open")
}

/// A small generator, so that a seed that is printed repeats the whole run.
pub struct Chance(u64);

impl Chance {
    /// From the environment (`SHOPBELL_SEED`), else from the time; printed.
    pub fn from_environment() -> Self {
        let seed = std::env::var("SHOPBELL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            let clock = shopbell::Clock::now(&shopbell::SystemClock);
            u64::try_from(clock.millis()).expect("after 1970")
        });
        println!("seed: SHOPBELL_SEED={seed}");
        Self(seed)
    }

    /// The next number (SplitMix64).
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next_number() % n
    }
}

/// The content of the file with this number: of its own length, and unlike any other's.
pub fn content(number: u64) -> Vec<u8> {
    let mut chance = Chance(number);
    let length = 50_000 + chance.below(400_000);
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        bytes.extend_from_slice(&chance.next_number().to_le_bytes());
    }
    bytes
}
