"""The mean of the worst losses, and its intervals: hand-worked, and against many draws."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.exposure.since.tails import (
    Moved,
    level,
    moved,
    tail_size,
    tails,
    with_interval,
    worst,
)
from seawall.exposure.tail.sample import tail_of


def change_of(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """The change of the mean of the worst from the first losses to the others."""
    before, after = tails(one), tails(other)
    return with_interval(after - before, moved(other - one, before, after))


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
    none = moved(np.zeros(100), same)
    assert with_interval(same - same, none) == {"tail": 0.0, "tail_low": 0.0, "tail_high": 0.0}
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
    found = change_of(losses, losses + 5.0)
    assert found["tail"] == pytest.approx(5.0)
    assert found["tail_high"] - found["tail_low"] < 1e-6 * (high - low)


def test_the_other_way_round_is_the_mirror_image() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.exponential(size=200), rng.standard_t(3, size=200)
    there, back = change_of(one, other), change_of(other, one)
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
        low, high = level(tails(one))
        held += low <= truth <= high
        ends = change_of(one, 0.5 * (one + other))
        changed += ends["tail_low"] <= change <= ends["tail_high"]
    assert 0.93 <= held / 400 <= 0.98
    assert 0.93 <= changed / 400 <= 1.0


def test_a_path_that_moves_by_rounding_alone_does_not_move() -> None:
    losses = np.arange(80.0)
    change = np.zeros(80)
    change[3], change[9] = 1.0, 1e-12
    # 78.5 is the mean; the worst one has 77 + 2 x 40 - 78.5 of it, the other 77 + 1 x 40 - 78.5.
    assert moved(change, tails(losses)) == Moved(1, pytest.approx(78.5))
    assert moved(np.ones(80), tails(losses), tails(2.0 * losses)) == Moved(80, 157.0)


def test_few_moved_paths_allow_for_one_more() -> None:
    """Nothing but zeros: Fay and Feuer's bound of none of 400 is 3.689 / 400 of the most."""
    nothing = np.zeros(401)
    for paths in (1, 9):
        found = with_interval(nothing, Moved(paths, 1_000.0))
        assert found["tail_high"] == pytest.approx(3.689 / 400.0 * 1_000.0, rel=1e-3)
        assert found["tail_low"] == pytest.approx(-found["tail_high"])
    for paths in (0, 10, 400):
        found = with_interval(nothing, Moved(paths, 1_000.0))
        assert found == {"tail": 0.0, "tail_low": 0.0, "tail_high": 0.0}


def test_it_never_makes_an_interval_shorter() -> None:
    rng = np.random.default_rng(9)
    for _ in range(50):
        losses = rng.exponential(size=200)
        other = losses + (rng.random(200) < 0.02) * 3.0 * rng.exponential(size=200)
        before, after = tails(losses), tails(other)
        of = moved(other - losses, before, after)
        more, plain = (with_interval(after - before, Moved(n, of.most)) for n in (1, 200))
        assert more["tail_low"] <= plain["tail_low"] and plain["tail_high"] <= more["tail_high"]
        assert change_of(losses, other) == (more if 0 < of.paths < 10 else plain)


def test_intervals_hold_the_change_that_few_paths_show() -> None:
    """2% of 400 paths lose 3 E, E exponential, and by the change 1% lose as much more; nobody else
    loses anything.

    The mean of the worst a is the integral of min(P(loss > x), a) over x, over a. Before:
    0.02 x 3 / 0.025 = 2.4. After, with x in units of 3: one of both on 2.96%, above x with e^-x;
    both on 0.02%, above x with (1 + x) e^-x.
    """
    share = np.array([0.02, 0.01])
    both = float(share.prod())
    one = float(share.sum()) - 2.0 * both
    grid = np.linspace(0.0, 40.0, 400_001)
    above = (one + both * (1.0 + grid)) * np.exp(-grid)
    inside = np.minimum(above, 0.025)
    truth = 3.0 * float(np.trapezoid(inside, grid)) / 0.025 - 2.4
    rng, held = np.random.default_rng(7), 0
    for _ in range(400):
        first, second = ((rng.random(400) < s) * rng.exponential(size=400) for s in share)
        ends = change_of(3.0 * first, 3.0 * (first + second))
        held += ends["tail_low"] <= truth <= ends["tail_high"]
    assert held / 400 >= 0.93
