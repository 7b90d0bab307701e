"""Pools that are everyone's counterparty, worked by hand."""

from __future__ import annotations

import pytest

from seawall.market import PoolMarket, PoolState
from seawall.valuation.synthetic import pool_worth

ETH = PoolMarket(
    long_size=400.0,
    long_entry=2_000.0,
    short_size=100.0,
    short_entry=3_200.0,
    long_cap=0.5,
    long_backing="ETH",
    short_cap=0.5,
    short_backing="USDC",
)
POOL = PoolState({"ETH": 1_000.0, "USDC": 2e6}, 4e6, {"ETH": ETH})
ASSETS = ("ETH", "USDC")


def test_a_pool_pays_what_its_traders_win() -> None:
    """At 3,000: owns 5m; longs win 400 x 1,000, shorts 100 x 200; caps of 1.5m and 1m are far."""
    worth, slope = pool_worth(POOL, ASSETS, {"ETH": 3_000.0, "USDC": 1.0})
    assert worth == pytest.approx((5e6 - 400e3 - 20e3) / 4e6, rel=1e-15)
    # Owns 1,000, stands short 400 to longs and long 100 to shorts.
    assert slope.tolist() == [700.0 / 4e6, 2e6 / 4e6]


def test_a_capped_side_costs_its_share_of_the_backing_instead() -> None:
    """At 9,000 longs of 900 coins win 6.3m, more than half of 9m: 4.5m is paid, in ETH."""
    pool = PoolState(
        POOL.backing,
        POOL.supply,
        {"ETH": PoolMarket(900.0, 2_000.0, 0.0, 1.0, 0.5, "ETH")},
    )
    worth, slope = pool_worth(pool, ASSETS, {"ETH": 9_000.0, "USDC": 1.0})
    assert worth == pytest.approx((11e6 - 4.5e6) / 4e6, rel=1e-15)
    assert slope.tolist() == [500.0 / 4e6, 0.5]


def test_losses_of_traders_are_never_capped() -> None:
    """At 100 longs lose 760,000, far more than half of the 100,000 that back them."""
    worth, _ = pool_worth(POOL, ASSETS, {"ETH": 100.0, "USDC": 1.0})
    assert worth == pytest.approx((2.1e6 + 760e3 - 310e3) / 4e6, rel=1e-15)


def test_a_debt_pool_is_short_what_it_has_issued_and_the_skew() -> None:
    """Synthetix: 5m of collateral, 100 synthetic ETH issued, traders net long 50 from 2,500."""
    pool = PoolState({"SNX": 2e6, "ETH": -100.0}, 1e6, {"ETH": PoolMarket(50.0, 2_500.0, 0.0, 1.0)})
    worth, slope = pool_worth(pool, ("SNX", "ETH"), {"SNX": 2.5, "ETH": 3_000.0})
    assert worth == pytest.approx((5e6 - 300e3 - 25e3) / 1e6, rel=1e-15)
    assert slope.tolist() == [2.0, -150.0 / 1e6]


def test_a_pool_may_owe_more_than_it_owns() -> None:
    worth, _ = pool_worth(
        PoolState({"USDC": 1e5}, 1.0, {"ETH": PoolMarket(100.0, 1_000.0, 0.0, 1.0)}),
        ASSETS,
        {"ETH": 4_000.0, "USDC": 1.0},
    )
    assert worth == -2e5
