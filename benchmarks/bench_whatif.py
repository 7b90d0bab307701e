"""Margin in many shifted markets: columns against the framework market by market.

What liquidation prices, surfaces and `seawall whatif` rest on. `python benchmarks/time_whatif.py`
gives the milliseconds of a whole what-if on 500 legs, for which the goal is 100.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from measure import Benchmark
from seawall.margin.account.shifts import Evaluate, Shifts
from seawall.margin.rules import net_margin, one_by_one, rules_of
from seawall.margin.view import margin_accounts
from time_whatif import made_up_case

LEGS = 500
MANY, FEW = 48, 2


@cache
def evaluators() -> tuple[Evaluate, Evaluate]:
    """The account's margin in columns, and through its framework."""
    case = made_up_case(LEGS)
    rules = rules_of(case.rulebooks["deribit"])
    held = margin_accounts(case.book, case.market, rules.rulebook, 0, case.as_of, case.quote)[0]
    return net_margin(rules, held), one_by_one(rules, held)


def shifts(count: int) -> Shifts:
    """``count`` markets around the present one."""
    return Shifts(("BTC",), np.linspace(0.7, 1.4, count), np.ones(count))


BENCHMARKS = [
    Benchmark(
        key="margin_along_vs_one_by_one",
        goal=10.0,
        ours=lambda: evaluators()[0](shifts(MANY)),
        theirs=lambda: evaluators()[1](shifts(FEW)),
        scale=MANY / FEW,
        what="standard margin of 250 options in 48 shifted markets, columns against one by one",
    ),
]
