"""The mean of the worst losses, and its intervals: hand-worked, and against many draws."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.exposure.since.tails import level, tail_size, tails, with_interval, worst
from seawall.exposure.tail.sample import tail_of


def test_the_worst_of_eighty_are_two() -> None:
    """Losses 0 to 79: the worst 2.5% are two of them, 78 and 79, mean 78.5."""
    assert tail_size(80) == 2
    assert worst(np.arange(80.0)) == 78.5


def test_the_influence_of_a_loss_is_what_it_adds_to_the_mean() -> None:
    """Losses 0 to 79, the largest outside the tail 77: one below it adds 77 - 78.5, the worst one
    77 + 2 x 40 - 78.5. Together they add nothing.
    """
    found = tails(np.arange(80.0))
    assert found[0] == 78.5
    assert found[1 + 5] == pytest.approx(-1.5)
    assert found[1 + 79] == pytest.approx(78.5)
    assert found[1:].sum() == pytest.approx(0.0, abs=1e-9)


def test_no_spread_no_interval() -> None:
    """Equal losses: both ends are the mean; and so of a change that is none, and of one path."""
    same = tails(np.full(100, 3.0))
    assert level(same) == (3.0, 3.0)
    assert with_interval(same - same) == {"tail": 0.0, "tail_low": 0.0, "tail_high": 0.0}
    assert level(tails(np.array([7.0]))) == (7.0, 7.0)


def test_the_interval_of_one_mean_is_that_of_the_pages_expected_shortfall() -> None:
    """400 losses, of which exactly ten are the worst 2.5%."""
    losses = np.random.default_rng(3).standard_t(3, size=400)
    page = tail_of(np.sort(losses), 0.975).expected_shortfall
    found = tails(losses)
    assert found[0] == pytest.approx(page.value)
    assert level(found) == pytest.approx((page.low, page.high))


def test_a_change_that_all_losses_share_has_no_interval_worth_the_name() -> None:
    """Every loss 5 larger: the change is 5, whatever the losses; that is what pairing is for."""
    losses = np.random.default_rng(3).exponential(size=400)
    low, high = level(tails(losses))
    found = with_interval(tails(losses + 5.0) - tails(losses))
    assert found["tail"] == pytest.approx(5.0)
    assert found["tail_high"] - found["tail_low"] < 1e-6 * (high - low)


def test_the_other_way_round_is_the_mirror_image() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.exponential(size=200), rng.standard_t(3, size=200)
    there = with_interval(tails(other) - tails(one))
    back = with_interval(tails(one) - tails(other))
    assert there["tail_low"] == pytest.approx(-back["tail_high"])
    assert there["tail_high"] == pytest.approx(-back["tail_low"])


@pytest.mark.parametrize("paths", [200, 400])
def test_intervals_hold_the_truth_of_exponential_losses(paths: int) -> None:
    """E[X | X above its 97.5% point] of exponential losses is 1 + log 40 = 4.689. Half of each and
    half of another loss, S / 2 with S of a gamma law of shape 2 and s = 5.5716 its 97.5% point:
    E[S / 2 | S > s] = P(gamma of shape 3 > s) / P(S > s).
    """
    beyond = 5.5716
    gamma2 = np.exp(-beyond) * (1.0 + beyond)
    assert gamma2 == pytest.approx(0.025, abs=1e-5)
    truth = 1.0 + np.log(40.0)
    change = np.exp(-beyond) * (1.0 + beyond + beyond**2 / 2.0) / gamma2 - truth
    rng, held, changed = np.random.default_rng(7), 0, 0
    for _ in range(400):
        one, other = rng.exponential(size=(2, paths))
        before, after = tails(one), tails(0.5 * (one + other))
        low, high = level(before)
        held += low <= truth <= high
        ends = with_interval(after - before)
        changed += ends["tail_low"] <= change <= ends["tail_high"]
    assert 0.93 <= held / 400 <= 0.98
    assert 0.93 <= changed / 400 <= 1.0
