//! The desk's memory on disk: one file of records, one JSON object a line.
//!
//! Records are appended and handed to the system before the request that caused them is answered, so a `kill -9` loses
//! nothing that was acknowledged (the machine losing power may: a sandbox does not wait for the platter). At each start
//! the file is read, a line torn by a crash is dropped, and the rest is written anew, shorter, under another name that
//! then takes the old one's place in one step.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use super::tables::{Record, Tables};

const NAME: &str = "journal.jsonl";

/// The open journal, or none for a desk that forgets.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    file: Option<File>,
    pending: Vec<u8>,
}

impl Journal {
    /// Reads what `directory` holds and opens it for more.
    pub(crate) fn open(directory: &Path) -> io::Result<(Self, Tables)> {
        fs::create_dir_all(directory)?;
        let path = directory.join(NAME);
        let tables = if path.exists() { read(&path)? } else { Tables::default() };
        let fresh = directory.join("journal.jsonl.new");
        let mut writer = BufWriter::new(File::create(&fresh)?);
        for record in tables.records() {
            serde_json::to_writer(&mut writer, &record)?;
            writer.write_all(b"\n")?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((Self { file: Some(file), pending: Vec::new() }, tables))
    }

    /// Notes a record; [`Self::flush`] writes it.
    pub(crate) fn note(&mut self, record: &Record) {
        if self.file.is_none() {
            return;
        }
        match serde_json::to_vec(record) {
            Ok(line) => {
                self.pending.extend_from_slice(&line);
                self.pending.push(b'\n');
            }
            Err(error) => tracing::error!(%error, "a record could not be written"),
        }
    }

    /// Hands everything noted to the system, in one write so that a crash tears at most one line.
    pub(crate) fn flush(&mut self) {
        let Some(file) = &mut self.file else { return };
        if self.pending.is_empty() {
            return;
        }
        if let Err(error) = file.write_all(&self.pending) {
            tracing::error!(%error, "the journal could not be written: this change is lost at the end");
        }
        self.pending.clear();
    }
}

fn read(path: &Path) -> io::Result<Tables> {
    let mut tables = Tables::default();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        match serde_json::from_slice(&line?) {
            Ok(record) => tables.apply(record),
            Err(error) => tracing::warn!(%error, "a torn line of the journal is left out"),
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_left_out_and_the_rest_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(NAME), b"{\"contact_gone\":1}\n{\"session_gone\":\"x\"}\n{\"contact_go")
            .unwrap();
        let (mut journal, tables) = Journal::open(directory.path()).unwrap();
        assert!(tables.contacts.is_empty());
        journal.note(&Record::ContactGone(9));
        journal.flush();
        let text = fs::read_to_string(directory.path().join(NAME)).unwrap();
        assert_eq!(text, "{\"contact_gone\":9}\n");
    }
}
