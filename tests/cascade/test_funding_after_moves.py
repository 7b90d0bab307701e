"""Funding is paid at the price after a move: bounds of who is looked at count both together."""

from __future__ import annotations

import pytest
from tiny_cases import Held, Trader, coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market.state import InstrumentState

RATE, STEP = -10.0, 3600.0


@pytest.mark.parametrize("coins", [1, 2])
@pytest.mark.parametrize("path", [(100.0, 105.0, 105.0), (100.0, 90.0, 105.0, 105.0)])
@pytest.mark.parametrize("short", [2e-4, 1e-3, 4e-3])
def test_a_short_that_funding_and_a_move_break_together_is_seen(
    path: tuple[float, ...], coins: int, short: float
) -> None:
    """One contract short at 100 with 1% maintenance, ``short`` of what it needs at the first 105.

    By hand: the move, maintenance at the new price, and funding of every step at its price.
    """
    first = path.index(105.0)
    paid = -RATE * STEP / SECONDS_PER_YEAR * sum(path[1 : first + 1])
    cash = 5.0 + 0.01 * 105.0 + paid - short
    held = [Held("A-PERP", -1.0, 100.0)]
    # With a dust of another coin the account follows the clock of all feeds.
    held += [Held("B-PERP", 1e-9, 100.0)] * (coins - 1)
    case = tiny_case(
        [Trader("p", held, {"USD": cash})],
        [perpetual("A-PERP", "A"), perpetual("B-PERP", "B")],
        {"p": perpetuals_venue(fund=1e3)},
        {"A": coin(100.0, 1e6, 0.9), "B": coin(100.0, 1e6, 0.9)},
        states={"A-PERP": InstrumentState(funding_rate=RATE)},
        step_seconds=STEP,
    )
    setup = prepare(case)
    exogenous = paths_of(case, A=list(path))
    tapes = [
        run(setup, exogenous, filtered=False)[0],
        run(setup, exogenous)[0],
        run_fast(setup, exogenous)[0],
    ]
    assert [int(tape.step[0]) for tape in tapes] == [first, first, first]
