//! A panic becomes an error and a log line.

use std::{panic::AssertUnwindSafe, sync::Once};

use futures_util::FutureExt as _;

use crate::SupportError;

/// Notes where panics happen. Not what they say: that may quote what somebody wrote.
///
/// The hook is this library's own: Rust's standard library is linked into it, and other libraries have theirs.
pub(crate) fn note_them() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let thread = std::thread::current();
            tracing::error!(place, thread = thread.name().unwrap_or_default(), "a panic");
            before(panic);
        }));
    });
}

/// What the call that it happened in fails with.
fn error() -> SupportError {
    SupportError::internal("a mistake in Shopbell (a panic); the log says where")
}

/// Runs what may panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, SupportError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| error())
}

/// Awaits what may panic.
pub(crate) async fn caught_async<T>(work: impl Future<Output = Result<T, SupportError>>) -> Result<T, SupportError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_is_an_error() {
        note_them();
        let failed = caught(|| panic!("on purpose"));
        assert!(matches!(failed, Err(SupportError::Internal { .. })));
        assert_eq!(caught(|| 1), Ok(1));
    }

    #[tokio::test]
    async fn panic_of_a_future_is_an_error() {
        let failed = caught_async::<()>(async { panic!("on purpose") }).await;
        assert!(matches!(failed, Err(SupportError::Internal { .. })));
    }
}
