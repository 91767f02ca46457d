//! Whether what may be a film has pictures: by what its tracks say, for its first bytes don't.

use super::{
    super::window::Medium,
    bmff,
    file::{File, Outcome, Span},
    matroska,
};

/// What a film's tracks hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tracks {
    /// It is no film, or one whose tracks can't be read.
    #[default]
    Unknown,
    /// Sound alone.
    Sound,
    /// Pictures, with sound or without.
    Pictures,
}

impl Tracks {
    /// What is known after one more track.
    pub(super) fn with(self, found: Self) -> Self {
        if self == Self::Pictures || found == Self::Unknown { self } else { found }
    }
}

/// What the tracks of a file of this format hold. Of one that can't be read, or whose structure is broken, nothing is
/// known.
pub(crate) fn tracks(medium: &mut dyn Medium, format: &str) -> Tracks {
    let walk: fn(&mut File<'_>, Span) -> Outcome<Tracks> = match format {
        "video/webm" => matroska::held,
        "video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4" => bmff::held,
        _ => return Tracks::Unknown,
    };
    let Ok(mut file) = File::new(medium) else { return Tracks::Unknown };
    let all = file.all();
    walk(&mut file, all).unwrap_or_default()
}
