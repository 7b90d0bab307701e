"""Sizing: the smallest fraction that restores a buffer above maintenance, against algebra."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.liquidation.sizing import JustEnough, close_fraction, just_enough
from seawall.venues import Liquidation

ONE, NONE = np.ones(1), np.zeros(1)


def test_against_the_other_rules_of_the_slot() -> None:
    """Equity 80, maintenance 100, closing costs 20 whatever is closed.

    f (100 - 20) = 100 - 80, f = 1/4: equity 80 - 5 = 75 = maintenance 3/4 x 100. A fixed fraction
    of 1/5 leaves 76 against 80; all of it leaves 60 against 0.
    """
    equity, maintenance = 80.0 * ONE, 100.0 * ONE
    found = just_enough(JustEnough(), equity, maintenance, 0.0 * equity, lambda f: 20.0 * ONE)
    assert found == pytest.approx([0.25], rel=1e-12)
    fixed = Liquidation("orderbook", partial_fraction=0.2)
    assert close_fraction(fixed, 1e6 * ONE, 0 * ONE.astype(int), equity) == [0.2]
    whole = Liquidation("orderbook")
    assert close_fraction(whole, 1e6 * ONE, 0 * ONE.astype(int), equity) == [1.0]


def test_the_buffer_is_closed_for_too() -> None:
    """Buffer 10%: f (110 - 20) = 110 - 80, f = 1/3; equity 73.33 = 1.1 x 66.67."""
    found = just_enough(JustEnough(0.1), 80.0 * ONE, 100.0 * ONE, NONE, lambda f: 20.0 * ONE)
    assert found == pytest.approx([1.0 / 3.0], rel=1e-12)


def test_haircuts_of_collateral_are_not_freed() -> None:
    """Of maintenance 100, 40 is a haircut: f (60 - 20) = 100 - 80, f = 1/2; 70 = 30 + 40."""
    kept, cost = 40.0 * ONE, lambda f: 20.0 * ONE
    found = just_enough(JustEnough(), 80.0 * ONE, 100.0 * ONE, kept, cost)
    assert found == pytest.approx([0.5], rel=1e-12)


def test_own_impact_makes_it_the_smaller_root_of_a_quadratic() -> None:
    """Cost 40 f: f (100 - 40 f) = 20, f = (100 - sqrt(6800)) / 80 = 0.21922, not 2.28."""
    found = just_enough(JustEnough(), 80.0 * ONE, 100.0 * ONE, NONE, lambda f: 40.0 * f)
    assert found == pytest.approx([(100.0 - np.sqrt(6800.0)) / 80.0], rel=1e-10)


def test_where_closing_costs_more_than_it_frees_everything_goes() -> None:
    """Cost 140 f: 140 f^2 - 100 f + 20 has no root (10000 < 11200). Negative equity: no part."""
    for equity, slope in ((80.0, 140.0), (-1.0, 0.0)):
        cost = lambda f, slope=slope: slope * f  # noqa: E731
        assert just_enough(JustEnough(), equity * ONE, 100.0 * ONE, NONE, cost) == [1.0]


def test_no_smaller_fraction_restores_the_buffer() -> None:
    rng = np.random.default_rng(1)
    maintenance = rng.uniform(10.0, 100.0, 500)
    equity = maintenance * rng.uniform(0.0, 1.0, 500)
    fixed, slope = maintenance * rng.uniform(0.0, 0.5, (2, 500))
    rule = JustEnough(0.05)
    found = just_enough(rule, equity, maintenance, 0.0 * equity, lambda f: fixed + slope * f)

    def lack(f: np.ndarray) -> np.ndarray:
        return (1.05 * (1.0 - f) * maintenance - (equity - f * (fixed + slope * f))) / maintenance

    part = found < 1.0
    assert 100 < part.sum() < 500
    assert np.abs(lack(found)[part]).max() < 1e-9
    for share in np.linspace(0.0, 0.999, 50):
        assert np.all(lack(share * found) > 0)
