# What the Swift checks need, made ready: Swift 6. Sourced by checks/swift after checks/setup.sh; does nothing, and says
# nothing, where it is there.
#
# Your own `swift` is used where it is 6 or newer. Else Debian's goes into .cache/swift-trixie/, a small system of its own
# (3.1 GB, about a minute to install): your system stays as it is, and deleting that folder undoes it.
# shellcheck shell=bash disable=SC2154
source checks/setup-debian.sh

MINIMUM_SWIFT=6
SWIFT_SUITE=trixie
# With what the compiler links with, but does not bring along.
SWIFT_PACKAGES=(ca-certificates swiftlang libc6-dev libstdc++-14-dev libgcc-14-dev)

# Where that system is; empty where your own Swift is used.
swift_system=''

# "Swift version 6.0.3 (swift-6.0.3-RELEASE)", or Apple's "… version 6.1.2 …".
own_swift() {
  local version
  have swift || return 1
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  at_least "${version:-0}" "$MINIMUM_SWIFT"
}

# Why Debian's Swift can't be used here; nothing where it can.
why_no_swift_system() {
  local why
  why=$(why_no_system)
  [[ -z $why ]] || echo "no Swift $MINIMUM_SWIFT (install it from swift.org), and Debian's can't be used: $why"
}

setup_swift() {
  own_swift && return
  swift_system="$cache/swift-$SWIFT_SUITE"
  # A link to a place in that system, which from here leads nowhere.
  [[ -L $swift_system/usr/bin/swift || -x $swift_system/usr/bin/swift ]] ||
    install_system "$swift_system" "$SWIFT_SUITE" 'Swift (3.1 GB)' "${SWIFT_PACKAGES[@]}"
}

# in_swift COMMAND...: runs it where Swift is, in this folder, which is called the same there.
in_swift() {
  if [[ -n $swift_system ]]; then
    in_system "$swift_system" SHOPBELL_SANDBOX="${SHOPBELL_SANDBOX:-}" "$@"
  else
    "$@"
  fi
}
