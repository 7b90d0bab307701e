"""How good a law of counts was: log score, intervals, and where the counts fell in it.

    log score    log of the probability given to what came; larger is better
    difference   its mean over months against another law, with an interval from moving blocks of
                 three months (neighbouring months share the level)
    coverage     share of months inside the 50, 80 and 95% intervals of the law, and their mean
                 width; of counts an interval covers its level or more
    PIT          shares of months in each fifth of the law, by the non-randomised histogram of
                 Czado, Gneiting and Held (2009): all 20% for a right law

Source: Gneiting and Raftery (2007) for scores. Wrong when: the months judged are few: 24 of them
tell a mean score to about a tenth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.forecast import Law
from seawall.foundation.random import Stream, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS = (0.5, 0.8, 0.95)
BLOCK = 3
RESAMPLES = 2_000
BINS = 5


def against(ours: Law, theirs: Law, seen: Ints, seed: int) -> dict[str, float]:
    """Mean difference of log scores, above 0 where ``ours`` is better, and its 95% interval."""
    gain = ours.log_probability(seen) - theirs.log_probability(seen)
    means = block_means(gain, seed)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"mean": float(gain.mean()), "low": float(low), "high": float(high)}


def block_means(value: Floats, seed: int) -> Floats:
    """Means of moving-block resamples (r,) of a series (t,), its ends joined."""
    length = min(BLOCK, value.size)
    many = -(-value.size // length)
    drawn = uniforms(seed, Stream.COUNTERPARTY, np.arange(RESAMPLES), [5], many)[:, 0]
    start = (drawn * value.size).astype(np.int64)
    place = (start[:, :, None] + np.arange(length)) % value.size
    means: Floats = value[place.reshape(RESAMPLES, -1)[:, : value.size]].mean(axis=1)
    return means


def coverage(law: Law, seen: Ints) -> dict[str, dict[str, float]]:
    """Share of cells inside, and mean width of, each interval of the law."""
    out = {}
    for level in LEVELS:
        low, high = law.quantile((1.0 - level) / 2.0), law.quantile((1.0 + level) / 2.0)
        inside = (seen >= low) & (seen <= high)
        out[f"{level:.0%}"] = {
            "inside": float(inside.mean()),
            "width": float((high - low).mean()),
        }
    return out


def pit(law: Law, seen: Ints) -> list[float]:
    """Shares of cells by fifth of the law: each count spread over its own step of the law."""
    low, high = law.below(seen - 1), law.below(seen)
    edges = np.linspace(0.0, 1.0, BINS + 1)
    wide = np.maximum(high - low, 1e-12)
    reached = np.clip((edges[:, None] - low) / wide, 0.0, 1.0)
    return [float(x) for x in np.diff(reached.mean(axis=1))]


def judged(law: Law, seen: Ints) -> dict[str, Any]:
    """Everything said of one law: log score, expected and seen counts, coverage, PIT."""
    return {
        "log_score": float(law.log_probability(seen).mean()),
        "expected": float(law.expected.sum()),
        "seen": int(seen.sum()),
        "coverage": coverage(law, seen),
        "pit": pit(law, seen),
    }
