# What building needs, made ready: a C compiler (for SQLite and the cryptography) and Rust. Sourced by ./test, ./demo
# and ./bench; does nothing, and says nothing, where everything is there.
#
# Whatever is installed is named before it happens. Rust, where there is none, goes into .cache/ of this folder:
# your home stays as it is, and deleting .cache/ undoes it. System packages come from Debian's (or Ubuntu's) apt-get.
# shellcheck shell=bash

MINIMUM_RUST=1.89

cache="$root/.cache"
mkdir -p "$cache"

have() { command -v "$1" >/dev/null 2>&1; }

give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Installs Debian packages: as root, or through sudo.
apt_install() {
  local as_root=()
  have apt-get || give_up "Needed, but not installed: $*. Install the like of it for your system, and start again."
  if ((EUID != 0)); then
    have sudo || give_up "Needed, but not installed: $*. As root: apt-get install $*"
    as_root=(sudo)
  fi
  echo "Installing with apt-get: $*"
  # A fresh image has no lists of packages, an old one has stale lists.
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

setup_c_compiler() {
  have cc || apt_install build-essential
}

# True if version $1 is at least $2.
at_least() {
  [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

# Rust as rustup installed it, for you or for this folder, is found without a new log-in.
find_rust() {
  if ! have cargo && [[ -x $HOME/.cargo/bin/cargo ]]; then
    PATH="$HOME/.cargo/bin:$PATH"
  elif ! have cargo && [[ -x $cache/cargo/bin/cargo ]]; then
    export CARGO_HOME="$cache/cargo" RUSTUP_HOME="$cache/rustup"
    PATH="$CARGO_HOME/bin:$PATH"
  fi
}

install_rust() {
  have curl || apt_install curl ca-certificates
  echo "Installing Rust (stable) with rustup, into .cache/"
  export CARGO_HOME="$cache/cargo" RUSTUP_HOME="$cache/rustup"
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
    sh -s -- -y -q --no-modify-path --profile minimal -c rustfmt -c clippy --default-toolchain stable ||
    give_up "Rust could not be installed. Install Rust $MINIMUM_RUST or newer yourself, and start again."
  PATH="$CARGO_HOME/bin:$PATH"
}

setup_rust() {
  local version
  find_rust
  have cargo || install_rust
  export PATH
  # "rustc 1.95.0 (…)" or "rustc 1.96.0-nightly (…)"
  version=$(rustc --version | cut -d ' ' -f 2)
  version=${version%%-*}
  at_least "$version" "$MINIMUM_RUST" ||
    give_up "Rust $version is too old: this needs $MINIMUM_RUST or newer. With rustup: rustup update stable" \
      "Without rustup, take Debian's Rust off the PATH and start again: a new one goes into .cache/"
}

# The source of the standard library, for what is built as it ships: bindings/as-shipped.
setup_rust_source() {
  [[ ! -d $(rustc --print sysroot)/lib/rustlib/src/rust/library/std ]] || return 0
  if have rustup; then
    echo "Installing with rustup: rust-src"
    rustup component add rust-src
  else
    apt_install rust-src
  fi
}

# rustfmt and clippy come apart from the compiler, in rustup as in Debian.
setup_rust_tools() {
  local missing=()
  cargo fmt --version >/dev/null 2>&1 || missing+=(rustfmt)
  cargo clippy --version >/dev/null 2>&1 || missing+=(clippy)
  if ((${#missing[@]} == 0)); then
    return
  fi
  if have rustup; then
    echo "Installing with rustup: ${missing[*]}"
    rustup component add "${missing[@]}"
  else
    apt_install "${missing[@]/clippy/rust-clippy}"
  fi
}

setup_c_compiler
setup_rust
