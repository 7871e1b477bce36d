#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds hone, lets it do three real jobs with real models, and measures it beside ONNX Runtime.
#
#   bench/demo.sh
#
# Installs what is missing (Debian packages as root or through sudo; Python packages in a private
# environment, for fetching models and for the comparison only). Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh

installed=build/release/installed
out=build/demo
models=.cache/models
log=build/demo/log.txt

heading() { printf '\n== %s\n' "$*"; }
# Runs a command whose output matters only when it fails.
quietly() { "$@" >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; die "failed: $*"; }; }

make_sound() { # make_sound FILE: two sentences between silences; prints where they are
  local at=1 i=0 sentence seconds
  local -a parts=()
  for sentence in "Hone runs neural networks on ordinary processors." "It was built to be read."; do
    i=$((i + 1))
    quietly espeak-ng -v en -s 150 -w "$out/raw$i.wav" "$sentence"
    # Trimmed at both ends, so that it is known where the speech is.
    quietly sox -D "$out/raw$i.wav" -r 16000 -c 1 -b 16 "$out/said$i.wav" \
      silence 1 0.01 1% reverse silence 1 0.01 1% reverse
    quietly sox -D "$out/said$i.wav" "$out/part$i.wav" pad 1 $((i - 1))
    seconds=$(soxi -D "$out/said$i.wav")
    printf '  said        from %5.2f to %5.2f s: %s\n' "$at" "$(awk "BEGIN { print $at + $seconds }")" "$sentence"
    at=$(awk "BEGIN { print $at + $seconds + 1 }")
    parts+=("$out/part$i.wav")
  done
  quietly sox -D "${parts[@]}" "$1"
}

say "hone: packages, build, models"
need_packages "${build_packages[@]}" "${python_packages[@]}" make espeak-ng sox
mkdir -p "$out" .cache
quietly cmake --preset release
quietly cmake --build --preset release
quietly cmake --install build/release
need_venv .cache/venv tests/requirements.txt
PYTHON=$python bench/fetch_models.sh "$models"
PKG_CONFIG_PATH=$PWD/$(dirname "$(find "$installed" -name hone.pc)") \
  quietly make -C docs/examples OUT="$PWD/$out"
hone=$installed/bin/hone
"$hone" version

heading "Imported: ONNX to .hone"
for name in ocr_det ocr_rec file_type voice; do
  "$hone" import "$models/$name.onnx" -o "$out/$name.hone"
done

heading "The text in docs/examples/receipt.png"
"$out/read_text" "$out/ocr_det.hone" "$out/ocr_rec.hone" docs/examples/receipt.png

heading "The types of some files, from their bytes"
"$out/file_type" "$out/file_type.hone" "$models/file_type.json" README.md CMakeLists.txt cli/main.c \
  bench/demo.sh docs/examples/receipt.png "$models/voice.onnx" "$hone"

heading "Speech in a sound, heard piece by piece"
make_sound "$out/sound.wav"
"$out/find_speech" "$out/voice.hone" "$out/sound.wav"

heading "Time and memory beside ONNX Runtime $(sed -n 's/^onnxruntime==//p' tests/requirements.txt)"
"$python" bench/compare.py --hone "$hone" --only ocr_det,ocr_rec,file_type,voice --rounds 5 \
  --seconds 0.5 --json "$out/compare.json" "$models"
