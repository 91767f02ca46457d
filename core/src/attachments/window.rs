//! A file looked at through a window: small reads anywhere in it, few of them from the disk.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// How much is read at once where reads follow each other: a phone's page of flash, several times over.
const SIZE: usize = 64 << 10;

/// How much is read at once after a jump: tables point all over a file, and little is wanted at each place.
const JUMP: usize = 4 << 10;

/// What can be read and changed in place.
pub(crate) trait Medium: Read + Write + Seek {}

impl<T: Read + Write + Seek> Medium for T {}

/// What can be read anywhere.
pub(crate) trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// A medium that is only read: the first write fails.
pub(crate) struct Untouched<'a>(pub(crate) &'a mut dyn Source);

impl Read for Untouched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Untouched<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Untouched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// A window on a medium.
pub(crate) struct Window<'a> {
    medium: &'a mut dyn Medium,
    from: u64,
    seen: Vec<u8>,
    /// Bytes read and asked for so far: what bounds the work that a hostile file can cause.
    cost: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn new(medium: &'a mut dyn Medium) -> Self {
        Self { medium, from: 0, seen: Vec::new(), cost: 0 }
    }

    /// Bytes read and asked for so far.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// The bytes from `at` on: `want` of them, fewer only where the file ends before. At most [`SIZE`].
    pub(crate) fn bytes(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        self.cost = self.cost.saturating_add(u64::try_from(want.min(SIZE)).unwrap_or(u64::MAX)).saturating_add(1);
        self.peek(at, want)
    }

    /// The same for a caller that goes on from where it found something: what it asks for again costs nothing again.
    pub(super) fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let want = want.min(SIZE);
        let inside = |seen: &[u8], from: u64| {
            let start = usize::try_from(at.checked_sub(from)?).ok()?;
            (start.checked_add(want)? <= seen.len()).then_some(start)
        };
        let start = match inside(&self.seen, self.from) {
            Some(start) => start,
            None => {
                let behind = self.from.saturating_add(u64::try_from(self.seen.len()).unwrap_or(u64::MAX));
                let size = if (self.from..=behind).contains(&at) { SIZE } else { want.max(JUMP) };
                self.medium.seek(SeekFrom::Start(at))?;
                self.from = at;
                self.seen.clear();
                let limit = u64::try_from(size).unwrap_or(u64::MAX);
                (&mut *self.medium).take(limit).read_to_end(&mut self.seen)?;
                self.cost = self.cost.saturating_add(u64::try_from(self.seen.len()).unwrap_or(u64::MAX));
                0
            }
        };
        let end = start.saturating_add(want).min(self.seen.len());
        Ok(self.seen.get(start..end).unwrap_or_default())
    }

    /// `N` bytes from `at` on; `None` where the file ends before.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        Ok(self.bytes(at, N)?.try_into().ok())
    }

    /// Changes the bytes from `at` on; the caller has read them before. What is seen changes with them, so that many
    /// small changes cost no further reading.
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.medium.seek(SeekFrom::Start(at))?;
        self.medium.write_all(bytes)?;
        let start = at.checked_sub(self.from).and_then(|start| usize::try_from(start).ok());
        let place = start.and_then(|start| self.seen.get_mut(start..start.checked_add(bytes.len())?));
        match place {
            Some(place) => place.copy_from_slice(bytes),
            None => self.seen.clear(),
        }
        Ok(())
    }

    /// The file's length.
    pub(crate) fn len(&mut self) -> io::Result<u64> {
        self.medium.seek(SeekFrom::End(0))
    }
}
