//! Desks to examine, and reports without what differs from run to run.

// Each test file uses a part of it. A test fails by panicking, its helpers included.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use sandbox::{DeskVersion, Options as Desk, Rule, Sandbox};
use serde_json::Value;
use shopbell_doctor::{Finding, Options, Report, Secret, Verdict, examine};

pub(crate) const KEY: &str = "the-inbox-key";

/// A desk whose pings come quickly, so that two of them are no wait, and which writes nothing by itself.
pub(crate) fn quiet() -> Desk {
    Desk { hmac_key: Some(KEY.to_owned()), ping_interval: Duration::from_millis(30), csat: false, ..Desk::default() }
}

pub(crate) async fn desk_of(desk_version: DeskVersion) -> Sandbox {
    Sandbox::start(Desk { desk_version, ..quiet() }).await.unwrap()
}

pub(crate) fn key(text: &str) -> Option<Secret> {
    Some(Secret::from_file_text(text).unwrap())
}

/// Reading only.
pub(crate) fn reading(desk: &Sandbox) -> Options {
    Options::new(&desk.url(), desk.inbox_identifier()).unwrap()
}

/// Everything that can be asked for.
pub(crate) fn whole(desk: &Sandbox) -> Options {
    let help_center = Some(desk.help_slug().to_owned());
    Options { write: true, hmac_key: key(KEY), help_center, ..reading(desk) }
}

/// How long an answer is waited for, and how long a frame.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) answer: Duration,
    pub(crate) frame: Duration,
}

/// The report of a desk with these faults.
pub(crate) async fn with_faults(rules: &[&str], patience: Patience) -> Report {
    let desk = Sandbox::start(quiet()).await.unwrap();
    for rule in rules {
        desk.faults().add(rule.parse::<Rule>().unwrap());
    }
    let mut options = whole(&desk);
    (options.timing.request, options.timing.socket) = (patience.answer, patience.frame);
    options.timing.frame = patience.frame;
    let report = examine(&options).await;
    desk.shutdown().await;
    report
}

pub(crate) fn of<'a>(report: &'a Report, check: &str) -> &'a Finding {
    let found = report.findings.iter().find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("no {check} in\n{}", report.table()))
}

pub(crate) fn verdict(report: &Report, check: &str) -> Verdict {
    of(report, check).verdict
}

/// The table without times, ports, and what follows from times.
pub(crate) fn masked(report: &Report) -> String {
    report.table().lines().map(|line| mask(line) + "\n").collect()
}

fn mask(line: &str) -> String {
    let check = line.split_whitespace().nth(1).unwrap_or_default();
    // A machine under load is no slow desk: what these say depends on the hour.
    if check.starts_with("cost.")
        && let Some((what, _)) = line.split_once(" costs ")
    {
        return format!("*{} costs *", what.get(4..).unwrap_or_default());
    }
    if check == "load" {
        return line.split(':').next().unwrap_or_default().to_owned() + ": *";
    }
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        let is_unit = words[at].trim_end_matches([',', ';', ':']) == "ms";
        if is_unit && words[at - 1].parse::<f64>().is_ok() {
            words[at - 1] = "*".to_owned();
        }
    }
    for word in &mut words {
        if let Some(rest) = word.strip_prefix("http://127.0.0.1:") {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            *word = format!("http://127.0.0.1:*{}", &rest[end..]);
        }
    }
    words.join(" ")
}

/// The JSON likewise: every name stays, and no figure that differs from run to run.
pub(crate) fn masked_json(report: &Report) -> String {
    let mut told: Value = serde_json::from_str(&report.json()).unwrap();
    told["desk"] = mask(told["desk"].as_str().unwrap()).into();
    for finding in told["findings"].as_array_mut().unwrap() {
        let check = finding["check"].as_str().unwrap().to_owned();
        let line = format!("{} {check} {}", finding["verdict"].as_str().unwrap(), finding["seen"].as_str().unwrap());
        finding["seen"] = mask(&line).split(' ').skip(2).collect::<Vec<_>>().join(" ").into();
        if check.starts_with("cost.") && finding["values"]["cost_ms"].is_number() {
            (finding["verdict"], finding["do"]) = ("*".into(), "*".into());
        }
        for (name, value) in finding["values"].as_object_mut().unwrap() {
            let is_time = name.ends_with("_ms") && name != "usual_ms" || name.ends_with("_s");
            let is_time = is_time || check == "load" && name != "customers";
            if is_time && value.is_number() {
                *value = "*".into();
            }
        }
    }
    serde_json::to_string_pretty(&told).unwrap()
}
