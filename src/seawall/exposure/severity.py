"""How bad it is when it happens: expected loss and expected shortfall given impairment.

Expected shortfall is the mean of the worst losses given impairment, at the highest of 97.5, 95, 90
and 80% that leaves at least ten paths in the tail; below that there is none (DESIGN section 10).
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Floats

LEVELS = (0.975, 0.95, 0.90, 0.80)
LEAST_TAIL = 10


def expected_loss(losses: Floats) -> float | None:
    """Mean loss (n,) of the impaired paths, quote, loss > 0; None without any."""
    return float(losses.mean()) if losses.size else None


def expected_shortfall(losses: Floats) -> tuple[float | None, float | None]:
    """Mean of the worst losses and the level it is at; (None, None) when paths are too few."""
    for level in LEVELS:
        tail = math.floor(round((1.0 - level) * losses.size, 9))
        if tail >= LEAST_TAIL:
            return float(np.sort(losses)[-tail:].mean()), level
    return None, None


def weighted_expected_loss(losses: Floats, weights: Floats) -> float | None:
    """As `expected_loss`, of paths that count with these weights (n,)."""
    total = float(weights.sum())
    return float((weights * losses).sum()) / total if total > 0.0 else None


def weighted_expected_shortfall(
    losses: Floats, weights: Floats
) -> tuple[float | None, float | None]:
    """As `expected_shortfall`: the worst losses that together have 1 - level of the weight.

    The path on the edge of the tail counts in part. At least ten paths must lie in it.
    """
    order = np.argsort(-losses, kind="stable")
    sorted_loss, part = losses[order], weights[order]
    total = float(part.sum())
    if total <= 0.0:
        return None, None
    for level in LEVELS:
        tail = (1.0 - level) * total
        before = np.cumsum(part) - part
        inside = np.clip(tail - before, 0.0, part)
        if np.count_nonzero(inside >= part * (1.0 - 1e-9)) >= LEAST_TAIL:
            return float((inside * sorted_loss).sum()) / tail, level
    return None, None
