//! Links the library as the one that ships is linked: equal functions folded, relocations packed, and what only UniFFI's
//! generator reads left out.

fn main() {
    // By little but this file, which cargo watches by itself. `tests/size` is built by it, too.
    println!("cargo:rerun-if-env-changed=CARGO_CFG_TARGET_OS");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // What Android reads since API 23 and Linux since glibc 2.36; Apple's linker packs by itself. Both flags are
    // lld's, which is Rust's linker on x86-64 Linux and the NDK's.
    let packing = match (target("OS").as_str(), target("ARCH").as_str()) {
        ("android", _) => "--pack-dyn-relocs=android",
        // Unlike `--pack-dyn-relocs=relr` it says in the file that they are packed; newer glibcs refuse one that doesn't.
        ("linux", "x86_64") => "-z,pack-relative-relocs",
        _ => return,
    };
    println!("cargo:rustc-cdylib-link-arg=-Wl,--icf=all");
    println!("cargo:rustc-cdylib-link-arg=-Wl,{packing}");
    // Built for size it ships; otherwise the generator may want to read it. `tests/size` has none of what is left out.
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = std::path::Path::new(&folder).join("without-metadata.ld");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "z") && script.exists() {
        println!("cargo:rerun-if-changed={}", script.display());
        println!("cargo:rustc-cdylib-link-arg={}", script.display());
    }
}
