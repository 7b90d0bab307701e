"""The bad tail of a change: mean of the worst losses, with each path's influence on it.

A change that moves no path across impairment still moves losses. The mean of the worst 2.5% of
losses is smooth where the share of impaired paths is not. Path i's influence on it,

    q + (x_i - q)+ n / m - mean of the m worst,    q the largest loss that is not among them,

has a mean of zero over paths, and of mixtures of two Cases on the same paths it adds up as the
means themselves do: the influence on a difference, or on a driver's part of it, is the same sum of
influences, path by path. So what both have in common falls out of the interval (it is paired).

The interval of one mean is Hall's, as that of the page's expected shortfall (`tail/sample.py`). Of
a difference, what is above zero and what is below have such an interval each, put together by how
far their ends are from them (`signed_interval.py` says the rule): both are skewed, and each is by
itself what Hall's form was made for.

Where the change moves the losses of fewer than ten paths, others that it would move were likely not
drawn. The interval then also reaches as far as the gamma interval of `signed_interval.py`, which
allows for one more path, moved from none of the mean to the most that a path has of it in either
Case. A change that moves no loss at all has no width: it may well have nothing to do with the book.

Wrong, in that it is too narrow, where the change would move few paths and moved none of those
drawn. Measured coverage is in docs/decisions/028.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.exposure.severity import LEAST_TAIL
from seawall.exposure.signed_interval import mean_of, reach_squared, signed_interval
from seawall.exposure.tail.sample import ends_of_mean

SHARE = 0.025
# Of the largest influence: a loss that moves by less does not move.
ROUNDING = 1e-9


def tail_size(paths: int) -> int:
    """How many paths are the worst 2.5%, one at least."""
    return max(1, math.ceil(SHARE * paths))


def worst(loss: Floats) -> float:
    """Mean of the worst 2.5% of losses (p,), quote."""
    return float(np.sort(loss)[-tail_size(loss.size) :].mean())


def tails(loss: Floats) -> Floats:
    """That mean, then the influence of each of the losses (p,) on it: (1 + p,), quote."""
    size, mean = tail_size(loss.size), worst(loss)
    edge = float(np.sort(loss)[max(loss.size - size - 1, 0)])
    influence = edge + np.maximum(loss - edge, 0.0) * (loss.size / size) - mean
    return np.concatenate([[mean], influence])


def level(values: Floats) -> tuple[float, float]:
    """Ends of the 95% interval of one mean, from `tails`, quote."""
    below, above = ends_of_mean(values[1:], values.size - 1)
    return float(values[0]) + below, float(values[0]) + above


@dataclass(frozen=True)
class Moved:
    """What is known of a change beside its tail.

    paths: how many paths' losses it moves; most: the largest influence of a path on the mean of
    either Case, quote
    """

    paths: int
    most: float


def moved(change: Floats, *ends: Floats) -> Moved:
    """Of a change of losses (p,), or a part of it, between Cases with these `tails`."""
    most = max(float(np.abs(values[1:]).max(initial=0.0)) for values in ends)
    return Moved(int(np.count_nonzero(np.abs(change) > ROUNDING * most)), most)


def with_interval(values: Floats, of: Moved) -> dict[str, float]:
    """`tail`, `tail_low`, `tail_high` of a difference, from one of `tails` or a part of it."""
    influence = values[1:]
    more, less = np.maximum(influence, 0.0), np.maximum(-influence, 0.0)
    up, down = (ends_of_mean(side, influence.size) for side in (more, less))
    spread = float(more.std() * less.std())
    # Minus their correlation, never below zero: no path is on both sides.
    against = float(more.mean() * less.mean()) / spread if spread > 0.0 else 0.0
    below = -math.sqrt(reach_squared(-up[0], down[1], against))
    above = math.sqrt(reach_squared(up[1], -down[0], against))
    if 0 < of.paths < LEAST_TAIL:
        more_below, more_above = _one_more(influence, of.most)
        below, above = min(below, more_below), max(above, more_above)
    middle = float(values[0])
    return {"tail": middle, "tail_low": middle + below, "tail_high": middle + above}


def _one_more(influence: Floats, most: float) -> tuple[float, float]:
    """Ends, counted from the mean, that allow for one more path of the largest influence."""
    mean = mean_of(influence / most, np.zeros(influence.size, dtype=np.int64), 1.0)
    low, high = signed_interval([] if mean is None else [mean])
    return most * low, most * high
