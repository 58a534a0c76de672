# SPDX-License-Identifier: Apache-2.0
# Writes one checkpoint of cases.py.
# usage: write_case.py GROUP NAME FOLDER
import sys

import cases

group, name, folder = sys.argv[1:]
cases.GROUPS[group][name](folder)
