"""Compiled twin of the plain sums in :mod:`.paths`: the same bits, some ten times faster.

One path after the other, BLOCK steps at a time, each asset's numbers of a block in one row: every
stage is a short loop over the row, which becomes vector instructions. The running sum of moves
goes from step to step and is taken for all assets at once.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.foundation.elementary_kernel import exponential, inverse_normal
from seawall.foundation.random_kernel import (
    BLOCK,
    PADDING,
    Word,
    normal_rows,
    philox,
    uniform_block,
    unit,
)

PRICE, JUMP_TIME, JUMP_SIZE = Word(0), Word(1), Word(2)  # of foundation.random.Stream

# In the order of the parameters of draw.
DRAW = (
    "void(u8, u8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], f8, f8, f8[:, ::1],"
    " f8[:, ::1], f8[::1], f8[:, :, ::1])"
)


@helper
def correlate(normal: np.ndarray, factor: np.ndarray, row: np.ndarray, i: int) -> None:
    """Row i of the factor times the normals of BLOCK steps, added left to right.

    Four columns at a time up to the last that counts: sums stay in registers for longer. A column
    that does not count adds a zero, which changes no sum (at most a zero's sign).
    """
    last = factor.shape[1]
    while last > 1 and factor[i, last - 1] == 0.0:
        last -= 1
    weight, column = factor[i, 0], normal[0]
    for t in range(BLOCK):
        row[t] = column[t] * weight
    j = 1
    while j + 4 <= last:
        w0, w1, w2, w3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
        c0, c1, c2, c3 = normal[j], normal[j + 1], normal[j + 2], normal[j + 3]
        for t in range(BLOCK):
            row[t] = (((row[t] + c0[t] * w0) + c1[t] * w1) + c2[t] * w2) + c3[t] * w3
        j += 4
    while j < last:
        weight, column = factor[i, j], normal[j]
        for t in range(BLOCK):
            row[t] += column[t] * weight
        j += 1


@helper
def jump_block(
    steps: np.ndarray,
    path: Word,
    seed: Word,
    chances: np.ndarray,
    mean: float,
    volatility: float,
    scratch: np.ndarray,
    size: np.ndarray,
) -> None:
    """Size of the common log-jump of BLOCK steps: 0 in most of them."""
    uniform_block(steps, Word(0), path, JUMP_TIME, seed, size, scratch)
    for t in range(BLOCK):
        count = 0
        while count < chances.size and size[t] >= chances[count]:
            count += 1
        if count == 0:
            size[t] = 0.0
        else:
            a, b, _, _ = philox(Word(0), steps[t], path, JUMP_SIZE, seed)
            normal = inverse_normal(unit(a, b))
            size[t] = count * mean + math.sqrt(count) * volatility * normal


@helper
def prices_block(moves: np.ndarray, sums: np.ndarray, tiled: np.ndarray, out: np.ndarray) -> None:
    """Add the moves (k, BLOCK) to the running sums (k,) and fill prices (t, k), t <= BLOCK."""
    for t in range(out.shape[0]):
        for i in range(sums.size):
            sums[i] += moves[i, t]
            out[t, i] = sums[i]
    # Prices of a block lie one after the other: one long loop over all its steps and assets.
    flat = out.reshape(-1)
    for i in range(flat.size):
        flat[i] = exponential(flat[i]) * tiled[i]


@helper
def spot_block(spot: np.ndarray) -> np.ndarray:
    """The spot prices (k,) once for each of BLOCK steps, one after the other."""
    tiled = np.empty(spot.size * BLOCK)
    for t in range(BLOCK):
        tiled[t * spot.size : (t + 1) * spot.size] = spot
    return tiled


@kernel(DRAW)
def draw(
    seed: Word,
    paths: np.ndarray,
    factor: np.ndarray,
    spread: np.ndarray,
    drift: np.ndarray,
    chances: np.ndarray,
    jump_mean: float,
    jump_volatility: float,
    loading: np.ndarray,
    expected: np.ndarray,
    spot: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (p, s + 1, k) with prices; see :func:`seawall.scenario.paths.exogenous_paths`.

    spread, drift (p, k): factor on the correlated normals, and what is taken off every step.
    chances: of at most 0, 1, ... jumps in a step, without the last; none: no jumps. loading,
    expected (p, k): each asset's factor on the jump, and what it adds on average.
    """
    assets, steps = factor.shape[0], out.shape[1] - 1
    pairs = (assets + 1) // 2
    normal = np.empty((2 * pairs, BLOCK))
    moves = np.empty((assets, BLOCK))
    size, scratch = np.empty(BLOCK), np.empty(BLOCK)
    tails = np.zeros(normal.size + PADDING)
    place = np.empty(normal.size + PADDING, dtype=np.int64)
    tiled = spot_block(spot)
    sums, at = np.empty(assets), np.empty(BLOCK, dtype=np.uint64)
    for p in range(paths.size):
        out[p, 0] = spot
        sums[:] = 0.0
        for first in range(0, steps, BLOCK):
            for t in range(BLOCK):
                at[t] = first + t
            for n in range(pairs):
                even, odd = normal[2 * n], normal[2 * n + 1]
                uniform_block(at, Word(n), paths[p], PRICE, seed, even, odd)
            normal_rows(normal, tails, place)
            if chances.size:
                jump_block(at, paths[p], seed, chances, jump_mean, jump_volatility, scratch, size)
            for i in range(assets):
                row, wide, low = moves[i], spread[p, i], drift[p, i]
                correlate(normal, factor, row, i)
                for t in range(BLOCK):
                    row[t] = row[t] * wide - low
                if chances.size:
                    share, mean = loading[p, i], expected[p, i]
                    for t in range(BLOCK):
                        row[t] += size[t] * share - mean
            last = min(BLOCK, steps - first)
            prices_block(moves, sums, tiled, out[p, first + 1 : first + last + 1])
