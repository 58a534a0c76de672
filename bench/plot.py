# SPDX-License-Identifier: Apache-2.0
"""Bars as SVG, without a library: an engine a colour, a case a group."""

COLOURS = {"Hadal": "#1f5fa8", "llama.cpp": "#c8862a", "PyTorch": "#8a8f98"}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 300, 60, 40, 50


def bars(title, groups):
    """`groups`: (label, {engine: tokens a second})."""
    engines = list(dict.fromkeys(engine for _, values in groups for engine in values))
    largest = max(value for _, values in groups for value in values.values())
    scale = (HEIGHT - TOP - BOTTOM) / largest
    group_width = (WIDTH - LEFT - 20) / len(groups)
    bar = group_width * 0.8 / len(engines)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{title}</text>']
    for index, engine in enumerate(engines):
        x = WIDTH - 110 * (len(engines) - index)
        parts.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{COLOURS[engine]}"/><text x="{x + 17}" y="20">{engine}</text>')
    base = HEIGHT - BOTTOM
    parts.append(f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - 20}" y2="{base}" stroke="#444"/>')
    for at, (label, values) in enumerate(groups):
        start = LEFT + at * group_width + group_width * 0.1
        for index, engine in enumerate(engines):
            if engine not in values:
                continue
            height = values[engine] * scale
            x = start + index * bar
            parts.append(f'<rect x="{x:.1f}" y="{base - height:.1f}" width="{bar * 0.92:.1f}" height="{height:.1f}" fill="{COLOURS[engine]}"/>')
            parts.append(f'<text x="{x + bar * 0.46:.1f}" y="{base - height - 4:.1f}" text-anchor="middle" font-size="10">{values[engine]:.4g}</text>')
        parts.append(f'<text x="{start + group_width * 0.4:.1f}" y="{base + 18}" text-anchor="middle">{label}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 10}" fill="#444">tokens a second, medians of runs that took turns</text></svg>')
    return "\n".join(parts) + "\n"


def plots(results):
    """{file name: text}: prompts and generation, each over precisions."""
    found = {}
    for name, title, start in (("prefill.svg", "Prompts", "prefill"), ("decode.svg", "Generation", "decode")):
        groups = {}
        for result in results:
            if result["case"].startswith(start):
                label = f"{result['precision']}, {result['case'].split(' ', 1)[1]}"
                groups.setdefault(label, {})[result["engine"]] = result["tokens_per_second"]
        if groups:
            found[name] = bars(title, list(groups.items()))
    return found
