//! Writes the Kotlin or the Swift that calls the library: `uniffi-bindgen kotlin|swift LIBRARY FOLDER`.
//!
//! What the Kotlin can't call is left out of it ([`kotlin`]), what people wrote out of what it prints ([`wordless`]),
//! and its callbacks don't keep a program from ending ([`daemons`]).
//!
//! The library must not be stripped: what it exports is read from its symbols. `uniffi.toml` one folder up says
//! how things are called.

mod daemons;
mod kotlin;
mod wordless;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use uniffi_bindgen::{
    BindgenPaths, BindgenPathsLayer,
    bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths},
};

struct Here;

impl BindgenPathsLayer for Here {
    fn get_crate_root(&self, name: &str) -> Option<Utf8PathBuf> {
        (name == "shopbell_ffi").then(|| concat!(env!("CARGO_MANIFEST_DIR"), "/..").into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [language, library, folder] = arguments.as_slice() else {
        eprintln!("uniffi-bindgen kotlin|swift LIBRARY FOLDER");
        return ExitCode::from(2);
    };
    let language = match language.as_str() {
        "kotlin" => TargetLanguage::Kotlin,
        "swift" => TargetLanguage::Swift,
        other => {
            eprintln!("{other} is neither kotlin nor swift");
            return ExitCode::from(2);
        }
    };
    let kotlin = matches!(language, TargetLanguage::Kotlin);
    let options = GenerateOptions {
        languages: vec![language],
        source: library.into(),
        out_dir: folder.into(),
        format: false,
        ..GenerateOptions::default()
    };
    let mut paths = BindgenPaths::default();
    paths.add_layer(Here);
    if let Err(error) = generate_with_bindgen_paths(options, paths) {
        eprintln!("uniffi-bindgen: {error:#}");
        return ExitCode::FAILURE;
    }
    if kotlin && let Err(error) = mend(&Utf8PathBuf::from(folder).join("com/shopbell/sdk/shopbell.kt")) {
        eprintln!("{folder}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn mend(file: &Utf8PathBuf) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let text = daemons::with_daemons(&wordless::without_words(&kotlin::without_dead_ways(&text))?)?;
    std::fs::write(file, text).map_err(|error| error.to_string())
}
