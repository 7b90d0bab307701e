"""L9 in books: put-call parity of every Greek, and inverse = linear through change of numeraire."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.book import AccountKind, Book
from seawall.instruments import Option, Perpetual, Traded
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.revalue import Values, revalue

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRY = NOW + timedelta(days=73)
YEARS = 0.2
many = settings(max_examples=60, deadline=None, database=None)
SPOTS = st.floats(10.0, 1e5)
MONEYNESS = st.floats(0.5, 2.0)
VOLATILITY = st.floats(0.2, 1.5)


def values(
    held: dict[Traded, tuple[float, float]], states: dict[str, InstrumentState], **spot: float
) -> Values:
    count, items = len(held), tuple(held)
    size, entry = np.array(list(held.values())).T
    book = Book(
        ("a",), ("v",), ("o",), (AccountKind.DESK,), items, tuple(spot),
        np.zeros(count, dtype=np.int64), np.arange(count), size, entry,
        np.zeros(count, dtype=bool), np.zeros(count),
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0),
    )  # fmt: skip
    assets = {name: AssetState(p, p, p, 0.5, 1e9, 1e9) for name, p in spot.items()}
    return revalue(book, Market(NOW, assets, states), NOW.timestamp())


@many
@given(SPOTS, MONEYNESS, VOLATILITY, st.floats(0.9, 1.1), st.floats(-0.05, 0.2), st.booleans())
def test_a_call_less_a_put_is_a_discounted_forward_in_every_greek(
    spot: float, moneyness: float, volatility: float, basis: float, rate: float, inverse: bool
) -> None:
    strike, settle, stable = spot * moneyness, "BTC" if inverse else "USDC", 0.97
    call = Option("C", "BTC", settle, EXPIRY, strike, True)
    put = Option("P", "BTC", settle, EXPIRY, strike, False)
    state = InstrumentState(mark=basis * spot, implied_volatility=volatility, rate=rate)
    found = values(
        {call: (1.0, 0.0), put: (-1.0, 0.0)}, {"C": state, "P": state}, BTC=spot, USDC=stable
    )
    unit = np.exp(-rate * YEARS) * (1.0 / basis if inverse else stable)
    forward = unit * (basis * spot - strike)
    assert found.value.sum() == pytest.approx(forward, rel=1e-11, abs=1e-11 * spot)
    assert found.delta.sum() == pytest.approx(unit * basis, rel=1e-11)
    assert found.theta.sum() == pytest.approx(rate * forward, rel=1e-9, abs=1e-9 * spot)
    for name, scale in (("gamma", 1 / spot), ("vega", spot), ("vanna", 1.0), ("volga", spot)):
        assert getattr(found, name).sum() == pytest.approx(0.0, abs=1e-12 * scale), f"L9: {name}"


@many
@given(SPOTS, MONEYNESS, VOLATILITY, st.booleans())
def test_an_inverse_option_is_the_linear_one_once_coins_are_dollars(
    spot: float, moneyness: float, volatility: float, call: bool
) -> None:
    """Paid in coin or in dollars worth 1, at a forward equal to spot: the same claim."""
    strike = spot * moneyness
    coin = Option("coin", "BTC", "BTC", EXPIRY, strike, call)
    dollar = Option("dollar", "BTC", "USD", EXPIRY, strike, call)
    state = InstrumentState(implied_volatility=volatility)
    found = values(
        {coin: (2.0, 0.0), dollar: (2.0, 0.0)}, {"coin": state, "dollar": state}, BTC=spot, USD=1.0
    )
    for field in fields(Values):
        if field.name == "paid":
            continue
        left, right = getattr(found, field.name)
        assert left == pytest.approx(right, rel=1e-13), f"L9: {field.name}"
    assert found.paid[0] == pytest.approx(found.paid[1] / spot, rel=1e-13)


@many
@given(SPOTS, MONEYNESS, st.floats(1.0, 1e7))
def test_an_inverse_perpetual_is_a_linear_one_of_contracts_over_entry_coins(
    spot: float, moved: float, contracts: float
) -> None:
    """N (S/e - 1) dollars both ways: N contracts of a dollar are N/e coins bought at e."""
    entry = spot * moved
    inverse, linear = Perpetual("I", "BTC", "BTC"), Perpetual("L", "BTC", "USD")
    found = values(
        {inverse: (contracts, entry), linear: (contracts / entry, entry)}, {}, BTC=spot, USD=1.0
    )
    assert found.value[0] == pytest.approx(found.value[1], rel=1e-12, abs=1e-12 * contracts)
    assert found.delta[0] == pytest.approx(found.delta[1], rel=1e-13)
    assert found.delta_cash[0] == pytest.approx(contracts / moved, rel=1e-12)


@many
@given(SPOTS, MONEYNESS, st.floats(1.0, 1e5), st.floats(1e-7, 1.0))
def test_a_quanto_paid_in_a_dollar_is_a_linear_contract(
    spot: float, moved: float, contracts: float, multiplier: float
) -> None:
    quanto = Perpetual("Q", "ETH", "USDT", multiplier)
    linear = Perpetual("L", "ETH", "USDT")
    found = values(
        {quanto: (contracts, spot * moved), linear: (contracts * multiplier, spot * moved)},
        {},
        ETH=spot,
        USDT=0.99,
    )
    for name in ("value", "delta", "paid"):
        left, right = getattr(found, name)
        assert left == pytest.approx(right, rel=1e-12)
