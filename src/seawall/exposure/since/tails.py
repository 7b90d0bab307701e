"""The bad tail of a change: mean of the worst losses, with what is left out of it in turn.

A change that moves no path across impairment still moves losses. The mean of the worst 2.5% of
losses is smooth where the share of impaired paths is not. Its interval comes from leaving out one
of GROUPS groups of paths at a time (jackknife):

    variance = (g - 1) / g  x  sum of (estimate without group i - their mean)^2

Source: Tukey (1958); Shao and Tu (1995), "The jackknife and bootstrap". Wrong, in that it is too
narrow, where a group holds most of the tail: ten paths or so are a small tail.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Floats

SHARE = 0.025
GROUPS = 20
# Student's 97.5% point for GROUPS - 1 degrees of freedom.
_T = 2.093


def tail_size(paths: int) -> int:
    """How many paths are the worst 2.5%, one at least."""
    return max(1, math.ceil(SHARE * paths))


def worst(loss: Floats) -> float:
    """Mean of the worst 2.5% of losses (p,), quote."""
    return float(np.sort(loss)[-tail_size(loss.size) :].mean())


def tails(loss: Floats) -> Floats:
    """That mean of all paths, then without each group of them in turn (1 + GROUPS,)."""
    group = np.arange(loss.size) % GROUPS
    left = [loss[group != g] for g in range(GROUPS)]
    return np.array([worst(loss), *(worst(some) if some.size else worst(loss) for some in left)])


def with_interval(values: Floats) -> dict[str, float]:
    """`tail`, `tail_low`, `tail_high` from an estimate and those without each group."""
    without = values[1:]
    spread = float(np.sum((without - without.mean()) ** 2)) * (GROUPS - 1) / GROUPS
    reach = _T * math.sqrt(spread)
    middle = float(values[0])
    return {"tail": middle, "tail_low": middle - reach, "tail_high": middle + reach}
