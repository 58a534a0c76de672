# SPDX-License-Identifier: Apache-2.0
# What a config.json says of positions, written from transformers' rules and YaRN (arXiv:2309.00071); see meaning.py.
import math

YARN_KEYS = ("factor", "beta_fast", "beta_slow", "attention_factor", "truncate", "mscale", "mscale_all_dim")
MISSING = object()


class Refused(Exception):
    """A configuration that has no meaning here; the argument is the key."""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value):
    return is_number(value) and value == int(value)  # JSON has one kind of number: 4.0 is 4


def mscale(factor, strength):
    return 0.1 * strength * math.log(factor) + 1.0 if factor > 1 else 1.0


def optional(block, key, absent, most=1e6, closed=False):
    """A number above 0, or from 0, whose null is its absence."""
    value = block.get(key)
    if value is None:
        return absent
    if not is_number(value) or not (0 < value <= most or value == 0 and closed):
        raise Refused(key)
    return value


class Rope:
    """Rotation of `columns` columns of a head, from the language model's part of config.json."""

    def __init__(self, text, columns, positions):
        self.columns = columns
        for key in ("rope_scaling", "rope_parameters"):
            if not isinstance(text.get(key, {}), (dict, type(None))):
                raise Refused(key)
        block = text.get("rope_scaling") or text.get("rope_parameters") or {}
        for place in (text, block):
            if place.get("partial_rotary_factor", 1) not in (None, 1):
                raise Refused("partial_rotary_factor")
        # The base: in the block, or else beside it.
        self.theta = block.get("rope_theta", text.get("rope_theta", 10000.0))
        if not is_number(self.theta) or not 0 < self.theta <= 1e12:
            raise Refused("rope_theta")
        # All else of YaRN counts in the block alone, and would be lost beside it.
        for key in YARN_KEYS:
            if text.get(key) is not None:
                raise Refused(key)
        key = "rope_type" if "rope_type" in block else "type"
        kind = block.get(key, "default")
        self.yarn, self.softmax_factor, self.factor_of_table = False, 1.0, 1.0
        if kind == "yarn":
            self.read_yarn(text, block, positions)
        elif kind not in ("default", "none"):
            raise Refused(key)
        elif block.get("factor", 1) not in (None, 1):
            raise Refused("factor" if kind == "default" else key)

    def read_yarn(self, text, block, positions):
        self.yarn = True
        if self.theta <= 1:
            raise Refused("rope_theta")
        key = "original_max_position_embeddings"
        self.trained = text.get(key, block.get(key, positions))  # beside the block it wins
        if not is_whole(self.trained) or not 1 <= self.trained < 1 << 31:
            raise Refused(key)
        own, all_dim = (optional(block, name, 0, 1e3, closed=True) for name in ("mscale", "mscale_all_dim"))
        self.factor = block.get("factor", MISSING)
        if self.factor is None and not all_dim:
            self.factor = positions / self.trained  # and with mscale_all_dim the class fails
        if not is_number(self.factor) or not 1 <= self.factor <= 1e6:
            raise Refused("factor")
        truncate = block.get("truncate", True)
        if not isinstance(truncate, (bool, type(None))):
            raise Refused("truncate")
        self.truncate = bool(truncate)
        self.fast, self.slow = optional(block, "beta_fast", 32), optional(block, "beta_slow", 1)
        # Without both of them the table takes the method's own temperature.
        ratio = mscale(self.factor, own) / mscale(self.factor, all_dim) if own and all_dim else mscale(self.factor, 1.0)
        self.factor_of_table = optional(block, "attention_factor", ratio)
        self.softmax_factor = mscale(self.factor, all_dim) ** 2 if all_dim else 1.0

    def frequencies(self):
        """Radians a position for each pair of columns, and the factor on cos and sin."""
        plain = [self.theta ** (-2 * i / self.columns) for i in range(self.columns // 2)]
        if not self.yarn:
            return plain, 1.0

        def dimension(rotations):
            turns = self.trained / (rotations * 2 * math.pi)
            return self.columns * math.log(turns) / (2 * math.log(self.theta))

        low, high = dimension(self.fast), dimension(self.slow)
        if self.truncate:
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, self.columns - 1)
        if low == high:
            high += 0.001
        mixed = []
        for i, frequency in enumerate(plain):
            stretched = min(max((i - low) / (high - low), 0.0), 1.0)
            mixed.append(frequency / self.factor * stretched + frequency * (1 - stretched))
        return mixed, self.factor_of_table
