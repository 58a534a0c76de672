# SPDX-License-Identifier: Apache-2.0
# Every change of every key of small configurations that a hand or another program makes.
#
# of_base() yields (name, key, config, verdict): `key` is what was changed, `verdict` what reading must come to where
# meaning.py, which does not know the key, cannot tell: "refused", or "named", which is either with the key in what is
# said. It says nothing otherwise, and "equal" where the key is of others but its value changes nothing.
import copy

from config_values import OTHERS, SAME_VALUE, SPELLINGS


def wrong_types(value):
    common = [[value], {}, {"value": value}]
    if isinstance(value, bool):
        return [0, 1, "true" if value else "false"] + common
    if isinstance(value, int):
        return [str(value), value + 0.5, True, 0, -1, 1 << 40] + common
    if isinstance(value, float):
        return [str(value), True, 0, -value, 1e300] + common
    if isinstance(value, str):
        return [1, True, "", value.upper(), value + " "] + common
    if isinstance(value, list):
        return ["x", 1, True, {}, [None], value + value, [str(item) for item in value] if value[0] != str(value[0]) else [1]]
    return ["x", 1, True, [], ["x"]]


def camel(key):
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)


def places(config):
    """(path, object) of every object whose keys are changed."""
    yield (), config
    for key in ("text_config", "rope_scaling", "rope_parameters", "quantization_config"):
        if isinstance(config.get(key), dict):
            for path, inner in places(config[key]):
                yield (key, *path), inner


def changed(config, path, change):
    """A copy with `change` applied to the object at `path`."""
    result = copy.deepcopy(config)
    where = result
    for name in path:
        where = where[name]
    change(where)
    return result


def without(key, **values):
    def change(where):
        where.pop(key, None)
        where.update(values)
    return change


def of_key(base, config, path, key, value):
    def case(kind, change, named=key, verdict=None):
        return f"{base} {'.'.join((*path, key))} {kind}", named, changed(config, path, change), verdict

    yield case("null", lambda where: where.update({key: None}))
    yield case("absent", without(key))
    for wrong in wrong_types(value):
        yield case(f"as {wrong!r}", lambda where, wrong=wrong: where.update({key: wrong}))
    for other in [camel(key), key.upper(), *SPELLINGS.get(key, [])]:
        if other != key:
            yield case(f"as {other}", without(key, **{other: value}), other, "named")
            yield case(f"with {other}", lambda where, other=other: where.update({other: value}), other, "named")
    if path and key != "model_type":
        # One place further out, alone and together with another value inside.
        def move(where):
            where.setdefault(key, where[path[-1]].pop(key))

        def double(where):
            where.setdefault(key, value)
            where[path[-1]][key] = other_value(value)
        outer = path[:-1]
        yield f"{base} {'.'.join((*path, key))} outside", key, changed(config, outer, move), None
        yield f"{base} {'.'.join((*path, key))} on both sides", key, changed(config, outer, double), None


def other_value(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value * 2
    return copy.deepcopy(value)


def nested(base, config):
    """The same model inside of text_config: each of its keys beside it, alone, with another value, and null."""
    whole = {"model_type": "multimodal", "text_config": config}
    yield f"{base} in text_config", "text_config", whole, None
    for key, value in config.items():
        if key == "model_type":
            continue
        inside = {name: other for name, other in config.items() if name != key}
        yield f"{base} {key} beside text_config", key, {**whole, "text_config": inside, key: value}, None
        yield f"{base} other {key} beside text_config", key, {**whole, key: other_value(value)}, None
        yield f"{base} null {key} beside text_config", key, {**whole, key: None}, None
        yield f"{base} {key} beside a null", key, {**whole, "text_config": {**config, key: None}, key: value}, None


def of_base(base, config):
    yield f"{base} itself", "model_type", config, None
    text_path = ("text_config",) if "text_config" in config else ()
    text = config.get("text_config", config)
    block = next((name for name in ("rope_scaling", "rope_parameters") if name in text), None)
    for path, where in places(config):
        for key, value in where.items():
            yield from of_key(base, config, path, key, value)
    for in_block, key, value, neutral in OTHERS:
        path = (*text_path, block) if in_block else text_path
        name = ".".join((*path, key))
        yield (f"{base} {name} of others", key, changed(config, path, lambda where: where.update({key: value})),
               "refused")
        yield (f"{base} {name} neutral", key, changed(config, path, lambda where: where.update({key: neutral})),
               "equal")
    for kind, (key, value) in SAME_VALUE.items():
        path = (*text_path, block) if key == "rope_type" else text_path
        yield f"{base} {key} {kind}", key, changed(config, path, lambda where: where.update({key: value})), None
        if key == "rope_type":
            alone = {key: value, "rope_theta": 300.0}
            for factor in (None, 1.0, 4.0):
                only = {**alone, **({} if factor is None else {"factor": factor})}
                yield (f"{base} {key} {kind} factor {factor}", key,
                       changed(config, text_path, lambda where: where.update({block: only})), None)
    for first in ("type", "rope_type"):
        for a, b in (("yarn", "default"), ("default", "yarn"), (None, "yarn")):
            second = "rope_type" if first == "type" else "type"
            yield (f"{base} {first} {a}, {second} {b}", "rope_type" if second == "rope_type" else first,
                   changed(config, (*text_path, block), lambda where: where.update({first: a, second: b})), None)
    other_block = "rope_parameters" if block == "rope_scaling" else "rope_scaling"
    for kind, value in (("empty", {}), ("null", None), ("another", {"rope_type": "default", "rope_theta": 70.0})):
        yield (f"{base} {other_block} {kind}", other_block,
               changed(config, text_path, lambda where: where.update({other_block: value})), None)
    for beside in (None, 8, 32, "8", 8.5):
        key = "original_max_position_embeddings"
        yield (f"{base} {key} {beside!r} beside the block", key,
               changed(config, text_path, lambda where: where.update({key: beside})), None)
    for beside in (None, 50.0, "x"):
        yield (f"{base} rope_theta {beside!r} beside the block", "rope_theta",
               changed(config, text_path, lambda where: where.update(rope_theta=beside)), None)
    for groups in (None, 1, 2, 4, 8):
        for kept in (None, 1, 2, 4):
            yield (f"{base} n_group {groups} topk_group {kept}", "group",
                   changed(config, text_path, lambda where: where.update(n_group=groups, topk_group=kept)), None)
    for alias in ("num_local_experts", "num_experts"):
        for count in (8, 4, None):
            yield (f"{base} {alias} {count} too", alias,
                   changed(config, text_path, lambda where: where.update({alias: count})), None)
    for top_k in (1, 2):
        for normalise in (True, False, None):
            yield (f"{base} top {top_k}, normalise {normalise}", "norm_topk_prob",
                   changed(config, text_path, lambda where: where.update(num_experts_per_tok=top_k,
                                                                        norm_topk_prob=normalise)), None)
    if not text_path:
        yield from nested(base, config)
