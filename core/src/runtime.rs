//! What is handed to the runtime around the client. Boxed, all of it: what a runtime makes of a task is compiled for every
//! type of task.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use crate::SupportError;

/// Runs what touches the disk, or waits for the system, off the runtime's threads. Dropping the future stops the waiting
/// only.
///
/// Errors: its own; [`SupportError::Closed`] where it panicked or the runtime ends.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SupportError> + Send + 'static,
) -> Result<T, SupportError> {
    let done = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&done);
    run(Box::new(move || *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(work()))).await?;
    let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
    done.unwrap_or(Err(SupportError::Closed))
}

/// The same for work that also waits for the store. On one thread from its beginning to its end: each change of threads
/// is a twentieth of a millisecond.
pub(crate) async fn blocking_on<T: Send + 'static>(
    work: impl Future<Output = Result<T, SupportError>> + Send + 'static,
) -> Result<T, SupportError> {
    let (mut work, runtime): (Pin<Box<dyn Future<Output = _> + Send>>, _) = (Box::pin(work), current()?);
    blocking(move || runtime.block_on(&mut work)).await
}

async fn run(work: Box<dyn FnOnce() + Send>) -> Result<(), SupportError> {
    // Where it did not run, or panicked, there is no result: its asker sees that.
    let _ = current()?.spawn_blocking(work).await;
    Ok(())
}

fn current() -> Result<tokio::runtime::Handle, SupportError> {
    tokio::runtime::Handle::try_current().map_err(|_| SupportError::InvalidConfig {
        field: "runtime",
        problem: "SupportClient needs a tokio runtime with time and I/O around it".to_owned(),
    })
}

/// Lets work go on by itself.
pub(crate) fn go_on(work: impl Future<Output = ()> + Send + 'static) {
    let work: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(work);
    tokio::spawn(work);
}
