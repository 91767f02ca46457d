//! How far an attachment of the customer's has come.

use crate::json::from_json;

/// Where an attachment stands on its way to the desk. A signal for a progress bar: it moves at most a few times a
/// second, and begins anew after a broken connection.
///
/// ```
/// use shopbell::Transfer;
/// assert_eq!(Transfer::Uploading { sent: 25, total: 100 }.fraction(), Some(0.25));
/// assert_eq!(Transfer::Sent.fraction(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum Transfer {
    /// Kept on this phone; waits for its turn or for the network.
    Queued,
    /// Its turn has come: the desk is being reached.
    Preparing,
    /// Its bytes are on their way.
    Uploading {
        /// How many have left.
        sent: u64,
        /// How many there are.
        total: u64,
    },
    /// All bytes have left; the desk has not said yet that it has them.
    Processing,
    /// The desk has it, whoever sent it.
    #[default]
    Sent,
    /// The message waits for the customer: its [`Delivery`](crate::Delivery) says why.
    NeedsAttention,
}

impl Transfer {
    /// How much of it has left, from 0 to 1; `None` where nothing moves.
    pub fn fraction(self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "for a bar on a screen")]
            Self::Uploading { sent, total } if total > 0 => Some((sent as f64 / total as f64).min(1.0)),
            _ => None,
        }
    }
}

/// A place on the map.
///
/// ```
/// use shopbell::Coordinates;
/// let there = Coordinates { latitude: 10.77, longitude: 106.7 };
/// assert!(there.latitude.abs() <= 90.0);
/// ```
#[derive(Clone, Copy, PartialEq, serde::Serialize)]
pub struct Coordinates {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
}

from_json!(Coordinates { latitude, longitude });

impl std::fmt::Debug for Coordinates {
    // Where somebody is belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coordinates")
    }
}
