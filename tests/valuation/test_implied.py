"""Implied volatility: found for every price inside its bounds, and a reason for each outside."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hard_options import Columns, hard_set, realistic_book
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.valuation import fastblack, implied
from seawall.valuation.implied import (
    ImpliedVolatility,
    Reason,
    implied_quote,
    implied_volatility,
    plain_implied_volatility,
)

Floats = NDArray[np.float64]
Solver = Callable[..., ImpliedVolatility]


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    fastblack.prepare()
    implied.prepare()


def strictly_inside(price: Floats, columns: Columns) -> NDArray[np.bool_]:
    """Where a price is between its bounds, by the definition and not by the code under test."""
    f, k, _, _, call = columns
    intrinsic = np.maximum(np.where(call, f - k, k - f), 0.0)
    return (
        (price > intrinsic)
        & (price < np.where(call, f, k))
        & (price - intrinsic < np.minimum(f, k))
        & ((price - intrinsic) / np.sqrt(f * k) > 1e-300)
    )


def check_round_trip(columns: Columns, solve: Solver) -> int:
    """Every price inside is solved and repriced; returns how many there were.

    A volatility is a double, so its price is known to 2^-52 x vega x vol at best; three of these
    and 1e-14 of the price are allowed; nine and 3e-14 for the plain twin, which is coarser.
    """
    coarse = 3.0 if solve is plain_implied_volatility else 1.0
    f, k, t, vol, call = columns
    price = fastblack.values(*columns)
    inside = strictly_inside(price, columns)
    found = solve(price, f, k, t, call)
    np.testing.assert_array_equal(found.found, inside)
    assert np.isfinite(found.volatility[inside]).all()
    assert np.isnan(found.volatility[~inside]).all()
    at = np.where(inside, found.volatility, 1.0)
    again = fastblack.greeks(f, k, t, at, call)
    attainable = coarse * (3.0 * 2.3e-16 * again.vega * at + 1e-14 * price)
    missed = inside & ~(np.abs(again.value - price) <= attainable)
    assert not missed.any(), np.column_stack([price, f, k, t, vol, call])[missed][:3]
    return int(inside.sum())


@pytest.mark.parametrize("solve", [implied_volatility, plain_implied_volatility])
@pytest.mark.parametrize("options", [realistic_book, hard_set], ids=["book", "hard"])
def test_ten_thousand_random_quotes(options: Callable[..., Columns], solve: Solver) -> None:
    assert check_round_trip(options(10_000, 21), solve) > 6_000


@pytest.mark.parametrize("options", [realistic_book, hard_set], ids=["book", "hard"])
def test_a_hundred_thousand_random_quotes(options: Callable[..., Columns]) -> None:
    assert check_round_trip(options(100_000, 22), implied_volatility) > 60_000


@pytest.mark.slow
@pytest.mark.parametrize("options", [realistic_book, hard_set], ids=["book", "hard"])
def test_a_million_random_valid_quotes(options: Callable[..., Columns]) -> None:
    checked = 0
    for seed in range(100, 106):
        f, k, t, vol, call = options(250_000, seed)
        # Half of them out of the money, where all prices are inside their bounds.
        call = np.where(np.arange(f.size) % 2 == 0, f < k, call)
        checked += check_round_trip((f, k, t, vol, call), implied_volatility)
    print(f"{checked} quotes inside their bounds, all solved")
    assert checked >= 1_000_000


@pytest.mark.parametrize("solve", [implied_volatility, plain_implied_volatility])
def test_prices_next_to_their_bounds(solve: Solver) -> None:
    """From the smallest time value to the last double below the bound."""
    forward, strike = 100.0, np.array([1e-3, 50.0, 99.999999, 100.0, 100.0001, 130.0, 1e5])
    call = strike >= forward
    bound = np.minimum(forward, strike)
    parts = [1e-290, 1e-100, 1e-12, 0.1, 0.5, 0.9, 1.0 - 1e-9, 1.0 - 2.0**-52]
    for part in parts:
        price = bound * part
        found = solve(price, np.full(7, forward), strike, np.full(7, 0.5), call)
        assert found.found.all(), (part, found.reason)
        again = fastblack.greeks(forward, strike, 0.5, found.volatility, call)
        attainable = 1e-14 * price + 1e-15 * again.vega * found.volatility
        # Black calls an option settled when vol sqrt(T) is 1e-12; the volatility is right there.
        alive = found.volatility * np.sqrt(0.5) > 1e-12
        assert alive.sum() >= 6
        assert (np.abs(again.value - price) <= attainable)[alive].all(), part


@pytest.mark.parametrize("total", [1e-13, 1e-10, 1e-7, 1e-4])
@pytest.mark.parametrize("deviations", [0.0, 1e-6, 0.3, 2.0])
def test_near_the_money_with_hardly_any_volatility(total: float, deviations: float) -> None:
    """The hard corner: the truth comes from a price in 60 digits rounded to a double."""
    forward = 100.0
    strike = forward * (1.0 + total * deviations)
    with mpmath.workdps(60):
        s, x = mpmath.mpf(total), mpmath.log(mpmath.mpf(forward) / mpmath.mpf(strike))
        price = forward * mpmath.ncdf(x / s + s / 2) - strike * mpmath.ncdf(x / s - s / 2)
    for solve in (implied_volatility, plain_implied_volatility):
        found = solve(*(np.array([y]) for y in (float(price), forward, strike, 1.0, True)))
        assert found.volatility[0] == pytest.approx(total, rel=2e-15 * (2 + deviations**2))


def test_kernel_and_plain_twin_agree_on_volatilities_and_reasons() -> None:
    f, k, t, vol, call = hard_set(20_000, 23)
    price = fastblack.values(f, k, t, vol, call)
    fast = implied_volatility(price, f, k, t, call)
    plain = plain_implied_volatility(price, f, k, t, call)
    np.testing.assert_array_equal(fast.reason, plain.reason)
    outside = fast.found & (call == (f < k))
    np.testing.assert_allclose(fast.volatility[outside], plain.volatility[outside], rtol=1e-12)


BAD = [
    (9.0, 110.0, 100.0, 1.0, True, Reason.BELOW_INTRINSIC, "below the intrinsic value"),
    (-1.0, 90.0, 100.0, 1.0, True, Reason.BELOW_INTRINSIC, "below the intrinsic value"),
    (10.0, 110.0, 100.0, 1.0, True, Reason.AT_INTRINSIC, "is the intrinsic value"),
    (0.0, 90.0, 100.0, 1.0, True, Reason.AT_INTRINSIC, "is the intrinsic value"),
    (90.0, 90.0, 100.0, 1.0, True, Reason.ABOVE_BOUND, "upper bound"),
    (100.0, 90.0, 100.0, 1.0, False, Reason.ABOVE_BOUND, "upper bound"),
    (5.0, 90.0, 100.0, 0.0, True, Reason.EXPIRED, "expired"),
    (5.0, 90.0, 100.0, -1.0, True, Reason.EXPIRED, "expired"),
    (math.nan, 90.0, 100.0, 1.0, True, Reason.NOT_FINITE, "not finite"),
    (5.0, math.inf, 100.0, 1.0, True, Reason.NOT_FINITE, "not finite"),
    (5.0, 0.0, 100.0, 1.0, True, Reason.NO_PRICES, "above 0"),
    (5.0, 90.0, -1.0, 1.0, True, Reason.NO_PRICES, "above 0"),
]


@pytest.mark.parametrize(("price", "f", "k", "t", "call", "reason", "words"), BAD)
def test_each_bad_quote_has_its_reason_and_spoils_no_other(
    price: float, f: float, k: float, t: float, call: bool, reason: Reason, words: str
) -> None:
    good = (7.965567455405804, 100.0, 100.0, 1.0, True)
    quotes = np.array([good[:4], (price, f, k, t), good[:4]]).T
    for solve in (implied_volatility, plain_implied_volatility):
        found = solve(*quotes, np.array([True, call, True]))
        assert list(found.reason) == [Reason.FOUND, reason, Reason.FOUND]
        assert math.isnan(found.volatility[1])
        np.testing.assert_allclose(found.volatility[[0, 2]], 0.2, rtol=1e-14)
    assert words in reason.sentence


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence.endswith(".") for reason in Reason)


def test_two_sided_quotes() -> None:
    found = implied_quote([7.0, 9.0, 0.0], [8.0, 8.0, 8.0], 100.0, 100.0, 1.0, True)
    assert list(found.bid.reason) == [Reason.FOUND, Reason.CROSSED, Reason.AT_INTRINSIC]
    assert list(found.ask.reason) == [Reason.FOUND, Reason.CROSSED, Reason.FOUND]
    assert found.bid.volatility[0] < found.ask.volatility[0]
    assert found.ask.counts() == {Reason.FOUND: 2, Reason.CROSSED: 1}


def test_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="columns of one length"):
        implied_volatility([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, 1.0, True)
