"""A small book by hand, and Greeks against differences of the book's own value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from seawall.book import AccountKind, Book
from seawall.foundation.errors import InputError
from seawall.instruments import Future, Instrument, Option, Perpetual, Spot
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.black import black
from seawall.valuation.revalue import Values, per_account, revalue

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRY = NOW + timedelta(days=73)  # a fifth of a year
INSTRUMENTS: tuple[Instrument, ...] = (
    Perpetual("BTC-PERP", "BTC", "USDC"),
    Perpetual("BTC-INVERSE", "BTC", "BTC"),
    Future("BTC-FUT", "BTC", "BTC", EXPIRY),
    Option("BTC-90-C", "BTC", "BTC", EXPIRY, 90_000.0, True),
    Option("BTC-70-P-USDC", "BTC", "USDC", EXPIRY, 70_000.0, False),
    Spot("BTC"),
)


def market(spot: float = 80_000.0, volatility: float = 0.5, stable: float = 1.0) -> Market:
    coin = AssetState(spot, spot, spot, 0.5, 1e9, 1e9)
    dollar = AssetState(stable, stable, stable, 0.0, 1e12, 1e12)
    return Market(
        as_of=NOW,
        assets={"BTC": coin, "USDC": dollar},
        instruments={
            "BTC-PERP": InstrumentState(mark=spot * 1.001),
            "BTC-FUT": InstrumentState(mark=spot * 1.01),
            "BTC-90-C": InstrumentState(mark=spot * 1.01, implied_volatility=volatility),
            "BTC-70-P-USDC": InstrumentState(implied_volatility=volatility),
        },
    )


def book(instruments: tuple[Instrument, ...] = INSTRUMENTS) -> Book:
    size = np.array([2.0, 100_000.0, -50_000.0, -3.0, 4.0])
    return Book(
        account_names=("a", "b", "empty"),
        account_venue=("v",) * 3,
        account_owner=("o",) * 3,
        account_kind=(AccountKind.DESK,) * 3,
        instruments=instruments,
        assets=("BTC", "USDC"),
        position_account=np.array([0, 0, 1, 1, 1]),
        position_instrument=np.arange(5),
        size=size,
        entry=np.array([81_000.0, 75_000.0, 82_000.0, 0.0, 0.0]),
        isolated=np.zeros(5, dtype=bool),
        isolated_margin=np.zeros(5),
        balance_account=np.array([0]),
        balance_asset=np.array([1]),
        quantity=np.array([1e6]),
    )


def values(world: Market, after: float = 0.0) -> Values:
    return revalue(book(), world, NOW.timestamp() + after)


def test_values_by_hand() -> None:
    found = values(market(stable=0.99)).value
    assert found[0] == pytest.approx(2.0 * (80_080.0 - 81_000.0) * 0.99, rel=1e-12)
    assert found[1] == pytest.approx(100_000.0 * (80_000.0 / 75_000.0 - 1.0), rel=1e-12)
    coins = -50_000.0 * (1 / 82_000.0 - 1 / 80_800.0)
    assert found[2] == pytest.approx(coins * 80_000.0, rel=1e-10)
    call = float(black(80_800.0, 90_000.0, 0.2, 0.5, True))
    assert found[3] == pytest.approx(-3.0 * call / 80_800.0 * 80_000.0, rel=1e-12)
    put = float(black(80_000.0, 70_000.0, 0.2, 0.5, False))
    assert found[4] == pytest.approx(4.0 * put * 0.99, rel=1e-12)


def test_greeks_are_differences_of_value() -> None:
    here = values(market())
    step = 1.0
    up, down = values(market(80_000.0 + step)), values(market(80_000.0 - step))
    np.testing.assert_allclose(here.delta, (up.value - down.value) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(
        here.gamma, (up.delta - down.delta) / (2 * step), rtol=1e-5, atol=1e-13
    )
    np.testing.assert_allclose(here.delta_cash, here.delta * 80_000.0)
    more, less = values(market(volatility=0.501)), values(market(volatility=0.499))
    np.testing.assert_allclose(here.vega, (more.value - less.value) / 0.002, rtol=1e-5, atol=1e-9)
    minute = 60.0
    later, sooner = values(market(), minute), values(market(), -minute)
    per_year = 365 * 86_400.0
    slope = (later.value - sooner.value) / (2 * minute) * per_year
    np.testing.assert_allclose(here.theta, slope, rtol=1e-5, atol=1e-3)


def test_per_account_sums_every_position_once() -> None:
    amount = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    np.testing.assert_array_equal(per_account(book(), amount), [3.0, 28.0, 0.0])


def test_what_is_missing_is_named() -> None:
    world = market()
    bare = {k: v for k, v in world.instruments.items() if k != "BTC-90-C"}
    with pytest.raises(InputError, match=r"BTC-90-C has no implied volatility"):
        values(replace(world, instruments=bare))
    with pytest.raises(InputError, match="asset USDC of instrument BTC-PERP"):
        values(replace(world, assets={"BTC": world.assets["BTC"]}))
    with pytest.raises(InputError, match="BTC is a coin, held as a position"):
        revalue(book((Spot("BTC"), *INSTRUMENTS[1:])), world, NOW.timestamp())


def test_instruments_nobody_holds_may_lack_everything() -> None:
    unheld = (*INSTRUMENTS[:5], Option("DOGE-1-C", "DOGE", "DOGE", EXPIRY, 1.0, True))
    assert revalue(book(unheld), market(), NOW.timestamp()).value.shape == (5,)


def test_empty_book_has_empty_columns() -> None:
    full = book()
    nothing = np.zeros(0)
    empty = replace(
        full,
        position_account=np.zeros(0, dtype=np.int64),
        position_instrument=np.zeros(0, dtype=np.int64),
        size=nothing,
        entry=nothing,
        isolated=np.zeros(0, dtype=bool),
        isolated_margin=nothing,
    )
    found = revalue(empty, market(), NOW.timestamp())
    assert found.value.shape == (0,)
    np.testing.assert_array_equal(per_account(empty, found.value), np.zeros(3))
