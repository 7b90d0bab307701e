"""Bands that sell as the oracle falls, against arithmetic by hand and the slow limit."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.liquidation.soft_bands import (
    SoftBands,
    edges,
    health,
    quote_at_bottom,
    top_price,
    trade,
)

WIDE = SoftBands(bands=1, amplification=2.0)
ONE, NONE = np.ones((1, 1)), np.zeros((1, 1))


def walk(rule: SoftBands, prices: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One coin per band along oracle = market prices."""
    x, y = np.zeros_like(up), np.ones_like(up)
    for price in prices:
        at = np.full_like(up, price)
        x, y = trade(rule, x, y, up, at, at)
    return x, y


def test_one_jump_through_a_band_by_hand() -> None:
    """A = 2: a band from 100 to 50 with one coin; the oracle jumps from 100 to 50.

    y0 = 50/100, f = 25 x 2 x .5 = 25, g = 2 x 1 x .5 = 1, I = 50 x 4 x .25 = 50. The band's price
    is 25 / 2 = 12.5, far below the market at 50, so arbitrageurs buy: quote = sqrt(50 x 50) - 25 =
    25, coins = sqrt(50 / 50) - 1 = 0. The coin is gone for 25.
    Back at 100: y0 = 25/200, f = 25, g = 1/8, I = 6.25, price 400. Arbitrageurs sell: quote =
    sqrt(625) - 25 = 0, coins = sqrt(.0625) - .125 = 0.125. The round trip has cost 7/8.
    """
    up = 100.0 * ONE
    x, y = trade(WIDE, NONE, ONE, up, 50.0 * ONE, 50.0 * ONE)
    assert (x, y) == (pytest.approx(25.0), pytest.approx(0.0, abs=1e-15))
    x, y = trade(WIDE, x, y, up, up, up)
    assert (x, y) == (pytest.approx(0.0, abs=1e-12), pytest.approx(0.125))


def test_an_empty_band_does_not_trade_and_stops_no_other() -> None:
    """Deposits may be written down to nothing: such a band has no price, its neighbour has one."""
    up = np.array([[100.0, 50.0]])
    x, y = np.array([[25.0, 0.0]]), np.zeros((1, 2))
    with np.errstate(all="raise"):
        quote, coins = trade(WIDE, x, y, up, 100.0 * ONE, 100.0 * ONE)
    alone = trade(WIDE, x[:, :1], y[:, :1], up[:, :1], 100.0 * ONE, 100.0 * ONE)
    assert quote[0].tolist() == [alone[0][0, 0], 0.0] and coins[0].tolist() == [alone[1][0, 0], 0.0]
    assert coins[0, 0] == pytest.approx(0.125)


def test_a_slow_fall_sells_at_the_geometric_mean_and_a_slow_rise_buys_back_there() -> None:
    up = 100.0 * ONE
    down = np.geomspace(100.0, 50.0, 8_001)
    x, y = walk(WIDE, down, up)
    assert (x, y) == (pytest.approx(np.sqrt(5_000.0), rel=1e-3), pytest.approx(0.0, abs=1e-12))
    x, y = walk(WIDE, np.concatenate([down, down[::-1]]), up)
    assert (x, y) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0, rel=2e-3))


def test_round_trips_lose_more_the_larger_their_steps_and_by_the_fee() -> None:
    rule = SoftBands(bands=10, amplification=100.0)
    up = edges(rule, np.array([100.0]))[:, :-1]
    lost = []
    for steps in (4, 16, 64, 512):
        there = np.geomspace(100.0, 95.0, steps + 1)
        _, y = walk(rule, np.concatenate([there, there[::-1]]), up)
        lost.append(10.0 - y.sum())
    assert lost == sorted(lost, reverse=True) and 0 < lost[-1] < 0.1 < lost[0]


def test_a_fee_stays_in_the_band() -> None:
    """The jump by hand with a fee of 25%: traded to 40, where 20 + 25 = sqrt(50 x 40) = 44.72.

    quote = 44.721 - 25 = 19.721, a quarter more is paid: 24.651; coins sqrt(50/40) - 1 = 0.1180.
    """
    rule = SoftBands(bands=1, amplification=2.0, fee=0.25)
    x, y = trade(rule, NONE, ONE, 100.0 * ONE, 50.0 * ONE, 50.0 * ONE)
    assert (x, y) == (pytest.approx(24.651, abs=1e-3), pytest.approx(0.1180, abs=1e-4))


def test_nothing_moves_above_the_top_or_again_at_the_same_price() -> None:
    rule = SoftBands(bands=4, amplification=50.0, fee=0.001)
    up = edges(rule, np.array([100.0]))[:, :-1]
    above = np.full_like(up, 130.0)
    x, y = trade(rule, np.zeros_like(up), np.ones_like(up), up, above, above)
    assert np.all(x == 0) and np.all(y == 1)
    at = np.full_like(up, 96.7)
    x, y = trade(rule, x, y, up, at, at)
    again = trade(rule, x, y, up, at, at)
    assert again[0] == pytest.approx(x, rel=1e-9) and again[1] == pytest.approx(y, rel=1e-9)
    # The first band sold all, the last nothing, one in between a part.
    assert y[0, 0] == 0 and y[0, 3] == 1 and 0 < y[0, 1] < 1


def test_top_and_health_by_hand() -> None:
    """One band, A = 2, 10 coins, debt 500, room 20%: worth at the bottom of a band from 1 is
    sqrt(.5) = .7071, so the top is 500 / (10 x .8 x .7071) = 88.39: a slow fall gives 10 x
    sqrt(88.39 x 44.19) = 625 = 500 / 0.8. Health with a discount of 10%: 562.5 / 500 - 1 = .125.
    """
    rule = SoftBands(bands=1, amplification=2.0, room=0.2, discount=0.1)
    top = top_price(rule, np.array([10.0]), np.array([500.0]), np.array([100.0]))
    assert top == pytest.approx([88.388], abs=1e-3)
    edge = edges(rule, top)
    x, y = np.zeros((1, 1)), np.full((1, 1), 10.0)
    assert quote_at_bottom(x, y, edge) == pytest.approx([625.0])
    assert health(rule, x, y, edge, np.array([500.0])) == pytest.approx([0.125])
    # A loan that is already past its top starts at the price.
    assert top_price(rule, np.array([10.0]), np.array([500.0]), np.array([60.0])) == [60.0]


def test_a_discount_above_the_room_is_refused() -> None:
    with pytest.raises(InputError, match="room"):
        SoftBands(bands=5, amplification=100.0, room=0.05, discount=0.06)
