"""The surface against brute force, point by point and along its boundary."""

from __future__ import annotations

import numpy as np
import pytest
from test_along import COIN, LINEAR, RULES

from seawall.foundation.errors import InputError
from seawall.margin.account.shifts import Shifts, moved
from seawall.margin.liquidation_price.search import liquidation_prices
from seawall.margin.liquidation_price.surface import liquidation_surface
from seawall.margin.rules import net_margin, one_by_one, rules_of

SPOT, VOLATILITY = np.linspace(0.6, 1.5, 19), np.array([0.5, 1.0, 1.6, 2.5])


def test_every_point_of_the_grid_is_the_framework_at_that_point() -> None:
    rules = rules_of(RULES["standard"])
    found = liquidation_surface(net_margin(rules, COIN), ("BTC",), SPOT, VOLATILITY)
    for v in range(VOLATILITY.size):
        for s in range(0, SPOT.size, 3):
            shifted = moved(COIN, {"BTC": SPOT[s]}, {"BTC": VOLATILITY[v]})
            want = rules.assess(shifted).requirement
            assert found.equity[v, s] == pytest.approx(float(want.equity), rel=1e-11)
            assert found.maintenance[v, s] == pytest.approx(float(want.maintenance), rel=1e-11)
            assert bool(found.liquidatable[v, s]) == bool(want.liquidatable)
    assert 0 < found.liquidatable.sum() < found.liquidatable.size


def test_the_boundary_is_where_equity_meets_maintenance() -> None:
    evaluate = net_margin(rules_of(RULES["standard"]), COIN)
    found = liquidation_surface(evaluate, ("BTC",), SPOT, VOLATILITY)
    slow = one_by_one(rules_of(RULES["standard"]), COIN)
    seen = 0
    for v, factor in enumerate(VOLATILITY):
        for edge, side in ((found.below[v], -1), (found.above[v], 1)):
            if np.isnan(edge) or edge == 1.0:
                continue
            inside = edge * (1 - side * 1e-6)
            both = Shifts(
                ("BTC",), np.array([inside, edge * (1 + side * 1e-6)]), np.full(2, factor)
            )
            safe, failed = slow(both).buffer
            assert safe > 0.0 > failed
            seen += 1
    assert seen >= 3
    # More volatility never moves the lower edge away for this book of net short options.
    assert np.all(np.diff(found.below[~np.isnan(found.below)]) > 0.0)


def test_without_a_move_of_volatility_the_boundary_is_the_liquidation_price() -> None:
    evaluate = net_margin(rules_of(RULES["standard"]), COIN)
    found = liquidation_surface(evaluate, ("BTC",), SPOT, VOLATILITY)
    prices = liquidation_prices(evaluate, COIN, "BTC")
    assert found.below[1] * prices.present == pytest.approx(prices.below, rel=1e-9)
    assert found.above[1] * prices.present == pytest.approx(prices.above, rel=1e-9)


def test_a_book_without_options_has_the_same_boundary_at_every_volatility() -> None:
    found = liquidation_surface(
        net_margin(rules_of(RULES["tiered"]), LINEAR), ("BTC", "ETH"), SPOT, VOLATILITY
    )
    edges = np.stack([found.below, found.above])
    assert np.array_equal(edges[:, :1].repeat(4, axis=1), edges, equal_nan=True)
    assert not np.isnan(edges).all()


@pytest.mark.parametrize("bad", [np.array([]), np.array([0.0, 1.0]), np.array([1.0, 0.9])])
def test_factors_that_do_not_rise_above_0_are_refused(bad) -> None:
    evaluate = net_margin(rules_of(RULES["standard"]), COIN)
    with pytest.raises(InputError, match="rising numbers above 0"):
        liquidation_surface(evaluate, ("BTC",), bad, VOLATILITY)
