"""What a lot of collateral sells for: fixed bonus, falling price and batch side by side."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.liquidation.batch_auction import clear
from seawall.liquidation.falling_price import FallingPrice, bonus_at, share_of_price
from seawall.liquidation.keeper import seizure

INF = float("inf")


def bids(*pairs: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    value, capital = zip(*pairs, strict=True)
    return np.array(value), np.array(capital)


def test_the_price_falls_and_stays_at_the_floor() -> None:
    """From 1.2 to 0.6 over 600 s: 1.2, 0.9 after 300, 0.6 after 600 and for ever."""
    rule = FallingPrice(1.2, 0.6, 600.0)
    waited = np.array([0.0, 300.0, 600.0, 9_000.0])
    assert share_of_price(rule, waited) == pytest.approx([1.2, 0.9, 0.6, 0.6])
    # A keeper that pays 0.9 of the price has a bonus of 11.1%; one that pays 1.2 loses a sixth.
    assert bonus_at(rule, waited[:2]) == pytest.approx([-1.0 / 6.0, 1.0 / 9.0])
    with pytest.raises(InputError, match="floor"):
        FallingPrice(0.5, 0.6, 600.0)


def test_one_lot_three_rules() -> None:
    """10 coins at 100 and one keeper that wants 2% of what it pays.

    A fixed bonus of 5% gives it the lot for 1000 / 1.05 = 952.4. The falling price, 1.2 to 0.6
    over 600 s, is taken at the first of its minutes with D <= 1 / 1.02 = 0.98: D(240) = 0.96, 960.
    In the batch its bid of 98 a coin is the only one, so it pays the floor: 0.
    """
    one = np.ones(1)
    paid, taken_units = seizure(1_000.0 * one, one, 10.0 * one, 100.0 * one, one, 0.05 * one)
    assert (paid, taken_units) == (pytest.approx(952.381), pytest.approx(10.0))
    rule = FallingPrice(1.2, 0.6, 600.0)
    share = share_of_price(rule, 60.0 * np.arange(11))
    taken = int(np.argmax(1.0 / share >= 1.02))
    assert (taken, 1_000.0 * share[taken]) == (4, pytest.approx(960.0))
    alone = clear(10.0, *bids((98.0, INF)), floor_price=0.0)
    assert (alone.price, alone.won.tolist()) == (0.0, [10.0])


def test_a_second_bidder_sets_the_price() -> None:
    """98 against 95, both rich: the first wins all at 95."""
    cleared = clear(10.0, *bids((95.0, INF), (98.0, INF)), floor_price=0.0)
    assert (cleared.price, cleared.won.tolist()) == (95.0, [0.0, 10.0])


def test_capital_shares_the_lot_and_all_pay_one_price() -> None:
    """588 buys 6 coins at 98; the second wants 10 at 95 and gets 4: it is not served, so 95."""
    cleared = clear(10.0, *bids((98.0, 588.0), (95.0, INF), (90.0, INF)), floor_price=0.0)
    assert (cleared.price, cleared.won.tolist()) == (95.0, [6.0, 4.0, 0.0])


def test_bids_that_are_all_served_pay_the_floor() -> None:
    """588 buys 6, 380 buys 4: 10 in all, nobody is turned away. With 285 one coin is left."""
    exact = clear(10.0, *bids((98.0, 588.0), (95.0, 380.0)), floor_price=1.0)
    assert (exact.price, exact.won.tolist()) == (1.0, [6.0, 4.0])
    short = clear(10.0, *bids((98.0, 588.0), (95.0, 285.0)), floor_price=1.0)
    assert (short.price, short.won.tolist()) == (1.0, [6.0, 3.0])


def test_bids_below_the_floor_do_not_count() -> None:
    cleared = clear(10.0, *bids((98.0, INF), (40.0, INF)), floor_price=50.0)
    assert (cleared.price, cleared.won.tolist()) == (50.0, [10.0, 0.0])
    assert clear(
        10.0,
        *bids(
            (40.0, INF),
        ),
        floor_price=50.0,
    ).won.tolist() == [0.0]


def test_never_sells_more_than_the_lot_nor_above_a_winners_value() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        count = int(rng.integers(1, 8))
        value, capital = rng.uniform(1.0, 10.0, count), rng.uniform(0.0, 60.0, count)
        cleared = clear(10.0, value, capital, floor_price=0.5)
        assert cleared.won.sum() <= 10.0 * (1 + 1e-12)
        winners = cleared.won > 0
        assert np.all(value[winners] >= cleared.price)
        assert np.all(cleared.won * cleared.price <= capital * (1 + 1e-12))
