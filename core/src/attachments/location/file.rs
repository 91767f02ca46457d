//! The file that is cleaned: reads and changes anywhere in it, with a bound on the work that its content can cause.

use std::{io, ops::Range};

use super::{
    super::window::{Medium, Window},
    MAX_METADATA,
};

/// Why the location can't be removed from a file.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file can't be read or written.
    Io(io::Error),
    /// The file may hold a location in a place that can't be rewritten. Says why.
    Unremovable(&'static str),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Outcome<T = ()> = Result<T, Failure>;

/// The file's structure contradicts itself.
pub(super) fn broken<T>() -> Outcome<T> {
    Err(Failure::Unremovable("its structure is broken"))
}

/// How deep files may stand within files, and boxes within boxes.
const MAX_DEPTH: u8 = 24;

/// How many times its length, and how much besides, may be read of a file. A photo needs about twice its length.
const TIMES: u64 = 8;
const BESIDES: u64 = 64 << 20;

/// How much is read or written at once where a long stretch is blanked.
const STEP: usize = 4 << 10;

/// A stretch of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Span {
    pub(super) fn new(start: u64, end: u64) -> Self {
        Self { start, end: end.max(start) }
    }

    pub(super) fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// What is left of it from `count` bytes on.
    pub(super) fn skip(self, count: u64) -> Self {
        Self::new(self.start.saturating_add(count).min(self.end), self.end)
    }

    /// `length` bytes from `offset` on, as far as the span goes.
    pub(super) fn part(self, offset: u64, length: u64) -> Self {
        let start = self.start.saturating_add(offset).min(self.end);
        Self::new(start, start.saturating_add(length).min(self.end))
    }
}

/// The file that is cleaned.
pub(super) struct File<'a> {
    window: Window<'a>,
    length: u64,
    most: u64,
    changed: bool,
    depth: u8,
}

impl<'a> File<'a> {
    pub(super) fn new(medium: &'a mut dyn Medium) -> io::Result<Self> {
        let mut window = Window::new(medium);
        let length = window.len()?;
        let most = length.saturating_mul(TIMES).saturating_add(BESIDES);
        Ok(Self { window, length, most, changed: false, depth: 0 })
    }

    pub(super) fn all(&self) -> Span {
        Span::new(0, self.length)
    }

    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// Runs `work`; gives whether it changed anything.
    pub(super) fn changes(&mut self, work: impl FnOnce(&mut Self) -> Outcome) -> Outcome<bool> {
        let before = std::mem::replace(&mut self.changed, false);
        let done = work(self);
        let changed = self.changed;
        self.changed |= before;
        done.map(|()| changed)
    }

