#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the peers that bench/compare.py can measure hone beside, in a private Python environment.
#
#   bench/peers/install.sh [--venv DIR]      DIR is .cache/peers of the project unless given
#
# Safe to run again: what is there already is left alone. A peer that cannot be installed on this machine
# is named and left out; it fails only without what is needed for any.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/.ci/setup.sh"

packages=$top/bench/peers/peer_packages.txt
case $#:${1-} in
  0:) venv=$top/.cache/peers ;;
  2:--venv) venv=$2 ;;
  *) echo "usage: install.sh [--venv DIR]" >&2; exit 2 ;;
esac
python=$venv/bin/python

peers() { sed -n 's/^[^#].*# *//p' "$packages" | awk '!seen[$1]++'; }
packages_of() { awk -v peer="$1" '!/^#/ && $3 == peer { print $1 }' "$packages"; }

# install PEER: unless exactly its packages have been installed before.
install() {
  local wanted stamp=$venv/$1.txt
  wanted=$(packages_of "$1")
  [ "$wanted" != "$(cat "$stamp" 2>/dev/null)" ] || return 0
  say "installing" $wanted
  "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps \
    $wanted </dev/null || return 1
  printf '%s\n' "$wanted" >"$stamp"
}

need_packages "${python_packages[@]}"
if [ ! -x "$python" ]; then
  base=/usr/bin/python3
  [ -x "$base" ] || base=python3
  mkdir -p "$(dirname "$venv")"
  "$base" -m venv "$venv" || die "no Python environment could be made in $venv"
fi
missing=()
for peer in $(peers); do
  install "$peer" || missing+=("$peer")
done
[ ${#missing[@]} = 0 ] || printf '\n*** NOT INSTALLED, and so left out: %s\n\n' "${missing[*]}" >&2
case " ${missing[*]-} " in *" any "*) die "no peer can be measured without $(packages_of any)" ;; esac
say "peers: $python"
