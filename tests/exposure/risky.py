"""A sample Case that breaks often, so that small runs have something to say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from seawall.cascade.engine import prepare
from seawall.case import Case, Limit
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.exposure.runs import plan, run_plan

DESK = "desk:harbour"
DAY = 86_400.0


@cache
def risky_case(factor: float = 2.0, crowd: int = 200) -> Case:
    """The sample with every volatility multiplied and no limits but one on the desk's DRE."""
    case = sample_case(crowd=crowd)
    assets = {
        name: replace(state, volatility=factor * state.volatility)
        for name, state in case.market.assets.items()
    }
    limit = Limit("DRE 24 h", "dre", DESK, 0.05, DAY)
    return replace(case, market=replace(case.market, assets=assets), limits=(limit,))


@cache
def risky_result(factor: float = 2.0, paths: int = 120) -> dict[str, Any]:
    """Its answer over a day."""
    return check(risky_case(factor), horizon_seconds=DAY, paths=paths, seed=4)


@cache
def risky_found() -> dict[str, Any]:
    """The impairments behind that answer."""
    setup = prepare(risky_case())
    chosen = plan([], 120, round(DAY / setup.step_seconds), 4)
    return run_plan(setup, chosen)[0].found


@cache
def limited(share: float) -> tuple[Case, dict[str, Any]]:
    """A Case whose limit is this share of its DRE, so that it is breached, and its answer."""
    dre = risky_result(1.3)["dre"]["scopes"][DESK]["probability"][-1]
    case = replace(risky_case(1.3), limits=(Limit("DRE 24 h", "dre", DESK, share * dre, DAY),))
    return case, check(case, horizon_seconds=DAY, paths=120, seed=4)
