#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs all tests: builds with sanitizers and without, ONNX's own suites, operators and models beside
# ONNX Runtime, 64-bit ARM under emulation, fuzzing, projects that use the installed library, style.
#
#   tests/run.sh
#
# Installs what is missing (Debian packages; Python packages in a private environment). Everything
# lands in build/ and .cache/. Environment:
#
#   HONE_FUZZ_SECONDS   time for each fuzzing program [60]
#   HONE_TEST_JOBS      things done at once [as many as there are processors]
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh
. tests/support/steps.sh

jobs=${HONE_TEST_JOBS:-$(nproc)}
fuzz_seconds=${HONE_FUZZ_SECONDS:-60}
logs=build/logs
cases=build/onnx_cases
peers=build/peer_cases
suites=build/onnx_suites
models=.cache/models
export PYTHONDONTWRITEBYTECODE=1

need_packages "${build_packages[@]}" "${python_packages[@]}" \
  g++ binutils git libcmocka-dev clang-14 clang-format-14 libclang-rt-14-dev libomp-14-dev \
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libonnx-testdata
mkdir -p "$logs" .cache
rm -f "$logs"/*

build() { # build PRESET
  cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"
}

run_ctest() { # run_ctest PRESET [OPTION...]
  local preset=$1
  shift
  ctest --preset "$preset" -j "$jobs" "$@"
}

fetch_python() { # packages, ONNX's suites, cases beside ONNX Runtime, real models
  need_venv .cache/venv tests/requirements.txt
  "$python" tests/onnx_cases.py "$cases"
  "$python" tests/onnx_suites.py "$suites"
  rm -rf "$peers"
  "$python" tests/peers/peer_cases.py "$peers"
  PYTHON=$python bench/fetch_models.sh "$models" all
}

build_ci() { # the runner of ONNX cases also where a plain build puts it
  build ci && install -D build/ci/tests/onnx_backend build/tests/onnx_backend
}

run_suites() { # run_suites PROGRAM [OPTION...]: everything of ONNX's but the node cases
  local program=$1 suite status=0
  shift
  for suite in "$suites"/*/; do
    echo "${suite%/}:"
    "$program" "$suite" --known tests/onnx_known.txt "$@" || status=1
  done
  return $status
}

install_ci() {
  cmake --install build/ci --strip
  find build/ci/installed -name 'libhone*[0-9a]' -type f -printf 'note: %f has %s bytes\n'
}

build_neon() {
  cmake -S kernels -B build/neon -G Ninja -DCMAKE_BUILD_TYPE=Release -DHONE_WERROR=ON \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/aarch64-linux-gnu.cmake" && cmake --build build/neon -j "$jobs"
}

build_tsan() { # what has threads
  cmake --preset tsan && cmake --build --preset tsan -j "$jobs" --target test_team test_session
}

fuzz_one() { # fuzz_one PROGRAM
  local name=${1##*/}
  local corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  "$1" -max_total_time="$fuzz_seconds" -rss_limit_mb=4096 -timeout=25 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$name-" "$corpus" build/fuzz/tests/fuzz/seeds/*/
}

# Which kernels this machine cannot run, which a pass must not hide.
skipped_kernels() {
  local level
  for level in avx2 avx512f avx512_vnni; do
    grep -qw "$level" /proc/cpuinfo || echo "note: this machine lacks $level; its kernels did not run"
  done
  [ "$(uname -m)" = aarch64 ] || echo "note: the NEON kernels ran under emulation, not on a machine"
}

later python-and-models fetch_python
step style python3 .ci/check-style.py
step build-ci build_ci
step install install_ci
collect
python=$PWD/.cache/venv/bin/python
step ctest run_ctest ci
step onnx-cases build/ci/tests/onnx_backend "$cases"
step onnx-cases-hone build/ci/tests/onnx_backend "$cases" \
  --hone build/onnx_case.hone
step peer-cases build/ci/tests/onnx_backend "$peers"
step onnx-schemas "$python" tests/onnx_schema_test.py build/ci/installed/bin/hone
step slots "$python" tests/slots_test.py build/ci/installed/bin/hone
step comparisons "$python" tests/bench/compare_test.py build/ci/installed/bin/hone
step onnx-suites run_suites build/ci/tests/onnx_backend
step onnx-suites-hone run_suites build/ci/tests/onnx_backend --hone build/onnx_case.hone
step consumers tests/consumers/check_consumers.sh build/ci/installed build/consumers
step models "$python" tests/models/models_test.py --hone build/ci/installed/bin/hone "$models"
step docs tests/docs/check_docs.sh build/docs

step build-neon build_neon
later neon-kernels ctest --test-dir build/neon --output-on-failure
step build-asan build asan
collect
step ctest-asan run_ctest asan
step onnx-cases-asan build/asan/tests/onnx_backend "$cases"
step peer-cases-asan build/asan/tests/onnx_backend "$peers"
step onnx-suites-asan run_suites build/asan/tests/onnx_backend

step build-tsan build_tsan
step threads-tsan run_ctest tsan -R '^unit_(team|session)$'

step build-fuzz build fuzz
for program in build/fuzz/tests/fuzz/fuzz_*; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  [ ${#background[@]} -lt "$jobs" ] || collect
  later "${program##*/}" fuzz_one "$program"
done
collect

step kernels-not-run skipped_kernels
finish
