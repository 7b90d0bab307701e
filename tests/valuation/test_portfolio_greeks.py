"""Scopes add up, units are what they say, money stays apart; and a large book is quick."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from every_kind import INSTRUMENTS, NOW, PLAIN, SPOT, book, market, worth

from seawall.book import AccountKind, Book
from seawall.instruments import Perpetual
from seawall.market import AssetState, Market
from seawall.valuation.exposures import exposures
from seawall.valuation.portfolio_greeks import (
    GREEKS,
    AssetGreeks,
    Ledger,
    ScopeGreeks,
    ledger,
    money,
    scope_greeks,
)
from seawall.valuation.revalue import revalue

MOVING = ("BTC", "ETH")


def books() -> Ledger:
    values = revalue(book(), market(), NOW.timestamp())
    return ledger(book(), market(), exposures(book(), market(), values), "USD")


def whole() -> ScopeGreeks:
    found = books()
    return scope_greeks(found, np.ones(found.exposures.value.size, dtype=bool))


def asset(name: str) -> AssetGreeks:
    return next(row for row in whole().assets if row.asset == name)


def total(**options: object) -> float:
    return float(worth(**options).sum())  # type: ignore[arg-type]


def test_value_is_all_that_is_held() -> None:
    assert whole().value == pytest.approx(total(factor={}), rel=1e-12)


def test_money_is_the_quote_and_what_linear_contracts_settle_in() -> None:
    assert money(book(), market(), "USD") == {"USD", "USDC", "USDT"}
    calm = replace(market().assets["ETH"], volatility=0.05)
    quiet = replace(market(), assets=market().assets | {"ETH": calm})
    assert money(book(), quiet, "USD") == {"USD", "USDC", "USDT", "ETH"}
    assert [row.asset for row in whole().assets if row.money] == ["USD", "USDC", "USDT"]
    # A vault of a staked coin is looked through; its yield alone is shown under its own name.
    assert {row.asset for row in whole().assets} == {*PLAIN, "VAULT"}
    assert (asset("VAULT").delta, asset("VAULT").gamma) == (0.0, 0.0)


@pytest.mark.parametrize("name", MOVING)
def test_cash_and_coin_of_one_asset(name: str) -> None:
    """In the units of the page: a move of 1%, a point, a day, by differences of the book."""
    row, h = asset(name), 1e-3
    up, here, down = (total(factor={name: 1 + k * h}) for k in (1, 0, -1))
    assert row.delta == pytest.approx((up - down) / (2 * h), rel=1e-5)
    assert row.gamma == pytest.approx((up - 2 * here + down) / h**2 * 0.01, rel=1e-3)
    options = [i.name for i in INSTRUMENTS if i.underlying == name and i.name[4] in "CP"]
    options = [name for name in options if name[-2:] in ("-C", "-P")]
    point = dict.fromkeys(options, 0.01 * h)
    less = dict.fromkeys(options, -0.01 * h)
    more = total(factor={}, volatility=point) - total(factor={}, volatility=less)
    assert row.vega == pytest.approx(more / (2 * h), rel=1e-5)
    for greek in GREEKS:
        assert row.coin(greek) == pytest.approx(getattr(row, greek) / SPOT[name], rel=1e-15)


def test_the_total_moves_every_price_but_money() -> None:
    h = 1e-3
    up, here, down = (total(factor=dict.fromkeys(MOVING, 1 + k * h)) for k in (1, 0, -1))
    found = whole().total
    assert found["delta"] == pytest.approx((up - down) / (2 * h), rel=1e-5)
    assert found["gamma"] == pytest.approx((up - 2 * here + down) / h**2 * 0.01, rel=1e-3)
    own = sum(asset(name).gamma for name in MOVING)
    assert abs(found["gamma"] - own) > 1.0  # the cross-gammas of quantos are in it
    hour = 3_600.0
    day = (total(factor={}, seconds=hour) - total(factor={}, seconds=-hour)) / (2 * hour) * 86_400
    assert found["theta"] == pytest.approx(day, rel=1e-4)


def test_a_desk_is_the_sum_of_its_accounts() -> None:
    found, owner = books(), np.concatenate([book().position_account, book().balance_account])
    parts = [scope_greeks(found, owner == n) for n in range(3)]
    for greek in GREEKS:
        together = sum(part.total[greek] for part in parts)
        assert whole().total[greek] == pytest.approx(together, rel=1e-12, abs=1e-9)
    delta = sum(row.delta for part in parts for row in part.assets if row.asset == "USDC")
    assert asset("USDC").delta == pytest.approx(delta, rel=1e-12)


def test_reasons_add_up_to_delta_and_settlement_is_what_is_owed() -> None:
    for name in PLAIN:
        row = asset(name)
        assert sum(row.by_reason.values()) == pytest.approx(row.delta, rel=1e-12, abs=1e-6)
    values = revalue(book(), market(), NOW.timestamp())
    usdt = [i for i, n in enumerate(book().position_instrument) if INSTRUMENTS[n].settle == "USDT"]  # type: ignore[union-attr]
    assert asset("USDT").by_reason["settlement"] == pytest.approx(values.value[usdt].sum())
    # 3e4 held, and what the short vault share owes of its own debt: -9,000 x -3e5 / 8e5 shares,
    # at the market's price of the share over its contents.
    assert asset("USDT").by_reason["holding"] > 3e4 * SPOT["USDT"]


def test_an_empty_scope_is_zero() -> None:
    found = books()
    nothing = scope_greeks(found, np.zeros(found.exposures.value.size, dtype=bool))
    assert (nothing.value, nothing.assets, nothing.cross) == (0.0, (), ())
    assert set(nothing.total.values()) == {0.0}


def test_a_hundred_thousand_positions_are_quick() -> None:
    """All at once, never one by one: a book of a whole venue in well under a second."""
    rng, names = np.random.default_rng(1), [f"C{n}" for n in range(60)]
    items = tuple(Perpetual(f"{name}-PERP", name, "USD") for name in names)
    count = 100_000
    large = Book(
        ("a",), ("v",), ("o",), (AccountKind.DESK,), items, ("USD", *names),
        np.zeros(count, dtype=np.int64), rng.integers(0, 60, count), rng.normal(size=count),
        rng.uniform(50.0, 150.0, count), np.zeros(count, dtype=bool), np.zeros(count),
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0),
    )  # fmt: skip
    spot = dict.fromkeys(names, 100.0) | {"USD": 1.0}
    world = Market(NOW, {n: AssetState(p, p, p, 0.5, 1e9, 1e9) for n, p in spot.items()}, {})
    start = time.perf_counter()
    values = revalue(large, world, NOW.timestamp())
    found = ledger(large, world, exposures(large, world, values), "USD")
    everything = scope_greeks(found, np.ones(count, dtype=bool))
    assert time.perf_counter() - start < 2.0
    assert everything.total["delta"] == pytest.approx(100.0 * large.size.sum(), rel=1e-9)
