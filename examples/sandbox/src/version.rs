//! Which release of Chatwoot the desk plays, and what its releases do differently.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A release of Chatwoot. Any release can be asked for; the behaviours that changed between releases follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeskVersion {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
}

impl DeskVersion {
    /// December 2024: the list of a verified contact fails, and numbers alone open conversations.
    pub const V3_16_0: Self = Self::new(3, 16, 0);
    /// June 2026: PATCH answers with the raw contact row.
    pub const V4_15_1: Self = Self::new(4, 15, 1);
    /// July 2026: PATCH answers as GET does, without `identifier`.
    pub const V4_16_2: Self = Self::new(4, 16, 2);

    /// The release `major.minor.patch`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Whether the conversation list of a verified session works. Before 4.7.0 it is always 500.
    pub(crate) fn lists_verified(self) -> bool {
        self >= Self::new(4, 7, 0)
    }

    /// Whether a session that is not verified opens only the conversations it began. Before 4.14.0 the number of any
    /// conversation of its contact opens it.
    pub(crate) fn guards_numbers(self) -> bool {
        self >= Self::new(4, 14, 0)
    }

    /// Whether PATCH of a contact answers with the raw row, which holds the identifier.
    pub(crate) fn patch_answers_raw_row(self) -> bool {
        self < Self::new(4, 16, 0)
    }

    /// Whether a job was seen to measure pictures: in 3.16.0 and 4.16.2. In 4.15.1 width and height stayed null.
    pub(crate) fn measures_pictures(self) -> bool {
        self.has_short_rows() || self >= Self::new(4, 16, 0)
    }

    /// Whether an agent can delete a conversation and change a message by request. The third series has neither route.
    pub(crate) fn has_agent_routes_of_4(self) -> bool {
        !self.has_short_rows()
    }

    /// Whether a release of the third series leaves out fields that came with the fourth.
    pub(crate) fn has_short_rows(self) -> bool {
        self < Self::new(4, 0, 0)
    }
}

impl Default for DeskVersion {
    fn default() -> Self {
        Self::V4_15_1
    }
}

impl fmt::Display for DeskVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is not three numbers with dots between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a desk version is three numbers, such as 4.15.1")]
pub struct VersionError;

impl FromStr for DeskVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<u16>, _>>().map_err(|_| VersionError)?;
        let [major, minor, patch] = numbers.try_into().map_err(|_| VersionError)?;
        Ok(Self { major, minor, patch })
    }
}

impl Serialize for DeskVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeskVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<DeskVersion>();
        assert!(DeskVersion::new(4, 7, 0) < DeskVersion::new(4, 14, 0));
        assert_eq!(version("4.15.1"), Ok(DeskVersion::V4_15_1));
        assert_eq!(DeskVersion::V3_16_0.to_string(), "3.16.0");
        for wrong in ["4", "4.15", "4.15.1.2", "four", ""] {
            assert_eq!(version(wrong), Err(VersionError), "{wrong}");
        }
    }
}
