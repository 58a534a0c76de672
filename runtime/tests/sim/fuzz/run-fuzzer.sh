#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes for 30 seconds, or 10 minutes under HADAL_TEST_LONG: run-fuzzer.sh PROGRAM front-end|execution WORK-FOLDER
set -eu
program=$1 mode=$2 work=$3
source=$(cd -- "$(dirname -- "$0")" && pwd -P)
case $mode in
  front-end) option= ;;
  execution) option=--execute ;;
  *) echo "run-fuzzer.sh: expected front-end or execution, got '$mode'" >&2; exit 2 ;;
esac
seconds=${HADAL_FUZZ_SECONDS:-30}
[ -z "${HADAL_TEST_LONG:-}" ] || seconds=${HADAL_FUZZ_SECONDS:-600}

# Each run starts from the corpus of the tree, never from what an earlier run
# left: a fixed seed over the same inputs, so that machines do the same work.
rm -rf -- "$work/corpus" "$work/found"
mkdir -p -- "$work/corpus" "$work/found"
status=0
# A crash, a report of a sanitizer, 10 seconds for one input and 2 GiB of memory all end the run with an error.
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  "$program" $option -seed=1 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
  -dict="$source/ptx.dict" -artifact_prefix="$work/found/" -print_final_stats=1 \
  "$work/corpus" "$source/corpus" "$source/../twins" >"$work/log" 2>&1 || status=$?
grep -E '^#[0-9]+[[:space:]]+(INITED|DONE)|^stat::' "$work/log" || true
if [ "$status" -ne 0 ]; then
  grep -vE '^#[0-9]+|NEW_FUNC|^stat::' "$work/log" | tail -n 100
  echo "run-fuzzer.sh: the fuzzer of $mode ended with $status; the input is in:"
  find "$work/found" -type f
  exit 1
fi
# A run that executes nothing proves nothing.
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
[ "${runs:-0}" -gt 200 ] || { echo "run-fuzzer.sh: expected more than 200 inputs, got ${runs:-none}"; exit 1; }
