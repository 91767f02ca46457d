//! Lets a program end though the library's threads live on.
//!
//! A thread of the library becomes known to the virtual machine with its first call into it, and stays known, which
//! costs less than making it known anew for each call. The virtual machine waits for such threads at its end, unless
//! they are daemons. JNA decides that by callback: so each callback is told to, before the library hears of it.

const ATTACHED: &str = "\
/**
 * How the library's threads are made known to the virtual machine: as daemons, and for as long as they live.
 */
internal object UniffiDaemons {
    val initializer = com.sun.jna.CallbackThreadInitializer(true, false)
}
";

const INSIDE: &str = "init { com.sun.jna.Native.setCallbackThreadInitializer(this, UniffiDaemons.initializer) }";

/// The text with daemons for its callbacks' threads.
///
/// # Errors
/// Where it has no callback, as it always has.
pub fn with_daemons(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut found = false;
    for line in text.lines() {
        out.push_str(line);
        out.push('\n');
        let code = line.trim_start();
        if code.starts_with("internal object ") && code.contains(": UniffiCallbackInterface")
            || code.starts_with("internal object uniffiRustFutureContinuationCallbackImpl:")
        {
            found = true;
            let indent = &line[..line.len() - code.len()];
            out.push_str(&format!("{indent}    {INSIDE}\n"));
        }
    }
    if !found {
        return Err("the generated code has no callbacks that could be found".to_owned());
    }
    out.push_str(ATTACHED);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_callback_is_told_before_anything_else() {
        let text = "\
internal object uniffiRustFutureContinuationCallbackImpl: UniffiRustFutureContinuationCallback {
    override fun callback(data: Long, pollResult: Byte) {
internal object uniffiCallbackInterfaceLogSink {
    internal object `onRecords`: UniffiCallbackInterfaceLogSinkMethod0 {
        override fun callback(
";
        let made = with_daemons(text).unwrap();
        assert_eq!(made.matches(INSIDE).count(), 2);
        assert!(made.contains(&format!("Method0 {{\n        {INSIDE}\n        override")));
        assert!(with_daemons("object Other {\n").is_err());
    }
}
