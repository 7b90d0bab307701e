"""Tables of options: exact at their points, and never further off than their bound says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from every_kind import INSTRUMENTS, NOW, POSITIONS, SPOT, book, market, worth
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.book import AccountKind, Book
from seawall.foundation.errors import InputError
from seawall.instruments import Option
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.black import black
from seawall.valuation.value_grid import ValueGrids, interpolated, value_grids

AS_OF = NOW.timestamp()
PRICE = np.geomspace(0.6, 1.6, 15)
VOLATILITY = np.array([0.5, 0.8, 1.0, 1.3, 2.0])
EVERYONE = np.array([0, 1, 2])


def tables() -> ValueGrids:
    return value_grids(book(), market(), AS_OF, EVERYONE, PRICE, VOLATILITY)


def exact(account: int, asset: str, price: float, volatility: float) -> float:
    """The account's options on one underlying after the move, by `moved` and `revalue`."""
    names = [i.name for i in INSTRUMENTS if isinstance(i, Option)]
    change = {
        name: (market().instruments[name].implied_volatility or 0.0) * (volatility - 1.0)
        for name in names
    }
    after = worth({asset: price}, change)
    total = 0.0
    for row, name in enumerate(POSITIONS):
        item = next(i for i in INSTRUMENTS if i.name == name)
        mine = book().position_account[row] == account
        if isinstance(item, Option) and item.underlying == asset and mine:
            total += float(after[row])
    return total


def test_one_table_per_account_and_underlying_with_options() -> None:
    found = tables()
    assert list(zip(found.account.tolist(), found.asset, strict=True)) == [
        (0, "BTC"),
        (0, "ETH"),
        (1, "BTC"),
        (1, "ETH"),
    ]
    assert found.value.shape == (4, 15, 5)
    assert found.bound.shape == (4, 14, 4)


