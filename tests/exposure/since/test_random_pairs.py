"""Drivers sum to the change exactly for any two Cases: pairs of random Cases."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from random_cases import Recipe, build, laws, recipes

from seawall.case import Case
from seawall.exposure.since import since_block


def restless(recipe: Recipe) -> Case:
    """A random Case at forty times its volatility, so that minutes move somebody."""
    case, _ = build(recipe)
    assets = {
        name: replace(state, volatility=40.0 * state.volatility)
        for name, state in case.market.assets.items()
    }
    return replace(case, market=replace(case.market, assets=assets))


def check_pair(before: Recipe, after: Recipe) -> None:
    """The sum over drivers is the change of DRE, for a desk's scope and the protocol."""
    pair = restless(before), restless(after)
    for scope in ("desk:harbour", "protocol"):
        asked = {"headline": scope, "paths": 12, "seed": 2, "horizon_seconds": 300.0}
        block = since_block(*pair, asked)
        whole = math.fsum(row["part"] for row in block["drivers"])
        change = block["dre_after"]["probability"] - block["dre_before"]["probability"]
        assert whole == pytest.approx(change, abs=1e-9)
        tail = math.fsum(row["tail"] for row in block["drivers"])
        largest = max(1.0, abs(block["tail_before"]), abs(block["tail_after"]))
        assert abs(tail - block["change"]["tail"]) < 1e-9 * largest


@laws
@given(before=recipes(healthy=True), after=recipes(healthy=True))
@pytest.mark.slow
def test_drivers_sum_for_any_two_cases(before: Recipe, after: Recipe) -> None:
    """Twenty pairs (SEAWALL_LAW_EXAMPLES: more)."""
    check_pair(before, after)


@pytest.mark.slow
def test_drivers_sum_for_one_pair() -> None:
    """Accounts come and go, positions, rates and rules differ."""
    first = Recipe(4, 4, 1, 1, 1, ("fund", "socialised"), 0.01, False, False, True, True)
    check_pair(first, replace(first, seed=9, linear=5, borrowers=2))
