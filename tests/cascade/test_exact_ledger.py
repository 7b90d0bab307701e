"""The exact ledger: whole units, sums of exactly zero, crumbs for the other side, 64 bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cascade.exact_ledger import (
    LARGEST,
    ExactLedger,
    change_by_item,
    decimals_for,
    move,
    open_cell,
    trade,
)
from seawall.foundation.errors import InputError

# Cells: 0 cash of a trader, 1 its position; 2 cash of the book, 3 its contracts; 4 cash of the
# fund. Items: 0 quote, 1 contracts. Quote has 6 decimals, contracts (about 90,000 each) 10.
ITEM, DECIMALS = [0, 1, 0, 1, 0], [6, 10, 6, 10, 6]


def opened(*amounts: float) -> ExactLedger:
    ledger = ExactLedger(DECIMALS, ITEM, traders=2)
    for cell, amount in enumerate(amounts):
        open_cell(ledger, cell, amount)
    return ledger


def test_decimals_follow_the_price() -> None:
    assert [decimals_for(x) for x in (1.0, 9.99, 10.0, 90_000.0)] == [6, 6, 7, 10]
    assert [decimals_for(x) for x in (0.5, 0.05, 1e-12)] == [6, 5, 0]


def test_a_trade_by_hand() -> None:
    """Buy 1/3 at 90,000.1: size 0.3333333333, cash 30,000.0333303... up to 30,000.033331."""
    ledger = opened(50_000.0, 0.0, 0.0, 0.0, 0.0)
    size, paid = trade(ledger, 1, 3, 1 / 3, 0, 2, 90_000.1)
    assert (size, paid) == (3_333_333_333, 30_000_033_331)
    # Sold again at the same price it brings the same, rounded down: the book keeps one unit.
    size, paid = trade(ledger, 1, 3, -1 / 3, 0, 2, 90_000.1)
    assert (size, paid) == (-3_333_333_333, -30_000_033_330)
    assert ledger.balance == {0: 50_000_000_000 - 1, 1: 0, 2: 1, 3: 0, 4: 0}


def test_payments_round_against_the_trader() -> None:
    ledger = opened(1.0, 0.0, 1.0, 0.0, 1.0)
    assert move(ledger, 0, 4, 1e-7) == 1  # pays a millionth for a tenth of one
    assert move(ledger, 4, 0, 1.9e-6) == 1  # receives one for nearly two
    assert move(ledger, 4, 0, -1e-7) == -1  # a payment written as a negative receipt
    assert move(ledger, 4, 2, 1.6e-6) == 2  # between system accounts: the nearest
    assert sum(ledger.balance[c] for c in (0, 2, 4)) == 3_000_000


def test_what_is_beyond_64_bits_is_refused() -> None:
    limit = 9_223_372_036_854.775
    ledger = opened(limit, 0.0, limit, 0.0, 0.0)
    with pytest.raises(InputError, match=r"9,223,372,036,85\d has no exact form"):
        move(ledger, 2, 0, 1.0)
    with pytest.raises(InputError, match=r"10\^-6, 64 bits wide"):
        opened(1e13)


def test_nothing_turns_into_another_thing() -> None:
    with pytest.raises(InputError, match="one thing into another"):
        move(opened(1.0, 1.0, 1.0, 1.0, 1.0), 0, 3, 1.0)


amounts = st.floats(-1e6, 1e6)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just(True), amounts, st.floats(1e-6, 1e5)),
            st.tuples(st.just(False), amounts, st.sampled_from([(0, 2), (0, 4), (2, 4), (4, 0)])),
        ),
        max_size=30,
    )
)
def test_sums_are_exactly_zero_and_rounding_stays_within_its_slack(lines: list[object]) -> None:
    ledger = opened(1e6, 10.0, 0.0, -10.0, 1e5)
    first = dict(ledger.balance)
    exact = [Fraction(1e6), Fraction(10), Fraction(0), Fraction(-10), Fraction(1e5)]
    for is_trade, x, y in lines:  # type: ignore[misc]
        if is_trade:
            trade(ledger, 1, 3, x, 0, 2, y)
            for cell, sign, part in ((1, 1, 1), (3, -1, 1), (0, -1, y), (2, 1, y)):
                exact[cell] += sign * Fraction(x) * Fraction(part)
        else:
            move(ledger, y[0], y[1], x)
            exact[y[0]] -= Fraction(x)
            exact[y[1]] += Fraction(x)
    assert change_by_item(ledger, first) == {0: 0, 1: 0}
    for cell, truth in enumerate(exact):
        apart = abs(Fraction(ledger.balance[cell]) - truth * 10 ** DECIMALS[cell])
        assert apart <= ledger.slack[cell]
        assert abs(ledger.balance[cell]) <= LARGEST


@pytest.mark.parametrize("price", [1e-12, 0.1, 1.0, 33.333333, 90_000.1, 1e12])
@pytest.mark.parametrize("size", [1e-12, 4.9e-11, 1e-10, 3e-7])
def test_rounding_cannot_be_farmed(price: float, size: float) -> None:
    """10^5 dust trades, there and back: the trader never has more than it began with."""
    ledger = opened(100.0, 0.0, 0.0, 0.0, 0.0)
    start = ledger.balance[0]
    for _ in range(50_000 if (price, size) == (33.333333, 4.9e-11) else 500):
        trade(ledger, 1, 3, size, 0, 2, price)
        trade(ledger, 1, 3, -size, 0, 2, price)
        assert ledger.balance[1] == 0
    assert ledger.balance[0] <= start
    assert change_by_item(ledger, {0: start}) == {0: 0, 1: 0}


def test_dust_payments_cannot_be_farmed_either() -> None:
    ledger = opened(1.0, 0.0, 1.0, 0.0, 1.0)
    rng = np.random.default_rng(1)
    owed = Fraction(0)
    for x in rng.uniform(-2e-6, 2e-6, 20_000).tolist():
        move(ledger, 4, 0, x)
        owed += Fraction(x)
    assert ledger.balance[0] - 1_000_000 <= owed * 10**6
