//! What is known of the desk's releases, in one table.
//!
//! [`TABLE`] is the only place that holds a release number; the adapter and `shopbell-doctor` ask it. It is pure, and
//! public but hidden: the doctor judges by the same numbers, and an app links nothing that it does not call.
//!
//! Provenance: "seen" means on a running desk of 3.16.0, 4.15.1 or 4.16.2. Where only that is known, the boundary is the
//! major release between them.

/// A release, compared by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number; 0 where it is not told.
    pub patch: u32,
}

impl Version {
    /// The release `major.minor.patch`.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Reads what the desk says of itself: `4.16.2`, `v4.16.2-ee`, `4.14`. `None` for anything that does not begin with
    /// two numbers, such as `develop`. A pre-release counts as its release.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.strip_prefix(['v', 'V']).unwrap_or(text).split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = number(parts.next()?)??;
        let patch = match parts.next().map(number) {
            Some(Some(patch)) => patch?,
            Some(None) | None => 0,
        };
        Some(Self { major, minor, patch })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The digits that a part begins with: `None` without any, `Some(None)` where they are too many for a number.
fn number(part: &str) -> Option<Option<u32>> {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    part.get(..end).filter(|digits| !digits.is_empty()).map(|digits| digits.parse().ok())
}

/// What a release does differently from the newest one, or from older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Anybody who knows a customer's e-mail address or phone number can read and write that customer's conversations:
    /// the number alone opens them, and numbers are counted up. Seen.
    ConversationsExposed,
    /// The list of a verified contact is always answered with 500; pages work. Seen.
    HistoryUnavailable,
    /// The help centre has no `sitemap.xml`. Read in the desk's change log.
    NoSitemap,
    /// Attachments have no `content_type` and a null `extension`, senders no `blocked`, surveys no `display_type`. Seen.
    ShortRows,
    /// Articles have no `.md` and no `.png`, so that no view is counted. Seen.
    NoArticlePictures,
    /// A PATCH of a contact answers as a GET does: with `source_id` and `pubsub_token`, without `identifier`. Seen.
    PatchAnswersAsGet,
}

/// Which releases have a quirk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All before this one.
    Before(Version),
    /// This one and all later ones.
    From(Version),
}

/// Everything that is known.
pub const TABLE: [(Quirk, Span); 6] = [
    (Quirk::ConversationsExposed, Span::Before(Version::new(4, 14, 0))),
    (Quirk::HistoryUnavailable, Span::Before(Version::new(4, 7, 0))),
    (Quirk::NoSitemap, Span::Before(Version::new(3, 10, 0))),
    (Quirk::ShortRows, Span::Before(Version::new(4, 0, 0))),
    (Quirk::NoArticlePictures, Span::Before(Version::new(4, 0, 0))),
    (Quirk::PatchAnswersAsGet, Span::From(Version::new(4, 16, 0))),
];

/// The quirks of a release, in the table's order.
pub fn quirks(version: Version) -> impl Iterator<Item = (Quirk, Span)> {
    TABLE.into_iter().filter(move |(_, span)| match *span {
        Span::Before(end) => version < end,
        Span::From(start) => version >= start,
    })
}

/// Whether a release has a quirk.
pub fn has(version: Version, quirk: Quirk) -> bool {
    quirks(version).any(|(known, _)| known == quirk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_what_a_desk_says() {
        for (told, expected) in [
            ("4.16.2", Some((4, 16, 2))),
            ("v4.16.2-ee", Some((4, 16, 2))),
            ("V4.9.0-rc1", Some((4, 9, 0))),
            (" 3.16.0\n", Some((3, 16, 0))),
            ("4.14", Some((4, 14, 0))),
            ("4.14-beta", Some((4, 14, 0))),
            ("4.14.x", Some((4, 14, 0))),
            ("4.14.2.7", Some((4, 14, 2))),
            ("4", None),
            ("4.", None),
            ("-4.1.0", None),
            (".4.1", None),
            ("develop", None),
            ("Chatwoot 4.16.2", None),
            ("", None),
            ("99999999999999999999.1", None),
            ("4.99999999999999999999", None),
            ("4.1.99999999999999999999", None),
            ("４.１", None),
        ] {
            let read = Version::parse(told).map(|version| (version.major, version.minor, version.patch));
            assert_eq!(read, expected, "{told}");
        }
    }

    #[test]
    fn release_has_the_quirks_of_its_time() {
        use Quirk::*;
        for (told, expected) in [
            ("3.9.9", &[ConversationsExposed, HistoryUnavailable, NoSitemap, ShortRows, NoArticlePictures] as &[Quirk]),
            ("3.16.0", &[ConversationsExposed, HistoryUnavailable, ShortRows, NoArticlePictures]),
            ("4.0.0", &[ConversationsExposed, HistoryUnavailable]),
            ("4.6.9", &[ConversationsExposed, HistoryUnavailable]),
            ("4.7.0", &[ConversationsExposed]),
            ("4.13.9", &[ConversationsExposed]),
            ("4.14.0", &[]),
            ("4.15.1", &[]),
            ("4.16.0", &[PatchAnswersAsGet]),
            ("5.0", &[PatchAnswersAsGet]),
        ] {
            let version = Version::parse(told).unwrap();
            assert_eq!(quirks(version).map(|(quirk, _)| quirk).collect::<Vec<_>>(), expected, "{told}");
        }
    }

    #[test]
    fn table_names_each_quirk_once() {
        for (at, (quirk, _)) in TABLE.iter().enumerate() {
            assert_eq!(TABLE.iter().position(|(other, _)| other == quirk), Some(at), "{quirk:?}");
        }
    }
}
