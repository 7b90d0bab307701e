"""L6 where a batch of forced orders cancels out: the plain loop then sets the price once more.

It does so from the temporary and the permanent part of what is outstanding, whose sum can stand one
bit beside the sum from which the last price was made. Sizes are many because few of them differ.
"""

from __future__ import annotations

import numpy as np
from test_l6_compiled import COMPILED
from test_l6_same_tape import assert_same
from tiny_cases import Held, Trader, coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.fast.isolated import is_isolated
from seawall.cascade.fast.simulation import FastSimulation
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind
from seawall.impact.linear import displacement
from seawall.market import Scenario

SIZES = np.linspace(5.0, 15.0, 40).tolist()
SCENARIO = Scenario(permanent_share=0.2)
DEPTH = 1e4


def test_in_a_second_round_of_cross_accounts() -> None:
    """The first account sells both coins; the fall of the second coin closes two accounts that are
    long and short as much of the first.
    """
    for size in SIZES:
        traders = [
            Trader("a", (Held("C-P", size, 100.0), Held("D-P", 8.0, 100.0)), {"USD": 10.0}),
            Trader("a", (Held("C-P", 1.0, 100.0), Held("D-P", 5.0, 100.0)), {"USD": 20.0}),
            Trader("a", (Held("C-P", -1.0, 100.0), Held("D-P", 5.0, 100.0)), {"USD": 20.0}),
        ]
        case = tiny_case(
            traders,
            [perpetual("C-P", "C"), perpetual("D-P", "D")],
            {"a": perpetuals_venue(fund=1e9)},
            {"C": coin(100.0, DEPTH), "D": coin(100.0, DEPTH)},
            scenario=SCENARIO,
        )
        setup, exogenous = prepare(case), paths_of(case, C=[100.0, 100.0])
        plain = run(setup, exogenous)[0]
        assert np.unique(plain.unit[plain.kind == EventKind.LIQUIDATION]).size == 3
        assert_same(run_fast(setup, exogenous)[0], plain, COMPILED)


def test_at_the_second_venue_of_a_round_of_isolated_positions() -> None:
    for size in SIZES:
        traders = [
            Trader("a", (Held("C-P", size, 100.0, size / 2),)),
            Trader("b", (Held("C-P", 1.0, 100.0, 0.5),)),
            Trader("b", (Held("C-P", -1.0, 100.0, 0.5),)),
        ]
        case = tiny_case(
            traders,
            [perpetual("C-P", "C")],
            {name: perpetuals_venue(fund=1e9) for name in "ab"},
            {"C": coin(100.0, DEPTH)},
            scenario=SCENARIO,
        )
        setup, exogenous = prepare(case), paths_of(case, C=[100.0, 100.0])
        assert is_isolated(setup)
        plain = run(setup, exogenous)[0]
        assert np.unique(plain.unit[plain.kind == EventKind.LIQUIDATION]).size == 3
        assert_same(FastSimulation(setup, 1).on(exogenous), plain, COMPILED)


def test_some_of_these_sizes_would_show_it() -> None:
    flows = -100.0 * np.array(SIZES) / DEPTH
    again = (1.0 - SCENARIO.permanent_share) * flows + SCENARIO.permanent_share * flows
    assert np.any(displacement(flows) != displacement(again))
