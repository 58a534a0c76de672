# SPDX-License-Identifier: Apache-2.0
# A test format that runs what executes kernels once more as on each lesser machine.
import copy
import re

import lit.formats
import lit.Test

# Features that only a test that executes kernels requires.
EXECUTES = re.compile(r"^(?:\W*\s)?REQUIRES:.*\b(?:end-to-end|x86-64-v\d)", re.MULTILINE)


class OnLesserMachine(lit.Test.Test):
    """A test under HADAL_CPU_AT_MOST, with a name and temporary files of its own."""

    def __init__(self, suite, path_in_suite, config, level, better):
        config = copy.copy(config)
        config.environment = dict(config.environment, HADAL_CPU_AT_MOST=level)
        config.available_features = config.available_features - set(better) | {"lesser-machine"}
        super().__init__(suite, path_in_suite, config)
        self.level = level

    def getFullName(self):
        return f"{super().getFullName()} ({self.level} at most)"

    def getExecPath(self):
        return self.suite.getExecPath(self.path_in_suite[:-1] + (self.level,) + self.path_in_suite[-1:])


class EachLevel(lit.formats.ShTest):
    """ShTest, with every test that executes kernels once for each level in `levels`, best first:
    as the machine is, then as one that has no more than the second, and so on."""

    def __init__(self, levels):
        super().__init__(execute_external=False)
        self.levels = levels

    def getTestsForPath(self, suite, path, lit_config, config):
        for test in super().getTestsForPath(suite, path, lit_config, config):
            yield test
            if len(self.levels) < 2:
                continue
            with open(test.getSourcePath(), encoding="utf-8") as source:
                executes = EXECUTES.search(source.read())
            for i, level in enumerate(self.levels[1:], 1):
                if executes:
                    yield OnLesserMachine(suite, path, config, level, self.levels[:i])