    /// Runs `work` one level further in.
    pub(super) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth >= MAX_DEPTH {
            return broken();
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    fn is_affordable(&self) -> Outcome {
        if self.window.cost() > self.most {
            return Err(Failure::Unremovable("its structure is too complex"));
        }
        Ok(())
    }

    /// Up to `want` bytes from `at` on: fewer where the file ends, or where it is more than the window holds.
    pub(super) fn bytes(&mut self, at: u64, want: usize) -> Outcome<&[u8]> {
        self.is_affordable()?;
        Ok(self.window.bytes(at, want)?)
    }

    /// The same for a search, which asks for most bytes again after each find.
    pub(super) fn peek(&mut self, at: u64, want: usize) -> Outcome<&[u8]> {
        self.is_affordable()?;
        Ok(self.window.peek(at, want)?)
    }

    /// `N` bytes from `at` on; `None` where the span ends before.
    pub(super) fn array<const N: usize>(&mut self, at: u64, span: Span) -> Outcome<Option<[u8; N]>> {
        let end = at.saturating_add(u64::try_from(N).unwrap_or(u64::MAX));
        if at < span.start || end > span.end {
            return Ok(None);
        }
        self.is_affordable()?;
        Ok(self.window.array(at)?)
    }

    /// The bytes of a span, as far as the file goes; `None` if it has more than [`MAX_METADATA`].
    pub(super) fn read(&mut self, span: Span) -> Outcome<Option<Vec<u8>>> {
        if span.len() > MAX_METADATA {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let mut at = span.start;
        while at < span.end {
            let part = self.bytes(at, usize::try_from(span.end - at).unwrap_or(usize::MAX))?;
            if part.is_empty() {
                break;
            }
            at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            bytes.extend_from_slice(part);
        }
        Ok(Some(bytes))
    }

    /// Writes `bytes` at `at`, as far as the file goes.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Outcome {
        let room = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
        self.window.write(at, bytes.get(..room).unwrap_or_default())?;
        self.changed = true;
        Ok(())
    }

    /// Lets `edit` change the bytes of a span, and writes them if it says that it did; what is too large to be edited
    /// is filled with `fill`.
    pub(super) fn edit(&mut self, span: Span, fill: u8, edit: impl FnOnce(&mut [u8]) -> bool) -> Outcome {
        let Some(mut bytes) = self.read(span)? else { return self.fill(span, fill) };
        if edit(&mut bytes) { self.write(span.start, &bytes) } else { Ok(()) }
    }

    /// Writes zeros over a span.
    pub(super) fn blank(&mut self, span: Span) -> Outcome {
        self.fill(span, 0)
    }

    /// Fills a span, as far as the file goes, with one byte; writes only where there is another.
    pub(super) fn fill(&mut self, span: Span, byte: u8) -> Outcome {
        let pattern = [byte; STEP];
        let mut at = span.start;
        while at < span.end {
            let step = usize::try_from(span.end - at).unwrap_or(STEP).min(STEP);
            let part = self.bytes(at, step)?;
            let (length, differs) = (part.len(), part.iter().any(|found| *found != byte));
            if length == 0 {
                break;
            }
            if differs {
                self.write(at, pattern.get(..length).unwrap_or_default())?;
            }
            at = at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// Whether a span holds nothing but zeros.
    pub(super) fn is_blank(&mut self, span: Span) -> Outcome<bool> {
        let mut at = span.start;
        while at < span.end {
            let part = self.bytes(at, usize::try_from(span.end - at).unwrap_or(STEP).min(STEP))?;
            if part.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            if part.is_empty() {
                break;
            }
            at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        Ok(true)
    }
}

/// Big-endian numbers read one after another, each within a span: past its end the file is broken.
pub(super) struct Reader {
    pub(super) at: u64,
    pub(super) span: Span,
}

impl Reader {
    pub(super) fn new(span: Span) -> Self {
        Self { at: span.start, span }
    }

    pub(super) fn array<const N: usize>(&mut self, file: &mut File<'_>) -> Outcome<[u8; N]> {
        let Some(bytes) = file.array(self.at, self.span)? else { return broken() };
        self.at = self.at.saturating_add(u64::try_from(N).unwrap_or(u64::MAX));
        Ok(bytes)
    }

    pub(super) fn u16(&mut self, file: &mut File<'_>) -> Outcome<u16> {
        self.array(file).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, file: &mut File<'_>) -> Outcome<u32> {
        self.array(file).map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self, file: &mut File<'_>) -> Outcome<u64> {
        self.array(file).map(u64::from_be_bytes)
    }

    /// A number of 0, 4 or 8 bytes.
    pub(super) fn sized(&mut self, file: &mut File<'_>, size: u8) -> Outcome<u64> {
        match size {
            0 => Ok(0),
            4 => self.u32(file).map(u64::from),
            8 => self.u64(file),
            _ => broken(),
        }
    }

    pub(super) fn skip(&mut self, count: u64) {
        self.at = self.at.saturating_add(count);
    }
}

/// As a place in memory; nothing is there where it does not fit.
pub(super) fn index(range: Range<u64>) -> Option<Range<usize>> {
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
