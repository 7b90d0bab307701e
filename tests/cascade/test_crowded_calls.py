"""Keepers who see each other's calls: none sells at a loss because a thousand sell at once.

Each loan: 10 ETH against 800 USD, bonus 5%, at 95: 800 repaid, 840 / 95 = 8.8421 coins seized, sold
for 840 at the market price. Linear impact: x = sale / depth, mean price (1 - exp(-x)) / x, which
the law's own series meets to 1e-7 here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny_cases import Trader, coin, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade.tape import EventKind
from seawall.venues import Collateral, Feed, Liquidation

# Publishes what has moved by 4%, at the next step: the oracle stands still while keepers act.
SLOW = Feed(deviation=0.04, heartbeat_seconds=1e9)
FALL = [100.0] + [95.0] * 3


def play(loans, depth, gas=0.0, bonus=0.05, eth=FALL, prices=None):
    terms = Collateral(0.8, 0.83, bonus)
    book = lending_venue({"ETH": terms}, liquidation=Liquidation("keeper", gas=gas), feed=SLOW)
    trader = Trader("l", (), {"ETH": 10.0, "USD": -800.0}, owner="me")
    case = tiny_case([trader] * loans, [], {"l": book}, {"ETH": coin(100.0, depth)})
    _, tape, state = run_case(case, paths_of(case, ETH=eth) if prices is None else prices(case))
    return tape, state


def at_once(tape):
    """Calls of the first step and what their keepers earned."""
    first = (tape.kind == EventKind.LIQUIDATION) & (tape.step == 1)
    return int(first.sum()), -tape.keeper[first]


@pytest.mark.parametrize(
    ("depth", "calls"),
    [
        # x = .0500 a call: one pays 840 x .9754 = 819.3; two would get 840 x .9516 = 799.4 < 800.
        (16_800.0, 1),
        # x = .0488 a call: two get 840 x .95271 = 800.28 each; three 840 x .9302 = 781.4.
        (17_200.0, 2),
        # x = .0280 a call: three get 840 x .9593 = 805.8 each.
        (30_000.0, 3),
    ],
)
def test_as_many_calls_as_the_batch_pays_for(depth, calls):
    made, earned = at_once(play(3, depth)[0])
    assert made == calls
    x = calls * 840.0 / depth
    mean = (1.0 - math.exp(-x)) / x
    assert earned == pytest.approx(np.full(calls, 840.0 * mean - 800.0), abs=1e-4)
    assert np.all(earned > 0.0)


def test_gas_counts_for_the_last_of_them():
    # Two get 800.28 each: with gas of 0.5 the second does not pay, and the first gets 820.
    assert at_once(play(3, 17_200.0, gas=0.5)[0])[0] == 1


def test_a_crowd_of_keepers_presses_the_price_no_further_than_the_bonus_pays():
    # 400 loans, each sale a hundredth of the depth. Entered until the mean price takes the bonus:
    # 1.05 (1 - exp(-x)) / x = 1, x = .0984, so ten calls and a price at exp(-.1) of 95 at lowest.
    tape, state = play(400, 84_000.0, eth=[100.0, 95.0])
    made, earned = at_once(tape)
    assert made == 9
    assert np.all(earned > 0.0)
    assert state.market[0].min() >= min(1.0, 95.0 * math.exp(-0.1))


def test_paths_do_not_see_one_another():
    def two(case):
        one = paths_of(case, ETH=FALL)
        other = paths_of(case, ETH=[100.0, 94.0, 93.0, 92.0])
        return np.concatenate([one, other])

    both, _ = play(3, 17_200.0, prices=two)
    alone, _ = play(3, 17_200.0)
    mine = both.path == 0
    for name in ("step", "unit", "kind", "notional", "keeper", "socialised"):
        np.testing.assert_array_equal(getattr(both, name)[mine], getattr(alone, name))
