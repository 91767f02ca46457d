//! What it was measured on: without that, a figure means nothing.

use std::{
    fmt,
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::Instant,
};

use serde_json::{Value, json};

use super::stats::Times;

/// The machine, and what its disk charges for a promise.
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    file_system: String,
    sync: Times,
}

impl Machine {
    /// Looks around, and writes to the folder to see what making sure of a write costs there.
    pub(crate) fn look_at(folder: &Path) -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            file_system: file_system(folder).unwrap_or_else(|| "unknown file system".to_owned()),
            sync: sync_cost(folder),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "cores": self.cores,
            "processor": self.processor,
            "file_system": self.file_system,
            "fsync_ms": self.sync.median(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, processor, file_system, sync } = self;
        write!(f, "{cores} cores ({processor}), {file_system}, ")?;
        write!(f, "4 kB appended and synced: {:.2} ms ({} ms)", sync.median(), sync.spread())
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The kind of the file system that holds the folder: that of the longest mount point it lies under.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let kinds = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    kinds.max_by_key(|(length, _)| *length).map(|(_, kind)| kind.to_owned())
}

/// What SQLite pays for a commit with `synchronous=FULL`: a page written and `fsync`ed (its build for
/// Rust knows no `fdatasync`).
fn sync_cost(folder: &Path) -> Times {
    let mut times = Times::default();
    let mut file = File::create(folder.join("sync-cost")).expect("a file");
    for turn in 0..50 {
        let start = Instant::now();
        file.write_all(&[0; 4_096]).and_then(|()| file.sync_all()).expect("a write");
        // The first ones also grow the file's own bookkeeping.
        if turn >= 10 {
            times.since(start);
        }
    }
    times
}
