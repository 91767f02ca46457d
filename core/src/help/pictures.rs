//! Pictures of articles, fetched once and kept for when there is no network.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::params;

use super::{room::Room, shelf::Shelf};
use crate::{
    SupportError,
    clock::digest,
    error::StorageProblem,
    markdown::safe_link,
    runtime::blocking,
    store::{Durability, StoreError, Tx},
};

/// The largest picture that is fetched: 5 MiB is a photo straight from a camera, and no article needs one.
const LARGEST: usize = 5 << 20;

/// What all pictures may take; past it those not seen for longest go.
const MOST: i64 = 32 << 20;

/// The picture's file, fetched if it is not there.
pub(super) async fn picture(room: &Arc<Room>, shelf: &Arc<Shelf>, url: &str) -> Result<PathBuf, SupportError> {
    let url = safe_link(url).filter(|url| url.starts_with("http"));
    let url = url.ok_or(SupportError::NotFound { what: "picture" })?;
    let folder = room.file(".pictures");
    let path = folder.join(digest(&[&url]));
    let there = path.clone();
    let known = blocking(move || Ok(fs::metadata(there).ok().map(|file| file.len()))).await?;
    let size = match known {
        Some(size) => size,
        None => {
            let help = room.backend.help_center().ok_or(SupportError::Unsupported { what: "show pictures" })?;
            let bytes = help.picture(&url, LARGEST).await?;
            let (to, size) = (path.clone(), bytes.len() as u64);
            blocking(move || keep(&folder, &to, &bytes).map_err(|error| storage(&error))).await?;
            size
        }
    };
    let now = room.clock.now().millis();
    let gone = shelf.store.write(Durability::Later, move |tx| used(tx, &url, size, now)).await?;
    let folder = room.file(".pictures");
    blocking(move || {
        // What can't be removed now is removed when it is fetched anew and goes again.
        gone.iter().for_each(|url| drop(fs::remove_file(folder.join(digest(&[url])))));
        Ok(())
    })
    .await?;
    Ok(path)
}

/// Whole or not at all.
fn keep(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let aside = path.with_extension("new");
    fs::write(&aside, bytes)?;
    fs::rename(aside, path)
}

fn storage(error: &io::Error) -> SupportError {
    SupportError::Storage(match error.kind() {
        io::ErrorKind::StorageFull => StorageProblem::Full,
        _ => StorageProblem::Other { detail: error.kind().to_string() },
    })
}

/// Notes the use of a picture; gives the addresses of those that have to make room.
fn used(tx: &Tx<'_>, url: &str, size: u64, now: i64) -> Result<Vec<String>, StoreError> {
    tx.execute(
        "INSERT INTO pictures VALUES (?1, ?2, ?3) ON CONFLICT (url) DO UPDATE SET bytes = ?2, used_at = ?3",
        params![url, i64::try_from(size).unwrap_or(i64::MAX), now],
    )?;
    let mut gone = Vec::new();
    {
        let mut statement =
            tx.prepare("SELECT url, bytes FROM pictures ORDER BY used_at > ?2, used_at DESC, url <> ?1")?;
        // What was used in the future was dated before the clock was set back: longer ago than all since then.
        let rows =
            statement.query_map(params![url, now], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        let mut taken = 0_i64;
        for row in rows {
            let (url, bytes) = row?;
            taken = taken.saturating_add(bytes);
            if taken > MOST {
                gone.push(url);
            }
        }
    }
    for url in &gone {
        tx.execute("DELETE FROM pictures WHERE url = ?1", [url])?;
    }
    Ok(gone)
}
