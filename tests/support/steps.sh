# SPDX-License-Identifier: Apache-2.0
# Runs the steps of a test script: one line of progress each, output kept in a file that is shown
# when the step fails, and a sum at the end. To be sourced, with $logs set to a folder.
#
#   step NAME COMMAND...    runs it now
#   later NAME COMMAND...   runs it in the background; its line comes with the next collect
#   collect                 waits for what runs in the background
#   finish                  prints "N passed, N failed" and returns whether all is well
#
# A step counts what its output counts (ctest's and our own closing lines), else as one test. Its exit
# code decides: what a step that succeeds says has failed is known to fail, and is only mentioned.
passed=0 failed=0 failures=()
background=()

# execute NAME COMMAND...: runs it and leaves NAME.log, NAME.result ("status seconds").
execute() {
  local name=$1 start=$SECONDS status=0
  shift
  "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
  echo "$status $((SECONDS - start))" >"$logs/$name.result"
}

# count_tests LOG: prints "passed failed", both 0 when the log counts nothing.
count_tests() {
  awk '/^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+/ { f += $4; p += $NF - $4 }
       /^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3 }
       END { print p + 0, f + 0 }' "$1"
}

report() {
  local name=$1 status seconds p f
  read -r status seconds <"$logs/$name.result"
  read -r p f < <(count_tests "$logs/$name.log")
  local known=""
  if [ "$status" = 0 ]; then
    [ "$f" = 0 ] || known=", $f known to fail"
    [ "$p" -gt 0 ] || p=1
    f=0
  elif [ "$f" = 0 ]; then
    f=1
  fi
  passed=$((passed + p)) failed=$((failed + f))
  if [ "$status" = 0 ]; then
    printf 'ok      %-28s %5d s  %s\n' "$name" "$seconds" "$p passed$known"
    grep -E '^(note|style|library): ' "$logs/$name.log" | sed 's/^/          /' || true
  else
    failures+=("$name")
    printf 'FAILED  %-28s %5d s  %s\n' "$name" "$seconds" "$p passed, $f failed"
    grep -E 'FAILED|[Ee]rror|\*\*\*' "$logs/$name.log" | head -n 20 | sed 's/^/    /' || true
    printf '    ... the end of %s:\n' "$logs/$name.log"
    tail -n 40 "$logs/$name.log" | sed 's/^/    /'
  fi
}

step() {
  execute "$@"
  report "$1"
}

later() {
  execute "$@" &
  background+=("$! $1")
}

collect() {
  local entry
  for entry in "${background[@]}"; do
    wait "${entry%% *}" || true
    report "${entry#* }"
  done
  background=()
}

finish() {
  collect
  [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[*]}"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
