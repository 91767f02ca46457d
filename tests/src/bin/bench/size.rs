//! `size`: what an app's download grows by.
//!
//! **Measured**: `tests/size`, a library that reaches the whole public interface, built as what ships
//! (`bindings/as-shipped`; profile `mobile`: optimized for size, linked as one) and stripped. So that the parts can be told, it is built with its
//! symbols and the copy that is weighed is stripped afterwards by `strip`, which gives the same file but for some
//! padding. And the bindings' library, which is what an app carries, with each feature and without.
//!
//! **Bare**: there is none. The goal, as in `./test size`, is 4,500,000 bytes for arm64 Android, the processor of phones,
//! which is built where that can be done (`checks/phones`). This machine's library is reported: x86-64 is an emulator's.
//!
//! **The parts**: every symbol's size (`nm`), by the crate that its name begins with. Generic code counts for the crate
//! that wrote it, not for the one that uses it. What has no symbol (constants, unwinding tables, relocations) is told
//! by section.
//!
//! **Noise**: none.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::table::{Amount, Goal, Line};

/// On arm64 Android.
const GOAL: f64 = 4_500_000.0;
/// How many parts are told by name.
const TOLD: usize = 16;
/// The features of the bindings that an app can do without, and the line for a library without each.
const FEATURES: &[(&str, &str)] = &[("help-center", "size-ffi, no help")];

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let mut lines: Vec<Line> = of_core(work).into_iter().collect();
    lines.extend(of_bindings(work));
    lines.extend(of_android());
    lines
}

/// The library that an app carries on a phone: the one with a goal.
fn of_android() -> Option<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let phones = |step| {
        let mut command = Command::new(root.join("checks/phones"));
        let ended = command.arg(step).current_dir(root).stdout(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    };
    if !phones("ready") || !phones("android") {
        eprintln!("the library for arm64 Android can't be built here: no line for its size");
        return None;
    }
    // `checks/phones` takes it relative to the root.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let library = root.join(target).join("aarch64-linux-android/mobile/libshopbell_ffi.so");
    let bytes = std::fs::metadata(library).ok()?.len() as f64;
    let notes = vec!["the library that an app carries, with every feature; ./test gates it".to_owned()];
    Some(Line {
        name: "size-ffi, arm64 Android",
        ours: Amount::new(bytes, "B"),
        bare: None,
        goal: Goal::AtMost(GOAL),
        notes,
    })
}

fn of_core(work: &Path) -> Option<Line> {
    let Some(library) = build(&["build", "-p", "shopbell-size"], "libshopbell_size_probe.so") else {
        eprintln!("tests/size does not build: no line for its size");
        return None;
    };
    let stripped = work.join("stripped");
    let bytes = weigh(&library, &stripped);
    let mut notes = parts(&library);
    notes.extend(sections(&stripped));
    Some(Line { name: "size", ours: Amount::new(bytes, "B"), bare: None, goal: Goal::None, notes })
}

/// With every feature, then without each.
fn of_bindings(work: &Path) -> Vec<Line> {
    let every: Vec<&str> = FEATURES.iter().map(|(feature, _)| *feature).collect();
    let with = |features: &[&str]| {
        // One kind of library only: beside others cargo leaves link-time optimization out.
        let features = features.join(",");
        let arguments = ["rustc", "-p", "shopbell-ffi", "--lib", "--crate-type", "cdylib", "--no-default-features"];
        let library = build(&[&arguments[..], &["--features", &features]].concat(), "libshopbell_ffi.so");
        if library.is_none() {
            eprintln!("the bindings do not build with the features {features:?}: no line for their size");
        }
        library.map(|library| weigh(&library, &work.join("stripped-ffi")))
    };
    let line = |name, bytes, notes| Line { name, ours: Amount::new(bytes, "B"), bare: None, goal: Goal::None, notes };
    let Some(whole) = with(&every) else { return Vec::new() };
    let mut lines =
        vec![line("size-ffi", whole, vec!["the library that an app carries, with every feature".to_owned()])];
    for (feature, name) in FEATURES {
        let others: Vec<&str> = every.iter().copied().filter(|other| other != feature).collect();
        if let Some(bytes) = with(&others) {
            lines.push(line(name, bytes, vec![format!("the feature {feature} takes {:.0} bytes", whole - bytes)]));
        }
    }
    lines
}

