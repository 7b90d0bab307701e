"""Who may take a call, who is first, and what gas costs."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.liquidation.keeper_race import (
    KeeperKind,
    Keepers,
    enters,
    gas_multiple,
    members,
    order,
    present,
)

FAST = KeeperKind(count=2, latency_seconds=1.0, gas_ceiling=3.0, capital=1_000.0, profit=0.02)
SLOW = KeeperKind(count=1, latency_seconds=120.0, failure=0.5)
WHO = members(Keepers((FAST, SLOW)))


def test_gas_rises_with_volatility_and_with_the_crowd() -> None:
    """1 + 0.5 x (3 - 1) + 0.01 x (101 - 1) = 3; when calm and alone, the normal price."""
    rule = Keepers((FAST,), gas_volatility=0.5, gas_crowding=0.01)
    found = gas_multiple(rule, np.array([3.0, 0.4]), np.array([101.0, 1.0]))
    assert found == pytest.approx([3.0, 1.0])


def test_presence_needs_time_and_gas() -> None:
    """After 60 s only the fast have seen it; at 4 times the gas only the slow, who pays any."""
    seen = present(WHO, np.array([60.0, 120.0, 120.0]), np.array([1.0, 3.0, 4.0]))
    assert seen.tolist() == [[True, True, False], [True, True, True], [False, False, True]]


def test_a_keeper_is_not_late_by_the_last_bit_of_a_step() -> None:
    """Three steps of 0.7 s are a bit below 2.1 s in floats, and have passed all the same."""
    assert 3 * 0.7 < 2.1
    who = members(Keepers((KeeperKind(latency_seconds=2.1, count=1),)))
    assert present(who, np.array([3 * 0.7, 2 * 0.7]), np.ones(2)).tolist() == [[True], [False]]


def test_entry_by_expected_profit_and_capital() -> None:
    """Cost 900, gas 10. The fast want 18 and the gas: a gain of 28 is enough, 27 is not.

    The slow one fails half of the time: 0.5 x 28 - 10 = 4 is a profit, 0.5 x 19 - 10 is not.
    With 899 of free capital nobody of the fast pays 900.
    """
    gain = np.array([28.0, 27.0, 19.0, 28.0])
    free = np.tile([1_000.0, 1_000.0, np.inf], (4, 1))
    free[3, :2] = 899.0
    found = enters(WHO, gain, np.full(4, 900.0), np.full(4, 10.0), free)
    assert found.tolist() == [
        [True, True, True],
        [False, False, True],
        [False, False, False],
        [False, False, True],
    ]


def test_the_fast_try_first_and_equals_in_random_order() -> None:
    assert order(WHO, np.array([0.9, 0.1, 0.0])).tolist() == [1, 0, 2]
    assert order(WHO, np.array([0.1, 0.9, 0.0])).tolist() == [0, 1, 2]


def test_too_many_keepers_are_refused() -> None:
    with pytest.raises(InputError, match="keepers"):
        Keepers((KeeperKind(60), KeeperKind(5)))
