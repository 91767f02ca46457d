//! The tour, as a person starts it: without a terminal, in a process that starts and kills another.

use std::process::Command;

#[test]
fn the_tour_without_a_terminal_happens_and_ends_well() {
    let output = Command::new(env!("CARGO_BIN_EXE_storefront")).arg("--tour").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{complained}");
    for line in [
        "✓ the process is dead, by signal 9",
        "✓ the message is at the desk exactly once",
        "✓ its photo of 1 MB came along, once, and is the same: SHA-256 ",
        "✓ the photo is on the phone, SHA-256 ",
        "is typing…",
        "✓ the desk has the rating and the words",
        "✓ the first hit is “Đổi trả hàng trong 30 ngày”",
        "✓ one search, one article read, one question answered, and no ticket",
        "✓ with the network back, the desk has counted the view",
        "✓ he sees no conversation and nothing unread",
        "✓ all her 6 messages are there",
        "── The desk goes deaf ──",
        "✓ the socket does not answer and is replaced, once; the new one is not confirmed: ◆ online",
        "── The desk's frames come late ──",
        "✓ the bar says: ◈ delayed, and the socket stays",
    ] {
        assert!(told.contains(line), "{line:?} is missing in\n{told}");
    }
    for (line, times) in [("✓ the answer is on the phone after ", 2), ("✓ they are there, and the bar says: ◆ live", 2)]
    {
        assert_eq!(told.matches(line).count(), times, "{line:?} in\n{told}");
    }
}