/// The bytes of the library without its symbols, which is put at `stripped`.
fn weigh(library: &Path, stripped: &Path) -> f64 {
    let strip = Command::new("strip").arg("--strip-all").arg("-o").arg(stripped).arg(library).status();
    assert!(strip.is_ok_and(|status| status.success()), "strip comes with the C compiler");
    std::fs::metadata(stripped).expect("the stripped library").len() as f64
}

/// A library with its symbols, in a folder of its own among what is built.
fn build(arguments: &[&str], library: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let target = root.join(target).join("weighed");
    let as_shipped = root.join("bindings/as-shipped");
    let host = Command::new(&as_shipped).arg("host").output().ok()?;
    let host = String::from_utf8(host.stdout).ok()?;
    let status = Command::new(as_shipped)
        .arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args(["--profile", "mobile", "--target", host.trim()])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_PROFILE_MOBILE_STRIP", "none")
        .stdout(Stdio::null())
        .status();
    let library = target.join(host.trim()).join("mobile").join(library);
    (status.ok()?.success() && library.exists()).then_some(library)
}

/// Bytes of code and data by crate, the largest first.
fn parts(library: &Path) -> Vec<String> {
    let output = Command::new("nm").args(["-C", "-S", "--defined-only"]).arg(library).output().expect("nm");
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        // address size kind name
        let mut fields = line.splitn(4, ' ');
        let (_, size, kind, name) = (fields.next(), fields.next(), fields.next(), fields.next());
        let (Some(size), Some(kind), Some(name)) = (size, kind, name) else { continue };
        // What is zero at the start takes no room in the file.
        if !matches!(kind, "b" | "B")
            && let Ok(size) = u64::from_str_radix(size, 16)
        {
            *parts.entry(owner(name)).or_default() += size;
        }
    }
    let mut parts: Vec<(String, u64)> = parts.into_iter().collect();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let (told, rest) = parts.split_at(parts.len().min(TOLD));
    let rest: u64 = rest.iter().map(|(_, size)| size).sum();
    let named = told.iter().map(|(name, size)| format!("{:>9.0} kB  {name}", *size as f64 / 1e3));
    named.chain([format!("{:>9.0} kB  all other crates together", rest as f64 / 1e3)]).collect()
}

/// Who wrote the function of that name.
fn owner(name: &str) -> String {
    const KNOWN: &[(&str, &str)] = &[
        ("sqlite3", "SQLite (C)"),
        ("ring_core", "ring"),
        ("GFp_", "ring"),
        ("anon.", "constants"),
        ("switch.", "constants"),
    ];
    for (beginning, owner) in KNOWN {
        if name.starts_with(beginning) {
            return (*owner).to_owned();
        }
    }
    if !name.contains("::") {
        // C without a prefix: SQLite's own functions, for ring's and the runtime's have names that tell.
        let assembler = ["aes", "sha", "gcm", "bn_", "ecp_", "p256", "p384", "x25519", "chacha", "poly1305", "fiat"];
        let ring = assembler.iter().any(|part| name.to_ascii_lowercase().contains(part));
        return if ring { "ring" } else { "SQLite (C)" }.to_owned();
    }
    // `<a::B as c::D>::e`, `<&mut a::B>::e`, `a::b::c`: the first path that has a crate.
    let first = name.split("::").next().unwrap_or(name);
    let crate_name = first.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let crate_name = crate_name.trim_start_matches("mut ").trim_start_matches("dyn ");
    let crate_name: String = crate_name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    match crate_name.as_str() {
        "core" | "alloc" | "std" | "hashbrown" | "gimli" | "addr2line" | "rustc_demangle" | "miniz_oxide" => {
            "std, core, alloc".to_owned()
        }
        _ => crate_name,
    }
}

/// The sections of the file, for what has no symbol.
fn sections(library: &Path) -> Vec<String> {
    let output = Command::new("size").arg("-A").arg("-d").arg(library).output().expect("size");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut shown: Vec<(u64, String)> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (name, size) = (fields.next()?, fields.next()?.parse().ok()?);
            (name.starts_with('.') && name != ".bss" && size >= 20_000).then(|| (size, name.to_owned()))
        })
        .collect();
    shown.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let sections: Vec<String> =
        shown.iter().map(|(size, name)| format!("{name} {:.0} kB", *size as f64 / 1e3)).collect();
    vec![format!("sections: {}", sections.join(", "))]
}
