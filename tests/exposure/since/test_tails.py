"""The mean of the worst losses, and its interval: hand-worked, and against many draws."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.exposure.since.tails import GROUPS, tail_size, tails, with_interval, worst


def test_the_worst_of_eighty_are_two() -> None:
    """Losses 0 to 79: the worst 2.5% are two of them, 78 and 79, mean 78.5."""
    assert tail_size(80) == 2
    assert worst(np.arange(80.0)) == 78.5


def test_leaving_out_a_group_takes_its_paths_out() -> None:
    """Without group 19 (19, 39, 59, 79) the worst two are 77 and 78, mean 77.5."""
    found = tails(np.arange(80.0))
    assert found.size == 1 + GROUPS
    assert found[1 + 19] == pytest.approx(77.5)
    assert found[1 + 0] == pytest.approx(78.5)


def test_no_spread_no_interval() -> None:
    """Equal losses: both ends are the mean."""
    found = with_interval(tails(np.full(100, 3.0)))
    assert found == {"tail": 3.0, "tail_low": 3.0, "tail_high": 3.0}


def test_the_interval_holds_the_truth_of_exponential_losses() -> None:
    """E[X | X above its 97.5% point] of exponential losses is 1 + log 40 = 4.689. Of 400 samples of
    2,000 losses at least 85% of intervals hold it (the tail's own size makes them a little narrow).
    """
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        ends = with_interval(tails(rng.exponential(size=2_000)))
        held += ends["tail_low"] <= 1.0 + np.log(40.0) <= ends["tail_high"]
    assert 0.85 <= held / 400 <= 1.0
