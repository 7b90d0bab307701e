"""The slot ``adl`` in the loop: each rule closes the winners that it should, and pays once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    events,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.draws import Draws
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms

# The bankrupt: short 6 from 69, with 120 of cash; at 100 it has 120 - 186 = -66, 11 a contract.
# The winners of tests/waterfall/test_adl_rules.py: long 11 from 50, 4 from 80, 5 from 94, and B
# short 300 of another coin that stands still (its margin and its net exposure change, no more).
WINNERS = (
    Trader("v", [Held("BTC-PERP", 11.0, 50.0)], {QUOTE: 2200.0 - 550.0}, owner="a"),
    Trader(
        "v", [Held("BTC-PERP", 4.0, 80.0), Held("ETH-PERP", -30.0, 10.0)], {QUOTE: 20.0}, owner="b"
    ),
    Trader("v", [Held("BTC-PERP", 5.0, 94.0)], {QUOTE: 70.0}, owner="c"),
)


def three(rule: Mapping[str, object] | None) -> Case:
    bankrupt = Trader("v", [Held("BTC-PERP", -6.0, 69.0)], {QUOTE: 120.0})
    mechanisms = {} if rule is None else {"adl": rule}
    venue = perpetuals_venue(("adl", "socialised"), mechanisms=mechanisms)
    return tiny_case(
        [bankrupt, *WINNERS],
        [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")],
        {"v": venue},
        {"BTC": coin(70.0), "ETH": coin(10.0)},
    )


def played(rule: Mapping[str, object] | None, **how: object) -> tuple[Setup, Tape, State]:
    case = three(rule)
    # At 70 nobody is below maintenance; at 100 the short is.
    return run_case(case, paths_of(case, BTC=[70.0, 100.0]), **how)


def closed(state: State) -> np.ndarray:
    """Contracts taken from A, B and C."""
    held = state.holdings.size[0]
    return np.array([11.0, 4.0, 5.0]) - held[[1, 2, 4]]


@pytest.mark.parametrize(
    ("rule", "size", "lost"),
    [
        (None, [0, 1, 5], [0, 11, 55]),
        ("hyperliquid", [0, 1, 5], [0, 11, 55]),
        ("profit_leverage_queue", [2, 4, 0], [22, 44, 0]),
        ("pro_rata_contracts", [3.3, 1.2, 1.5], [36.3, 13.2, 16.5]),
        ("pro_rata_profit", [3.3, 1.2, 1.5], [55, 8, 3]),
        ("risk_aware", [22 / 24, 13 / 24, 109 / 24], [242 / 24, 143 / 24, 1199 / 24]),
    ],
)
def test_the_three_winners_in_the_loop(
    rule: str | None, size: list[float], lost: list[float]
) -> None:
    _, tape, state = played(None if rule is None else {"rule": rule})
    assert closed(state) == pytest.approx(size)
    # Equity at 100: 2200, 100 and 100, less what each gave up.
    assert tape.desk_equity[0, -1] == pytest.approx(np.array([2200, 100, 100]) - lost)
    assert tape.adl.sum() == pytest.approx(66.0)
    assert tape.socialised.sum() == pytest.approx(0.0, abs=1e-9)
    assert state.holdings.size[0, 0] == 0.0
    assert state.holdings.cash[0, 0] == pytest.approx(0.0, abs=1e-9)
    hit = [unit for _, _, unit, _ in events(tape, EventKind.ADL_WINNER)]
    assert hit == [n + 1 for n in range(3) if size[n] > 0]


def test_the_walk_starts_where_its_stream_says() -> None:
    """Whoever is first gives as much as it has, then the next one round the table."""
    held, found = np.array([11.0, 4.0, 5.0]), set()
    for seed in range(16):
        _, tape, state = played({"rule": "random_counterparty"}, draws=Draws(seed, np.array([0])))
        start = uniforms(seed, Stream.DELEVERAGING, [0], [1], 1)[0, 0, 0]
        left, expected = 6.0, np.zeros(3)
        for n in (np.arange(3) + int(start * 3)) % 3:
            # Nobody is refused: B whole keeps 100 - 44 = 56, and 1% of 300 is its maintenance.
            expected[n] = min(held[n], left)
            left -= expected[n]
        assert closed(state) == pytest.approx(expected)
        assert tape.adl.sum() == pytest.approx(66.0)
        found.add(int(start * 3))
    assert found == {0, 1, 2}, "sixteen seeds start at each of the three at least once"


def test_a_flagged_side_is_cut_without_any_bankruptcy() -> None:
    """Longs make 660 at 100 against a pool of 1000: 575 is paid out, as worked in the other file.

    The bankrupt short is sold to the order book and its 66 are socialised.
    """
    rule = {"rule": "pool_flag", "pool": 1000.0, "max_factor": 0.5, "min_factor": 0.2}
    _, tape, state = played(rule)
    assert tape.adl.sum() == 0.0
    assert tape.socialised.sum() == pytest.approx(66.0)
    assert closed(state) == pytest.approx([11.0, 1.25, 0.0])
    assert events(tape, EventKind.POOL_CUT) == [(0, 1, 1, 18), (0, 1, 2, 18)]
    assert tape.notional[tape.kind == EventKind.POOL_CUT] == pytest.approx([1100.0, 125.0])
    assert state.pools is not None
    assert state.pools.memory.pool[0, 0] == pytest.approx(425.0)


def test_a_side_below_its_factor_is_left_alone() -> None:
    rule = {"rule": "pool_flag", "pool": 1000.0, "max_factor": 0.7, "min_factor": 0.2}
    _, tape, state = played(rule)
    assert closed(state) == pytest.approx([0.0, 0.0, 0.0])
    assert events(tape, EventKind.POOL_CUT) == []


def test_a_slot_that_nothing_asks_is_refused() -> None:
    rule = {"rule": "random_counterparty", "safe": 2.0}
    venue = perpetuals_venue(("fund", "socialised"), mechanisms={"adl": rule})
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 1.0, 69.0)], {QUOTE: 120.0})],
        [perpetual("BTC-PERP", "BTC")],
        {"v": venue},
        {"BTC": coin(99.0)},
    )
    with pytest.raises(InputError, match=r"no layer 'adl'"):
        run_case(case, paths_of(case, BTC=[70.0, 100.0]))
