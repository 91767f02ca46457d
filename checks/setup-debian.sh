# A Debian of its own under .cache/, for what this machine's has not: when one can be had, how it is installed, and how to
# be in it. Sourced by those that need one, after checks/setup.sh.
# shellcheck shell=bash disable=SC2154

DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# A process, its mounts and its children, apart from everything else: what is mounted in there is seen by nobody outside,
# and gone with the process, however it ends. So no mount is ever left behind for a clean-up to follow.
apart() { unshare --mount --propagation private --pid --fork --kill-child "$@"; }

# Why a Debian of its own can't be used here; nothing where it can.
why_no_system() {
  if [[ $(uname -s) != Linux ]] || ! have apt-get; then
    echo "this is no Debian"
  elif ((EUID != 0)); then
    echo "not started as root"
  elif ! apart true 2>/dev/null; then
    echo "no right to mount (in a container: --cap-add SYS_ADMIN)"
  fi
}

# install_system FOLDER SUITE WHAT PACKAGE...: that Debian with these packages and what they need, in a folder under
# .cache/. WHAT is for whoever reads, with how much room it takes.
install_system() {
  local folder=$1 suite=$2 what=$3 packages log
  shift 3
  packages=$(IFS=,; echo "$*")
  log="$cache/${folder##*/}.log"
  have debootstrap || apt_install debootstrap debian-archive-keyring
  echo "Installing Debian's $what with debootstrap, into .cache/${folder##*/}/"
  # Complete, or not there.
  rm -rf --one-file-system "$folder.new"
  apart debootstrap --variant=minbase --include="$packages" "$suite" "$folder.new" "$DEBIAN_MIRROR" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    give_up "It could not be installed: .cache/${log##*/} says more."
  }
  rm -f "$folder.new"/var/cache/apt/archives/*.deb
  mv --no-target-directory "$folder.new" "$folder"
}

# in_system FOLDER [NAME=VALUE...] COMMAND...: runs it in there, in this project's folder, which is called the same. It
# reaches the network as this machine does.
in_system() {
  local folder=$1
  shift
  # The machine's own authorities and name servers: it may reach what it needs through a proxy that they know.
  [[ ! -e /etc/ssl/certs/ca-certificates.crt ]] || cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
  cp -L /etc/resolv.conf "$folder/etc/"
  # shellcheck disable=SC2016
  apart bash -euc '
    system=$1 here=$2
    shift 2
    mount -t proc proc "$system/proc"
    mkdir -p "$system$here"
    mount --bind "$here" "$system$here"
    exec chroot "$system" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin:/bin bash -euc '\''cd "$1"; shift; exec env "$@"'\'' \
      bash "$here" "$@"
  ' bash "$folder" "$root" "$@"
}