def test_points_are_exact() -> None:
    found = tables()
    for g in range(4):
        for i, j in ((0, 0), (7, 2), (14, 4), (3, 1)):
            expected = exact(int(found.account[g]), found.asset[g], PRICE[i], VOLATILITY[j])
            assert found.value[g, i, j] == pytest.approx(expected, rel=1e-10, abs=1e-6)
            at_point = interpolated(found, np.array([g]), PRICE[i], VOLATILITY[j])
            assert at_point.value[0] == pytest.approx(found.value[g, i, j], rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(price=st.floats(0.6, 1.6), volatility=st.floats(0.5, 2.0))
def test_between_points_the_error_is_within_the_bound(price: float, volatility: float) -> None:
    found = tables()
    got = interpolated(found, np.arange(4), price, volatility)
    assert np.isfinite(got.bound).all()
    for g in range(4):
        error = abs(got.value[g] - exact(int(found.account[g]), found.asset[g], price, volatility))
        assert error <= got.bound[g] + 1e-6


def one_option(
    strike: float, days: float, volatility: float, call: bool, size: float
) -> tuple[Book, Market]:
    option = Option("O", "BTC", "USD", NOW + timedelta(days=days), strike, call)
    held = Book(
        account_names=("a",),
        account_venue=("v",),
        account_owner=("o",),
        account_kind=(AccountKind.DESK,),
        instruments=(option,),
        assets=("USD", "BTC"),
        position_account=np.array([0]),
        position_instrument=np.array([0]),
        size=np.array([size]),
        entry=np.array([0.0]),
        isolated=np.zeros(1, dtype=bool),
        isolated_margin=np.zeros(1),
        balance_account=np.empty(0, dtype=np.int64),
        balance_asset=np.empty(0, dtype=np.int64),
        quantity=np.empty(0),
    )
    assets = {
        name: AssetState(s, s, s, 0.5, 1e9, 1e9) for name, s in (("USD", 1.0), ("BTC", 100.0))
    }
    world = Market(NOW, assets, {"O": InstrumentState(implied_volatility=volatility)})
    return held, world


@settings(max_examples=60, deadline=None)
@given(
    strike=st.floats(40.0, 250.0),
    days=st.sampled_from([-1.0, 0.0, 1e-3, 0.1, 1.0, 7.0, 90.0, 1000.0]),
    volatility=st.sampled_from([0.0, 0.01, 0.3, 1.0, 4.0]),
    call=st.booleans(),
    size=st.sampled_from([1.0, -3.0]),
    points=st.integers(2, 12),
    start=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_the_bound_holds_for_every_kind_of_option(
    strike: float,
    days: float,
    volatility: float,
    call: bool,
    size: float,
    points: int,
    start: float,
) -> None:
    held, world = one_option(strike, days, volatility, call, size)
    price, vol = np.linspace(0.5, 1.8, points), np.linspace(start, 2.0, max(2, points // 2))
    found = value_grids(held, world, AS_OF, np.array([0]), price, vol)
    at_price, at_vol = (
        x.ravel() for x in np.meshgrid(np.linspace(0.5, 1.8, 101), np.linspace(start, 2.0, 41))
    )
    got = interpolated(found, np.zeros(at_price.size, dtype=np.int64), at_price, at_vol)
    true = size * black(100.0 * at_price, strike, days / 365.0, volatility * at_vol, call)
    assert (np.abs(got.value - true) <= got.bound + 1e-9).all()


def test_the_bound_is_not_idle() -> None:
    # At the money it is within a factor of three of the error that is there.
    held, world = one_option(100.0, 60.0, 0.6, True, 1.0)
    found = value_grids(
        held, world, AS_OF, np.array([0]), np.linspace(0.9, 1.1, 5), [0.9, 1.0, 1.1]
    )
    at = np.linspace(0.95, 1.0, 201)
    got = interpolated(found, np.zeros(201, dtype=np.int64), at, 1.05)
    error = np.abs(got.value - black(100.0 * at, 100.0, 60.0 / 365.0, 0.6 * 1.05, True)).max()
    assert error < got.bound.max() < 3.0 * error


def test_halving_the_steps_quarters_the_bound() -> None:
    held, world = one_option(100.0, 60.0, 0.6, True, 1.0)
    bounds = []
    for points in (9, 17, 33, 65):
        price, vol = np.linspace(0.8, 1.25, points), np.linspace(0.8, 1.25, points)
        bounds.append(value_grids(held, world, AS_OF, np.array([0]), price, vol).bound.max())
    assert bounds[2] / bounds[3] == pytest.approx(4.0, rel=0.15)
    assert all(one > 3.0 * other for one, other in pairwise(bounds))


def test_outside_the_table_the_bound_is_infinite() -> None:
    got = interpolated(tables(), np.array([0, 1, 2]), [0.5, 1.0, 1.0], [1.0, 2.5, 1.0])
    assert np.isinf(got.bound).tolist() == [True, True, False]
    assert np.isfinite(got.value).all()


def test_accounts_left_out_and_books_without_options() -> None:
    assert tables().account.tolist() == [0, 0, 1, 1]
    only = value_grids(book(), market(), AS_OF, np.array([1]), PRICE, VOLATILITY)
    assert only.account.tolist() == [1, 1]
    np.testing.assert_array_equal(only.value, tables().value[2:])
    none = value_grids(book(), market(), AS_OF, np.array([2]), PRICE, VOLATILITY)
    assert none.value.shape == (0, 15, 5)


def test_axes_that_are_none_are_refused() -> None:
    def made(price: object, volatility: object) -> None:
        value_grids(book(), market(), AS_OF, EVERYONE, price, volatility)  # type: ignore[arg-type]

    for price in ([1.0], [1.0, 1.0], [1.1, 0.9], [0.0, 1.0], [0.5, float("inf")]):
        with pytest.raises(InputError, match="price_factor"):
            made(price, VOLATILITY)
    with pytest.raises(InputError, match="volatility_factor"):
        made(PRICE, [-0.1, 1.0])
    made(PRICE, [0.0, 1.0])


def test_an_option_without_volatility_is_named() -> None:
    world = replace(market(), instruments={})
    with pytest.raises(InputError, match="BTC-C has no implied volatility"):
        value_grids(book(), world, AS_OF, EVERYONE, PRICE, VOLATILITY)
    assert SPOT["BTC"] > 0
