#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds small C and C++ programs against an installed hone, by pkg-config and by find_package, with
# the shared and the static library, and runs them.
#
#   check_consumers.sh PREFIX BUILD
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
rm -rf "$2"
mkdir -p "$2"
build=$(cd "$2" && pwd)
passed=0 failed=0

# Not where it was installed: what was installed must not know its folder.
cp -a "$1" "$build/prefix"
prefix=$build/prefix
lib=$(dirname "$(find "$prefix" -name libhone.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib
PYTHONPATH=$top/tests/support python3 - "$build/twice.onnx" "$build/wave.onnx" "$build/decoder.onnx" <<'END'
import sys
from onnx_build import FLOAT, UINT8, Graph, Model
g = Graph('twice')
g.input('x', FLOAT, [2])
g.node('Add', ['x', 'x'], ['y'])
g.output('y', FLOAT, [2])
Model(g, opset=17).save(sys.argv[1])
g = Graph('wave')
g.input('x', FLOAT, [3])
g.node('Wave', ['x'], ['y'], domain='com.example', frequency=0.5)
g.output('y', FLOAT, [3])
Model(g, opset=17, opsets={'com.example': 1}).save(sys.argv[2])
g = Graph('decoder')
g.input('data', UINT8, ['N'])
g.node('ImageDecoder', ['data'], ['image'], pixel_format='Grayscale')
g.output('image', UINT8, None)
Model(g, opset=20).save(sys.argv[3])
END

check() { # check NAME COMMAND...
  local name=$1
  shift
  echo "== $name: $*"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED $name"; fi
}

warn=(-Wall -Wextra -pedantic -Werror)
read -ra flags < <(pkg-config --cflags hone)
read -ra shared < <(pkg-config --libs hone)
read -ra static < <(pkg-config --static --libs hone)
static=("${static[@]/#-lhone/-l:libhone.a}")
for compiler in "gcc -std=c11 $here/twice.c" "g++ -std=c++17 $here/twice.cpp" \
  "clang-14 -std=c11 $here/twice.c" "clang++-14 -std=c++17 $here/twice.cpp"; do
  read -ra compile <<<"$compiler"
  for kind in shared static; do
    declare -n libraries=$kind
    program=$build/pkg_config_${compile[0]}_$kind
    check "${compile[0]}-$kind" "${compile[@]}" "${warn[@]}" "${flags[@]}" -o "$program" "${libraries[@]}"
    check "${compile[0]}-$kind-runs" "$program" "$build/twice.onnx"
  done
done

# The same with the library of image codecs, which are shared everywhere.
read -ra flags < <(pkg-config --cflags hone-images)
read -ra shared < <(pkg-config --libs hone-images)
read -ra static < <(pkg-config --static --libs hone-images | sed -E 's/-l(hone\w*)/-l:lib\1.a/g')
for kind in shared static; do
  declare -n libraries=$kind
  program=$build/picture_$kind
  check "picture-$kind" gcc -std=c11 "${warn[@]}" "${flags[@]}" -o "$program" "$here/picture.c" \
    "${libraries[@]}"
  check "picture-$kind-runs" "$program" "$build/decoder.onnx"
done

check cmake-configures cmake -S "$here" -B "$build/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
check cmake-builds cmake --build "$build/cmake"
for program in c_shared c_static cpp_shared cpp_static; do
  check "cmake-$program" "$build/cmake/$program" "$build/twice.onnx"
done
for program in picture_shared picture_static; do
  check "cmake-$program" "$build/cmake/$program" "$build/decoder.onnx"
done
own_operator() {
  make -s -C "$top/docs/examples" OUT="$build" "$build/own_operator" &&
    [ "$("$build/own_operator" "$build/wave.onnx" | xargs)" = "0 0.479426 0.841471" ]
}
check own-operator own_operator
check command-runs env -u LD_LIBRARY_PATH "$prefix/bin/hone" version
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
