"""A failure that never comes changes nobody's random numbers, whatever accounts it brings along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_cases import Recipe, build
from test_behaviour_on import behaving
from test_failures_on import failures
from tiny_cases import run_case

from seawall.cascade.failures import with_failures
from seawall.case import Case

WHEN = ("rate_per_year", "shock", "shock_probability", "at_seconds")


def never(case: Case) -> dict[str, list[dict[str, Any]]]:
    """All kinds of failures, long after the end of any run."""
    tables = failures("all", case)
    return {
        kind: [
            {**{k: v for k, v in one.items() if k not in WHEN}, "at_seconds": 1e9} for one in listed
        ]
        for kind, listed in tables.items()
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_owners_stops_and_depositors_do_the_same(seed: int) -> None:
    recipe = Recipe(
        seed=seed,
        linear=5,
        inverse=1,
        borrowers=3,
        writers=1,
        layers=("backstop", "fund", "adl", "socialised"),
        capital=0.1,
        deep=False,
        lag=True,
        rates=True,
        healthy=False,
    )
    plain, exogenous = build(recipe)
    case = behaving(plain, "all")
    one_setup, one, _ = run_case(case, exogenous)
    other_setup, other, _ = run_case(with_failures(case, never(case)), exogenous)
    assert other_setup.table.units.account.size > one_setup.table.units.account.size
    assert one.kind.size > 50
    for name in ("kind", "step", "path", "notional", "fund", "socialised", "desk_equity"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
