#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Follows docs/add-an-operator.md and docs/add-a-kernel.md on a copy of the tree, then runs what they
# say to run, and a model that uses the new operator.
#
#   check_docs.sh BUILD
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
tree=$(cd "$1" && pwd)/tree

# The files under version control or about to be. Times are kept, so that a second run builds little.
mkdir -p "$tree"
(cd "$top" && { git ls-files -co --exclude-standard 2>/dev/null ||
  find . -type f -not -path './build*' -not -path './.cache/*'; } | sort -u |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done | tar cf - -T -) | tar xf - -C "$tree"

commands=$(python3 "$top/tests/docs/apply_page.py" "$top/docs/add-an-operator.md" "$tree"
  python3 "$top/tests/docs/apply_page.py" "$top/docs/add-a-kernel.md" "$tree")
cd "$tree"
while read -r command; do
  echo "== $command"
  bash -euc "$command" </dev/null
done < <(awk '!seen[$0]++' <<<"$commands")

PYTHONPATH=tests/support python3 - <<'END'
from onnx_build import FLOAT, Graph, Model
g = Graph('cube')
g.input('x', FLOAT, [2])
g.node('Cube', ['x'], ['y'], domain='hone')
g.output('y', FLOAT, [2])
Model(g, opset=17, opsets={'hone': 1}).save('cube.onnx')
END
build/ci/cli/hone run --input x=@2,-3 cube.onnx | tee cube.txt
grep -q 'first  8 -27' cube.txt
