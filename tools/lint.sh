#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the house rules that a program can check; prints FILE:LINE: [rule] reason, exit 1.
# usage: tools/lint.sh [TREE [--emitters]]
# --emitters also lists the functions whose messages were looked at.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
exec python3 -B "$here/lint.py" "${1:-$here/..}" "${@:2}"
