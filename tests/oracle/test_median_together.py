"""How often a median fails whose sources fail one by one, or together: against the binomial."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from oracle_stages import Stages, shown

from seawall.oracle.median import Median, Source
from seawall.venues import Feed

STEPS = 1_000
# Steps of 10 s: a failure of 10 s is one step long. Chance of an event per step of a half.
HALF_PER_DAY = np.log(2.0) * 8_640.0


def tail(k: int, q: float) -> float:
    """P(at least half of k sources), which takes the median with them: k is odd."""
    return sum(comb(k, n) * q**n * (1.0 - q) ** (k - n) for n in range((k + 1) // 2, k + 1))


def wrong(rule: Median) -> float:
    """Share of steps in which the feed shows half of the price."""
    found = np.array(shown(Stages([Feed()], median=[(rule, [0])]), [100.0] * (STEPS + 1)))
    assert set(found.tolist()) <= {50.0, 100.0}
    return float((found == 50.0).mean())


@pytest.mark.parametrize("k", [3, pytest.param(7, marks=pytest.mark.slow)])
def test_a_common_cause_fails_a_median_oftener_than_as_many_failures_one_by_one(k: int) -> None:
    """Each source is wrong in 0.3 of all steps either way. Alone: P(half of k) at 0.3. Together: an
    event in every second step takes each with a chance of 0.6, so half of P(half of k) at 0.6.
    """
    sources = tuple(Source() for _ in range(k))
    how = {"failure_seconds": 10.0, "failure": "wrong", "error": -0.5}
    alone = Median(sources, failures_per_day=-np.log(0.7) * 8_640.0, **how)
    together = Median(sources, common_per_day=HALF_PER_DAY, share=0.6, **how)
    for rule, truth in ((alone, tail(k, 0.3)), (together, 0.5 * tail(k, 0.6))):
        assert abs(wrong(rule) - truth) < 3.0 * (truth * (1.0 - truth) / STEPS) ** 0.5
    assert 0.5 * tail(k, 0.6) > 1.4 * tail(k, 0.3)
