"""One verdict over many assets whose losses come together: blocks of dates resampled, and Holm.

A series of errors g_t that is 0 in expectation under the hypothesis, such as hit - p, is averaged
over dates (and over assets where several are judged together). The mean's distribution is taken
from means of dates drawn in blocks of BLOCK_DAYS (all assets of a date stay together, so their
dependence stays), moved to mean 0:

    p = share of |drawn mean - mean| at least as large as |mean|

Source: Kunsch (1989); Politis and Romano (1992) for blocks on a circle; Holm (1979) for many tests.
Wrong with a handful of hits: few blocks then carry the whole mean, and its bootstrap is too narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK_DAYS = 7
DRAWN = 4_000


def mean_is_zero(errors: Floats, rng: np.random.Generator) -> float:
    """P-value of a mean of 0 for errors (t, n) by date and column, NaN where there is none."""
    known = np.isfinite(errors)
    total = np.where(known, errors, 0.0).sum(axis=1)
    count = known.sum(axis=1).astype(np.float64)
    mean = total.sum() / count.sum()
    centred = total - mean * count
    blocks = -(-total.size // BLOCK_DAYS)
    starts = rng.integers(0, total.size, (DRAWN, blocks))
    # Sums over blocks on the circle by differences of a running sum.
    running = np.concatenate([[0.0], np.cumsum(np.concatenate([centred, centred[:BLOCK_DAYS]]))])
    weights = np.concatenate([[0.0], np.cumsum(np.concatenate([count, count[:BLOCK_DAYS]]))])
    part = (running[starts + BLOCK_DAYS] - running[starts]).sum(axis=1)
    size = (weights[starts + BLOCK_DAYS] - weights[starts]).sum(axis=1)
    drawn = np.abs(part / size)
    return float((1.0 + np.sum(drawn >= abs(mean))) / (DRAWN + 1.0))


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """P-values adjusted so that rejecting those below a level errs once in that share of families.

    NaN stays NaN and counts as no test.
    """
    known = sorted((p, name) for name, p in p_values.items() if np.isfinite(p))
    out = dict(p_values)
    largest = 0.0
    for rank, (p, name) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        out[name] = largest
    return out
