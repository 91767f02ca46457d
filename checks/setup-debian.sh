# A Debian of its own under .cache/, for what this machine's has not: when one can be had, and how to be in it. Sourced by
# those that install one.
# shellcheck shell=bash

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
