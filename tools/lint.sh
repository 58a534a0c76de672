#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the house rules that a program can check; prints FILE:LINE: [rule] reason, exit 1.
# usage: tools/lint.sh [TREE]
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
exec python3 -B "$here/lint.py" "${1:-$here/..}"
