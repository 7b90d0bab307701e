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

Wrong, in that it is too narrow, where hardly a path of the tail is touched by the change: ten paths
or so are a small tail. Measured coverage is in docs/decisions/028.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Floats
from seawall.exposure.signed_interval import reach_squared
from seawall.exposure.tail.sample import ends_of_mean

SHARE = 0.025


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


def with_interval(values: Floats) -> dict[str, float]:
    """`tail`, `tail_low`, `tail_high` of a difference, from one of `tails` or a part of it."""
    influence = values[1:]
    more, less = np.maximum(influence, 0.0), np.maximum(-influence, 0.0)
    up, down = (ends_of_mean(side, influence.size) for side in (more, less))
    spread = float(more.std() * less.std())
    # Minus their correlation, never below zero: no path is on both sides.
    against = float(more.mean() * less.mean()) / spread if spread > 0.0 else 0.0
    middle = float(values[0])
    return {
        "tail": middle,
        "tail_low": middle - math.sqrt(reach_squared(-up[0], down[1], against)),
        "tail_high": middle + math.sqrt(reach_squared(up[1], -down[0], against)),
    }
