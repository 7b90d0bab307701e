"""L9 for whole books: every Greek of every kind of holding is the central difference of value.

The value is that of `revalue` on a market that has moved; the Greeks come from formulas. Second
differences have a step of 2e-3, so the tolerance is that of the step and not of the formula; a
Richardson step takes the error of the first kind away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from every_kind import BALANCES, INSTRUMENTS, NOW, PLAIN, POSITIONS, SPOT, book, market, worth
from numpy.typing import NDArray

from seawall.instruments import Option
from seawall.valuation.exposures import exposures
from seawall.valuation.revalue import revalue

Floats = NDArray[np.float64]
HOLDINGS = [*POSITIONS, *BALANCES]
VALUES = revalue(book(), market(), NOW.timestamp())
FOUND = exposures(book(), market(), VALUES)
OPTIONS = [item.name for item in INSTRUMENTS if isinstance(item, Option)]


def richardson(difference: Callable[[float], Floats], step: float) -> Floats:
    """A central difference with its h^2 error removed."""
    return (4.0 * difference(step / 2) - difference(step)) / 3.0


def slopes(asset: str) -> Floats:
    """Cash delta (h,) in one asset from the long form."""
    n = book().assets.index(asset)
    mine = FOUND.slopes.asset == n
    total = np.bincount(
        FOUND.slopes.holding[mine], weights=FOUND.slopes.delta[mine], minlength=len(HOLDINGS)
    )
    return total * SPOT[asset]


def bends(first: str, second: str) -> Floats:
    a, b = book().assets.index(first), book().assets.index(second)
    mine = (FOUND.bends.first == a) & (FOUND.bends.second == b)
    total = np.bincount(
        FOUND.bends.holding[mine], weights=FOUND.bends.gamma[mine], minlength=len(HOLDINGS)
    )
    return total * SPOT[first] * SPOT[second]


def close(found: Floats, expected: Floats, rtol: float, what: str) -> None:
    floor = 1e-9 * np.abs(worth({})).max() * max(rtol / 1e-8, 1.0)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=floor, err_msg=f"L9: {what}")


@pytest.mark.parametrize("asset", PLAIN)
def test_every_delta_is_a_difference_of_value(asset: str) -> None:
    expected = richardson(lambda h: (worth({asset: 1 + h}) - worth({asset: 1 - h})) / (2 * h), 2e-3)
    close(slopes(asset), expected, 1e-7, f"delta in {asset}")


def test_no_delta_is_left_in_a_share() -> None:
    shares = set(SPOT) - set(PLAIN)
    assert {book().assets[n] for n in FOUND.slopes.asset} == set(PLAIN)
    assert not shares & {book().assets[n] for n in FOUND.bends.first}


@pytest.mark.parametrize("first", PLAIN)
@pytest.mark.parametrize("second", PLAIN)
def test_every_gamma_and_cross_gamma_is_a_second_difference(first: str, second: str) -> None:
    def difference(h: float) -> Floats:
        if first == second:
            return (worth({first: 1 + h}) - 2 * worth({}) + worth({first: 1 - h})) / h**2
        corners = [
            (1 if a == b else -1) * worth({first: 1 + a * h, second: 1 + b * h})
            for a in (1, -1)
            for b in (1, -1)
        ]
        return sum(corners) / (4 * h * h)

    close(bends(first, second), richardson(difference, 4e-3), 1e-5, f"gamma {first} {second}")


def of_options(column: Floats) -> Floats:
    rows = [HOLDINGS.index(name) for name in OPTIONS]
    others = np.delete(column, rows)
    np.testing.assert_array_equal(others, 0.0)
    return column[rows]


def each_option(difference: Callable[[str], Floats]) -> Floats:
    """The difference of one option's own value for each option."""
    return np.array([difference(name)[HOLDINGS.index(name)] for name in OPTIONS])


def test_every_vega_is_a_difference_in_volatility() -> None:
    def difference(name: str) -> Floats:
        return richardson(lambda h: (worth({}, {name: h}) - worth({}, {name: -h})) / (2 * h), 4e-3)

    close(of_options(FOUND.vega), each_option(difference), 1e-7, "vega")


def test_every_volga_is_a_second_difference_in_volatility() -> None:
    def difference(name: str) -> Floats:
        return richardson(
            lambda h: (worth({}, {name: h}) - 2 * worth({}) + worth({}, {name: -h})) / h**2, 8e-3
        )

    close(of_options(FOUND.volga), each_option(difference), 1e-5, "volga")


def test_every_vanna_is_a_mixed_difference() -> None:
    def difference(name: str) -> Floats:
        asset = next(item.underlying for item in INSTRUMENTS if item.name == name)

        def at(h: float) -> Floats:
            corners = [
                (1 if a == b else -1) * worth({asset: 1 + a * h}, {name: b * h})
                for a in (1, -1)
                for b in (1, -1)
            ]
            return sum(corners) / (4 * h * h)

        return richardson(at, 4e-3)

    spot = [SPOT[item.underlying] for item in INSTRUMENTS if item.name in OPTIONS]
    close(of_options(FOUND.vanna) * spot, each_option(difference), 1e-5, "vanna")


def test_every_theta_is_a_difference_in_time() -> None:
    year = 365.0 * 86_400.0

    def difference(h: float) -> Floats:
        return (worth({}, seconds=h) - worth({}, seconds=-h)) / (2 * h) * year

    close(FOUND.theta, richardson(difference, 3_600.0), 1e-6, "theta")
    yields = FOUND.theta[[HOLDINGS.index(name) for name in ("wstETH", "VAULT", "wstETH-PERP")]]
    assert (np.abs(yields) > 1.0).all()


def test_value_that_scales_with_a_share_s_discount() -> None:
    """A depeg of wstETH itself, its contents unmoved."""
    step = 1e-4
    moved = (worth({"wstETH": 1 + step}) - worth({"wstETH": 1 - step})) / (2 * step)
    row = HOLDINGS.index("wstETH")
    assert FOUND.discount[row] == pytest.approx(moved[row], rel=1e-9)
    assert FOUND.discount[HOLDINGS.index("BTC-PERP")] == 0.0


def test_a_quanto_has_both_deltas_and_their_cross_gamma() -> None:
    row = HOLDINGS.index("ETH-QUANTO")
    size, entry = POSITIONS["ETH-QUANTO"]
    mark = 2_500.0 * 1.002
    coins = size * 1e-6 * (mark - entry)
    assert VALUES.value[row] == pytest.approx(coins * 80_000.0, rel=1e-12)
    assert slopes("ETH")[row] == pytest.approx(size * 1e-6 * mark * 80_000.0, rel=1e-12)
    assert slopes("BTC")[row] == pytest.approx(coins * 80_000.0, rel=1e-12)
    assert bends("ETH", "BTC")[row] == pytest.approx(size * 1e-6 * mark * 80_000.0, rel=1e-12)
