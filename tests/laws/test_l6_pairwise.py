"""L6 on a pairwise covering set: every two choices of any two slots meet in some Case.

The set is made by the greedy rule of Cohen and others (1997), "The AETG system": take a pair that
has not met yet, then let each further slot choose what meets most. Both engines run each Case, and
the compiled one also cut in two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from liquidation_choices import BOOK, LENDER
from oracle_cases import AUCTION, CAPS, CHAINS, COMMIT, CONFIDENCE, PULL, SOURCES
from random_cases import Recipe, build
from test_breakers_on import CAP, INTEREST, TRADING, VOLATILITY
from test_breakers_on import DEPTH as DEPTH_SCALED
from test_depth_schedule_on import SCHEDULE
from test_l6_compiled import COMPILED, assert_engines_agree
from test_l6_same_tape import CHUNKS, assert_same
from test_market_slots_on import DEPTH, IMPACT, links, with_slots
from tiny_cases import Floats

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.tape import select
from seawall.case import Case
from seawall.venues import Feed
from seawall.waterfall.adl_rules import ADL_RULES

POOL = {"pool": 1e4, "max_factor": 0.3, "min_factor": 0.1}
SHARED = ("equity_pro_rata", "funding_index", "cash_haircut")
# What each slot may be; None leaves it out. "book" and "lender" are sets of slots that go together.
FACTORS: Mapping[str, tuple[Any, ...]] = {
    **{slot: (None, rule) for slot, rule in {**TRADING, **CAP}.items()},
    "dynamic_margin": (None, VOLATILITY, DEPTH_SCALED, INTEREST),
    "oracle_source": (None, *SOURCES),
    "oracle": (None, PULL, COMMIT),
    "oracle_cap": (None, *CAPS),
    "oracle_auction": (None, AUCTION),
    "oracle_confidence": (None, CONFIDENCE),
    "settlement": (None, *CHAINS),
    "adl": (None, *({"rule": name} | (POOL if name == "pool_flag" else {}) for name in ADL_RULES)),
    "socialise": (None, *({"rule": name} for name in SHARED)),
    "fund": (None, {"target": 1e4, "cap": 1e2}),
    "book": (None, *BOOK.values()),
    "lender": (None, *LENDER.values()),
    "depositors": (None, {"rule": "depositor_haircut"}),
    "impact": (None, *IMPACT.values()),
    "depth": (None, DEPTH),
    "links": (None, links()),
    "depth_schedule": (None, SCHEDULE),
}
MARKET = ("impact", "depth", "links", "depth_schedule")
TRADED = (*TRADING, "oracle_source", "oracle", "oracle_cap", "oracle_confidence", "settlement")
Row = dict[str, int]


def covering(factors: Mapping[str, tuple[Any, ...]]) -> list[Row]:
    """Rows (the number of a choice by slot) in which every two choices of two slots meet."""
    slots = list(factors)
    order = {slot: n for n, slot in enumerate(slots)}
    open_pairs = {
        ((a, i), (b, j))
        for a, b in combinations(slots, 2)
        for i in range(len(factors[a]))
        for j in range(len(factors[b]))
    }
    rows: list[Row] = []
    while open_pairs:
        (a, i), (b, j) = min(open_pairs)
        row: Row = {a: i, b: j}
        for slot in slots:
            if slot not in row:
                row[slot] = max(
                    range(len(factors[slot])),
                    key=lambda n, slot=slot, row=row: len(met(row, slot, n, order) & open_pairs),
                )
        open_pairs -= {pair for slot in slots for pair in met(row, slot, row[slot], order)}
        rows.append({slot: row[slot] for slot in slots})
    return rows


def met(
    row: Row, slot: str, choice: int, order: Mapping[str, int]
) -> set[tuple[tuple[str, int], tuple[str, int]]]:
    """Pairs that a choice makes with the rest of a row; slots stand in this order."""
    pairs = set()
    for other, n in row.items():
        if other != slot:
            first, second = sorted((slot, other), key=order.__getitem__)
            of = {slot: choice, other: n}
            pairs.add(((first, of[first]), (second, of[second])))
    return pairs


ROWS = covering(FACTORS)


def small(seed: int) -> Recipe:
    """A few accounts of every kind, some of them near the end."""
    return Recipe(
        seed=seed,
        linear=4,
        inverse=1,
        borrowers=2,
        writers=1,
        layers=("backstop", "fund", "adl", "socialised"),
        capital=0.05,
        deep=False,
        lag=True,
        rates=True,
        healthy=False,
        paths=4,
        steps=8,
    )


def case_of(row: Row, recipe: Recipe) -> tuple[Case, Floats]:
    """A small random Case with the slots of a row."""
    case, exogenous = build(recipe)
    chosen = {slot: FACTORS[slot][n] for slot, n in row.items() if FACTORS[slot][n] is not None}
    book, lender = chosen.pop("book", {}), chosen.pop("lender", {})
    depositors = chosen.pop("depositors", None)
    market = {slot: chosen.pop(slot) for slot in MARKET if slot in chosen}
    traded = {slot: rule for slot, rule in chosen.items() if slot in TRADED}
    own = {
        "perps": {**chosen, **book},
        "lender": {**traded, **lender, **({"socialise": depositors} if depositors else {})},
        "options": {slot: rule for slot, rule in traded.items() if slot in TRADING},
    }
    rulebooks = {n: replace(rules, mechanisms=own[n]) for n, rules in case.rulebooks.items()}
    if chosen.get("oracle") is PULL:  # a venue pulls its prices or has them pushed
        rulebooks = {n: replace(rules, feed=Feed()) for n, rules in rulebooks.items()}
    case = replace(case, rulebooks=rulebooks)
    return (with_slots(case, market) if market else case), exogenous


def test_every_pair_meets() -> None:
    for (a, one), (b, other) in combinations(FACTORS.items(), 2):
        seen = {(row[a], row[b]) for row in ROWS}
        assert len(seen) == len(one) * len(other), f"{COMPILED}: not all of {a} x {b} meet"


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_both_engines_write_one_tape(number: int) -> None:
    case, exogenous = case_of(ROWS[number], small(100 + number))
    setup = prepare(case)
    assert_engines_agree(setup, exogenous)
    whole, _ = run_fast(setup, exogenous)
    first, _ = run_fast(setup, exogenous[:2])
    assert_same(select(whole, 0, 2), first, CHUNKS)
