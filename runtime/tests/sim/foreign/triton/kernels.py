# SPDX-License-Identifier: Apache-2.0
# Triton kernels: pipelined GEMM, softmax, attention (prefill and split decode), norm, scan, histogram, integer GEMM.
import triton
import triton.language as tl


@triton.jit
def triton_gemm(a, b, c, m, n, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """C[m,n] f32 = A[m,k] B[k,n], any m, n; k a multiple of BK."""
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    pa = a + (rows % m)[:, None] * k + inner[None, :]
    pb = b + inner[:, None] * n + (columns % n)[None, :]
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for _ in range(0, k, BK):
        total = tl.dot(tl.load(pa), tl.load(pb), total)
        pa += BK
        pb += BK * n
    tl.store(c + rows[:, None] * n + columns[None, :], total, mask=(rows < m)[:, None] & (columns < n)[None, :])


@triton.jit
def triton_gemm_int8(a, b, c, m, n, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """C[m,n] i32 = A[m,k] B[n,k]^T over i8; all sizes multiples of the tile."""
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    total = tl.zeros((BM, BN), dtype=tl.int32)
    for k0 in range(0, k, BK):
        x = tl.load(a + rows[:, None] * k + k0 + inner[None, :])
        y = tl.load(b + columns[None, :] * k + k0 + inner[:, None])
        total += tl.dot(x, y)
    tl.store(c + rows[:, None] * n + columns[None, :], total)


@triton.jit
def triton_softmax(x, y, columns, stride, BLOCK: tl.constexpr):
    """Rows of y = softmax of rows of x; one program a row, columns <= BLOCK."""
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    value = tl.load(x + row * stride + offsets, mask=offsets < columns, other=-float("inf"))
    value = tl.exp(value - tl.max(value, axis=0))
    tl.store(y + row * stride + offsets, value / tl.sum(value, axis=0), mask=offsets < columns)


@triton.jit
def triton_layer_norm(x, gain, bias, y, columns, eps, BLOCK: tl.constexpr):
    """Layer normalisation of rows, in loops of BLOCK columns."""
    row = tl.program_id(0)
    total = tl.zeros([BLOCK], dtype=tl.float32)
    squares = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        value = tl.load(x + row * columns + offsets, mask=offsets < columns, other=0.0).to(tl.float32)
        total += value
        squares += value * value
    mean = tl.sum(total, axis=0) / columns
    scale = tl.rsqrt(tl.sum(squares, axis=0) / columns - mean * mean + eps)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        mask = offsets < columns
        value = tl.load(x + row * columns + offsets, mask=mask, other=0.0).to(tl.float32)
        value = (value - mean) * scale * tl.load(gain + offsets, mask=mask) + tl.load(bias + offsets, mask=mask)
        tl.store(y + row * columns + offsets, value.to(tl.float16), mask=mask)


@triton.jit
def triton_attention(q, k, v, o, length, scale, HEAD: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    """Causal attention, [heads][length][HEAD] f16, online softmax."""
    start = tl.program_id(0) * BM
    head = tl.program_id(1) * length * HEAD
    rows = start + tl.arange(0, BM)
    width = tl.arange(0, HEAD)
    query = tl.load(q + head + rows[:, None] * HEAD + width[None, :], mask=(rows < length)[:, None], other=0.0)
    best = tl.full([BM], -1.0e30, dtype=tl.float32)
    total = tl.zeros([BM], dtype=tl.float32)
    out = tl.zeros([BM, HEAD], dtype=tl.float32)
    for first in range(0, tl.minimum(start + BM, length), BN):
        keys = first + tl.arange(0, BN)
        key = tl.load(k + head + keys[None, :] * HEAD + width[:, None], mask=(keys < length)[None, :], other=0.0)
        score = tl.dot(query, key) * (scale * 1.44269504)
        score = tl.where((keys[None, :] <= rows[:, None]) & (keys < length)[None, :], score, -1.0e30)
        peak = tl.maximum(best, tl.max(score, axis=1))
        weight = tl.exp2(score - peak[:, None])
        shrink = tl.exp2(best - peak)
        total = total * shrink + tl.sum(weight, axis=1)
        value = tl.load(v + head + keys[:, None] * HEAD + width[None, :], mask=(keys < length)[:, None], other=0.0)
        out = tl.dot(weight.to(tl.float16), value, out * shrink[:, None])
        best = peak
    out = out / total[:, None]
    tl.store(o + head + rows[:, None] * HEAD + width[None, :], out.to(tl.float16), mask=(rows < length)[:, None])


@triton.jit
def triton_decode_split(q, cache, pages, part, lse, length, pages_per_sequence, scale, RANK: tl.constexpr,
                        ROPE: tl.constexpr, HEADS: tl.constexpr, PAGE: tl.constexpr, CHUNK: tl.constexpr):
    """Absorbed latent attention of one token over a paged bf16 cache; one program a (sequence, chunk of keys)."""
    sequence = tl.program_id(0)
    split = tl.program_id(1)
    heads = tl.arange(0, HEADS)
    rank = tl.arange(0, RANK)
    rope = tl.arange(0, ROPE)
    width: tl.constexpr = RANK + ROPE
    pq = q + (sequence * HEADS + heads)[:, None] * width
    latent_q = tl.load(pq + rank[None, :])
    rope_q = tl.load(pq + RANK + rope[None, :])
    best = tl.full([HEADS], -1.0e30, dtype=tl.float32)
    total = tl.zeros([HEADS], dtype=tl.float32)
    out = tl.zeros([HEADS, RANK], dtype=tl.float32)
    first = split * CHUNK
    for start in range(first, tl.minimum(first + CHUNK, length), PAGE):
        page = tl.load(pages + sequence * pages_per_sequence + start // PAGE)
        keys = start + tl.arange(0, PAGE)
        row = cache + (page * PAGE + tl.arange(0, PAGE)) * width
        live = keys < length
        latent = tl.load(row[:, None] + rank[None, :], mask=live[:, None], other=0.0)
        position = tl.load(row[None, :] + RANK + rope[:, None], mask=live[None, :], other=0.0)
        score = tl.dot(latent_q, tl.trans(latent))
        score = tl.dot(rope_q, position, score) * (scale * 1.44269504)
        score = tl.where(live[None, :], score, -1.0e30)
        peak = tl.maximum(best, tl.max(score, axis=1))
        weight = tl.exp2(score - peak[:, None])
        shrink = tl.exp2(best - peak)
        total = total * shrink + tl.sum(weight, axis=1)
        out = tl.dot(weight.to(tl.bfloat16), latent, out * shrink[:, None])
        best = peak
    at = (sequence * tl.num_programs(1) + split) * HEADS + heads
    tl.store(part + at[:, None] * RANK + rank[None, :], out / total[:, None])
    tl.store(lse + at, best + tl.log2(total))


@triton.jit
def triton_scan(x, y, last, BLOCK: tl.constexpr):
    """Inclusive sums and running maxima of rows of BLOCK i32; the row's reversed order goes to `last`."""
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    value = tl.load(x + row * BLOCK + offsets)
    tl.store(y + row * BLOCK + offsets, tl.cumsum(value, axis=0))
    tl.store(last + row * BLOCK + offsets, tl.sort(value))


@triton.jit
def triton_histogram(x, bins, n, BLOCK: tl.constexpr, BINS: tl.constexpr):
    """Histogram of values in [0, BINS), merged into global bins by atomics; argmax lands in bins[BINS + program]."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n, other=0)
    count = tl.histogram(value, BINS, mask=offsets < n)
    slots = tl.arange(0, BINS)
    tl.atomic_add(bins + slots, count, sem="relaxed")
    tl.store(bins + BINS + tl.program_id(0), tl.argmax(value, axis=0))
