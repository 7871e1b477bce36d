#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures hone beside all its peers: installs them, builds hone, writes the table to build/peers.md.
#
#   bench/peers/measure.sh [OPTION...] FOLDER      the options of bench/compare.py
#
# FOLDER holds models, those of bench/models.txt (bench/fetch_models.sh) or those of the file given with --list.
# Safe to run again. What the peers' converters make is kept in .cache/converted, about the size of the models
# for each peer that converts.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/.ci/setup.sh"

need_packages "${build_packages[@]}"
"$top/bench/peers/install.sh"
mkdir -p "$top/build"
(cd "$top" && cmake --preset release >build/peers.log 2>&1 &&
  cmake --build --preset release >>build/peers.log 2>&1) ||
  { tail -n 30 "$top/build/peers.log" >&2; die "hone could not be built"; }
peers=$(sed -n 's/^[^#].*# *//p' "$top/bench/peers/peer_packages.txt" | awk '!seen[$1]++' | paste -sd ,)
exec "$top/.cache/peers/bin/python" "$top/bench/compare.py" --hone "$top/build/release/cli/hone" \
  --peers "$peers" --markdown "$top/build/peers.md" "$@"
