#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures hone beside all its peers: installs them, builds hone, writes the tables to build/peers.md.
#
#   bench/peers/measure.sh [OPTION...] FOLDER|FILE...
#
#   bench/peers/measure.sh .cache/models                       the models of bench/models.txt that are there
#   bench/peers/measure.sh bert.onnx --dim batch=1 --dim seq=128        any model, and what its file leaves open
#
# Options are those of bench/compare.py (--help shows them). Nothing lands outside build/ and .cache/, except
# Debian packages that are missing. Safe to run again: what is installed, built and converted is kept
# (.cache/converted, about the size of the models for each peer that converts).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/.ci/setup.sh"

case " $* " in *" -h "* | *" --help "*) sed -n '4,/^set/s/^# \{0,1\}//p' "$0" ;; esac
# Wrong options show before anything is installed, and --help ends here.
options=$(python3 "$top/bench/compare_options.py" "$@") || exit 2
[ -z "$options" ] || { printf '%s\n' "$options"; exit; }

need_packages "${build_packages[@]}"
"$top/bench/peers/install.sh"
mkdir -p "$top/build"
(cd "$top" && cmake --preset release >build/peers.log 2>&1 &&
  cmake --build --preset release >>build/peers.log 2>&1) ||
  { tail -n 30 "$top/build/peers.log" >&2; die "hone could not be built"; }
exec "$top/.cache/peers/bin/python" "$top/bench/compare.py" --hone "$top/build/release/cli/hone" \
  --peers all --markdown "$top/build/peers.md" "$@"
