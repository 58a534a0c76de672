#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks libhadal_runtime.so as it ships: check-library.sh LIBRARY SANITIZERS
set -eu
library=$1
sanitizers=${2:-}
limit=300000
status=0

complain() {
  echo "$library: $*" >&2
  status=1
}

# Only the C interface is exported.
others=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '^hadal_' || true)
[ -z "$others" ] || complain "expected only hadal_* symbols, got" $others
count=$(nm -D --defined-only "$library" | grep -c ' T hadal_')
[ "$count" -ge 20 ] || complain "expected the C interface, got $count functions"

# Sanitizers bring libraries, symbols and size of their own.
if [ -z "$sanitizers" ]; then
  needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  for name in $needed; do
    case $name in
      libc.so.6 | libpthread.so.0 | libm.so.6 | ld-linux-x86-64.so.2) ;;
      *) complain "expected to need libc alone, got $name" ;;
    esac
  done
  # Kernels are mapped by our own loader; the system's is for device libraries alone.
  unwanted=$(nm -D --undefined-only "$library" | grep -i -E 'llvm|mlir|memfd' || true)
  [ -z "$unwanted" ] || complain "expected no such import, got" $unwanted
  stripped=$(mktemp)
  trap 'rm -f "$stripped"' EXIT
  strip -o "$stripped" "$library"
  size=$(wc -c <"$stripped")
  [ "$size" -lt "$limit" ] || complain "expected less than $limit B stripped, got $size B"
  echo "$library: $size B stripped, $count functions"
fi
exit $status
