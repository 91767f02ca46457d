# What the Swift checks need, made ready: Swift 6. Sourced by checks/swift after checks/setup.sh; does nothing, and says
# nothing, where it is there.
#
# Your own `swift` is used where it is 6 or newer. Else Debian's goes into .cache/swift-trixie/, a small system of its own
# (3.1 GB, about a minute to install): your system stays as it is, and deleting that folder undoes it.
# shellcheck shell=bash disable=SC2034,SC2154
source checks/setup-debian.sh

MINIMUM_SWIFT=6
SWIFT_SUITE=trixie
SWIFT_MIRROR=${SWIFT_MIRROR:-http://deb.debian.org/debian}

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
  local new
  own_swift && return
  swift_system="$cache/swift-$SWIFT_SUITE"
  # A link to a place in that system, which from here leads nowhere.
  [[ -L $swift_system/usr/bin/swift || -x $swift_system/usr/bin/swift ]] && return
  have debootstrap || apt_install debootstrap debian-archive-keyring
  echo "Installing Debian's Swift with debootstrap, into .cache/${swift_system##*/}/ (3.1 GB)"
  # Complete, or not there.
  new="$swift_system.new"
  rm -rf --one-file-system "$new"
  # shellcheck disable=SC2016
  apart bash -euc '
    debootstrap --variant=minbase --include=ca-certificates,swiftlang "$1" "$2" "$3"
    # What the compiler links with, but does not bring along.
    chroot "$2" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      libc6-dev libstdc++-14-dev libgcc-14-dev
    chroot "$2" apt-get clean
  ' bash "$SWIFT_SUITE" "$new" "$SWIFT_MIRROR" >"$cache/swift.log" 2>&1 || {
    tail -n 5 "$cache/swift.log" >&2
    give_up "Swift could not be installed: .cache/swift.log says more."
  }
  mv --no-target-directory "$new" "$swift_system"
}

# in_swift COMMAND...: runs it where Swift is, in this folder, which is called the same there.
in_swift() {
  if [[ -z $swift_system ]]; then
    "$@"
    return
  fi
  # shellcheck disable=SC2016
  apart bash -euc '
    system=$1 here=$2
    shift 2
    mount -t proc proc "$system/proc"
    mkdir -p "$system$here"
    mount --bind "$here" "$system$here"
    exec chroot "$system" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin SHOPBELL_SANDBOX="${SHOPBELL_SANDBOX:-}" \
      bash -euc '\''cd "$1"; shift; exec "$@"'\'' bash "$here" "$@"
  ' bash "$swift_system" "$root" "$@"
}
