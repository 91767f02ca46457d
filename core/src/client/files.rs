//! The room that files take.

use super::SupportClient;
use crate::{SizeOnDisk, SupportError};

impl SupportClient {
    /// How much room the files of whoever is here take on this phone.
    ///
    /// Errors: [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`].
    pub async fn size_on_disk(&self) -> Result<SizeOnDisk, SupportError> {
        self.inner.active()?.attachments.size_on_disk().await
    }

    /// Removes the files of whoever is here that can be fetched again, all but those that a
    /// [`Download`](crate::Download) is held of. What is still to be sent stays.
    ///
    /// Errors: as [`size_on_disk`](Self::size_on_disk).
    pub async fn clear_cache(&self) -> Result<(), SupportError> {
        self.inner.active()?.attachments.trim(0).await
    }

    /// Logs out as [`log_out`](Self::log_out) does, and leaves no fetched file of theirs on the phone: for one that
    /// many people use. What was still to be sent is kept, as always.
    ///
    /// Errors: as [`log_out`](Self::log_out); whoever was here still is.
    pub async fn log_out_and_clear_cache(&self) -> Result<(), SupportError> {
        self.clear_cache().await?;
        self.log_out().await
    }
}
