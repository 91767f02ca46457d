//! What each fault of the sandbox's list shows as.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Patience, of, verdict, with_faults};
use shopbell_doctor::Verdict::{self, Ok as Fine, Skip, Stop, Warn};

/// Long enough for a machine under load, where something is expected.
const LONG: Duration = Duration::from_secs(20);
const PATIENT: Patience = Patience { answer: LONG, frame: LONG };
/// For an answer that never comes.
const NO_ANSWER: Patience = Patience { answer: Duration::from_secs(3), frame: LONG };
/// For a frame that never comes.
const NO_FRAME: Patience = Patience { answer: LONG, frame: Duration::from_secs(1) };

async fn shows(rule: &str, patience: Patience, expected: &[(&str, Verdict)], code: u8) {
    let report = with_faults(&[rule], patience).await;
    for (check, expected) in expected {
        assert_eq!(verdict(&report, check), *expected, "{rule}: {check} in\n{}", report.table());
    }
    assert_eq!(report.exit_code(), code, "{rule}\n{}", report.table());
}

#[tokio::test]
async fn desk_that_never_answers_is_not_reached() {
    for rule in ["drop-before-write", "reset-after-write", "truncate=10"] {
        shows(rule, PATIENT, &[("desk", Fine), ("desk.answers", Stop)], 2).await;
    }
    for rule in ["hang", "stall=10"] {
        shows(rule, NO_ANSWER, &[("desk", Fine), ("desk.answers", Stop)], 2).await;
    }
}

#[tokio::test]
async fn answers_that_are_not_the_desks_stop() {
    for rule in ["status=503", "status-after-write=502", "too-many-requests", "captive-portal"] {
        shows(rule, PATIENT, &[("version", Warn), ("inbox", Stop), ("write", Skip)], 1).await;
    }
    shows("redirect=https://elsewhere.example/", PATIENT, &[("http.redirects", Stop), ("inbox", Stop)], 1).await;
}

#[tokio::test]
async fn slow_desk_is_called_slow() {
    shows("GET inboxes latency=200", PATIENT, &[("cost.inbox", Warn), ("cost.page", Warn), ("cost.contact", Warn)], 0)
        .await;
}

#[tokio::test]
async fn writes_that_fail_stop() {
    shows("POST contacts status=500", PATIENT, &[("inbox.key", Warn), ("write.contact", Stop), ("cost.list", Skip)], 1)
        .await;
    shows("POST conversations status-after-write=502", PATIENT, &[("write.message", Stop)], 1).await;
    shows("PATCH status=500", PATIENT, &[("write.push", Warn), ("write.message", Fine)], 0).await;
}

#[tokio::test]
async fn upload_that_breaks_is_a_limit() {
    let report = with_faults(&["POST conversations/0 reset-upload=50000"], PATIENT).await;
    let limit = of(&report, "http.body_limit");
    assert!(limit.verdict == Warn && limit.seen.contains("0.00 MB passes, 0.10 MB does not"), "{}", limit.seen);
    shows("POST conversations/0 stall-upload=50000", NO_ANSWER, &[("http.body_limit", Warn)], 0).await;
}

#[tokio::test]
async fn socket_that_is_refused_or_ended_warns() {
    shows("cable-refuse", PATIENT, &[("socket", Warn), ("write.message", Fine)], 0).await;
    shows("cable-disconnect=unauthorized", PATIENT, &[("socket", Warn), ("write.message", Fine)], 0).await;
    shows("cable-half-open", NO_FRAME, &[("socket", Warn), ("write.message", Fine)], 0).await;
}

#[tokio::test]
async fn socket_without_a_confirmation_means_that_redis_was_restarted() {
    for rule in ["confirm_subscription cable-drop", "deaf"] {
        let report = with_faults(&[rule], NO_FRAME).await;
        let confirmation = of(&report, "socket.confirmation");
        assert!(confirmation.verdict == Warn && confirmation.seen.contains("Redis"), "{rule}\n{}", report.table());
        assert_eq!((verdict(&report, "socket.pings"), report.exit_code()), (Fine, 0), "{rule}");
    }
}

#[tokio::test]
async fn frames_that_come_late_or_never_mean_that_jobs_wait() {
    let late = with_faults(&["message.created late-frames=3"], PATIENT).await;
    let frames = of(&late, "socket.frames");
    assert!(frames.verdict == Warn && frames.values["late_ms"].as_u64() > Some(2_000), "{}", late.table());
    for rule in ["message.created cable-drop", "message.created cable-swap"] {
        let lost = with_faults(&[rule], NO_FRAME).await;
        let frames = of(&lost, "socket.frames");
        assert!(frames.verdict == Warn && frames.seen.contains("no frame"), "{rule}\n{}", lost.table());
    }
}

#[tokio::test]
async fn frames_out_of_order_are_frames() {
    for rule in ["cable-duplicate", "cable-reorder", "cable-strip-echo"] {
        shows(rule, PATIENT, &[("socket.confirmation", Fine), ("socket.frames", Fine)], 0).await;
    }
}

#[tokio::test]
async fn list_that_never_comes_is_a_warning() {
    shows("list-too-long=1,0", PATIENT, &[("cost.list", Warn), ("write.message", Fine)], 0).await;
}
