"""How bad it is when it happens: expected loss and expected shortfall given impairment.

Expected shortfall is the mean of the worst losses given impairment, at the highest of 97.5, 95, 90
and 80% that leaves at least ten paths in the tail; below that there is none (DESIGN section 10).

Its 95% interval is that of a mean (`mean_interval.py`): with n losses, k of them in the tail and v
the largest outside it, each loss counts as u = v + max(x - v, 0) n / k, whose mean is the expected
shortfall. So it is left to chance too which losses lie in the tail. Measured coverage:
docs/decisions/044.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.exposure.mean_interval import Ends, mean_interval, weighted_mean_interval

LEVELS = (0.975, 0.95, 0.90, 0.80)
LEAST_TAIL = 10


def expected_loss(losses: Floats) -> float | None:
    """Mean loss (n,) of the impaired paths, quote, loss > 0; None without any."""
    return float(losses.mean()) if losses.size else None


def expected_shortfall(losses: Floats) -> tuple[float | None, float | None]:
    """Mean of the worst losses and the level it is at; (None, None) when paths are too few."""
    for level in LEVELS:
        tail = _in_tail(losses.size, level)
        if tail >= LEAST_TAIL:
            return float(np.sort(losses)[-tail:].mean()), level
    return None, None


def shortfall_interval(losses: Floats, level: float | None, least: float | None = None) -> Ends:
    """95% interval of the expected shortfall of losses (n,) at its ``level``, quote; None where an
    end is not known: without a level, or where all losses of the tail are the largest outside it.

    least: what no loss can be below
    """
    if level is None:
        return None, None
    tail = _in_tail(losses.size, level)
    edge = float(np.sort(losses)[-tail - 1])
    return mean_interval(_counted(losses, edge, losses.size / tail), least)


def _in_tail(count: int, level: float) -> int:
    """How many of so many losses lie beyond a level."""
    return math.floor(round((1.0 - level) * count, 9))


def _counted(losses: Floats, edge: float, factor: float) -> Floats:
    """What each loss (n,) counts as in the mean that is the expected shortfall."""
    return edge + np.maximum(losses - edge, 0.0) * factor


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
        inside = _inside(part, tail)
        if np.count_nonzero(_whole(inside, part)) >= LEAST_TAIL:
            return float((inside * sorted_loss).sum()) / tail, level
    return None, None


def weighted_shortfall_interval(
    losses: Floats,
    weights: Floats,
    level: float | None,
    stratum: Ints,
    paths: Ints,
    least: float | None = None,
) -> Ends:
    """As `shortfall_interval`, of `weighted_expected_shortfall`.

    The edge of the tail is the largest loss that is not wholly inside it.

    stratum (n,), paths: as for `weighted_mean_interval`
    """
    if level is None:
        return None, None
    order = np.argsort(-losses, kind="stable")
    part = weights[order]
    tail = (1.0 - level) * float(part.sum())
    edge = float(losses[order][~_whole(_inside(part, tail), part)][0])
    counted = _counted(losses, edge, 1.0 / (1.0 - level))
    return weighted_mean_interval(counted, weights, stratum, paths, least)


def _inside(part: Floats, tail: float) -> Floats:
    """Weight (n,) of each path, the worst first, that lies in a tail of so much weight."""
    return np.clip(tail - (np.cumsum(part) - part), 0.0, part)


def _whole(inside: Floats, part: Floats) -> Bools:
    """True (n,) where a path lies in the tail with its whole weight."""
    return inside >= part * (1.0 - 1e-9)
