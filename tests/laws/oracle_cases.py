"""Random Cases whose venues have oracle mechanisms and chains, for the laws."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from random_cases import Recipe, build, recipes
from tiny_cases import Floats

from seawall.case import Case
from seawall.venues import Feed

SOURCES: tuple[dict[str, object], ...] = (
    {"rule": "twap", "window_seconds": 180.0},
    {
        "rule": "median",
        "sources": [{"noise": 0.004, "lag_seconds": 60.0 * i} for i in range(4)],
        "failures_per_day": 200.0,
        "common_per_day": 200.0,
        "share": 0.6,
        "failure_seconds": 120.0,
        "reject": 0.05,
    },
    {
        "rule": "median",
        "sources": [{"noise": 0.01}, {}, {"lag_seconds": 60.0}],
        "common_per_day": 300.0,
        "share": 0.9,
        "failure_seconds": 60.0,
        "failure": "wrong",
        "error": -0.2,
    },
)
PULL: dict[str, object] = {
    "rule": "pull",
    "publish_delay_seconds": 60.0,
    "max_age_seconds": 120.0,
    "interval_seconds": 120.0,
    "outages_per_day": 200.0,
    "outage_seconds": 240.0,
}
COMMIT: dict[str, object] = {
    "rule": "commit_then_settle",
    "min_delay_seconds": 60.0,
    "max_delay_seconds": 240.0,
}
CAPS: tuple[dict[str, object], ...] = (
    {"per_update": 0.05, "per_hour": 3.0},
    {"growth_per_year": 500.0, "per_hour": 6.0},
)
AUCTION: dict[str, object] = {
    "window_blocks": 4,
    "block_seconds": 60.0,
    "bid_probability": 0.4,
    "trigger": 0.01,
}
CONFIDENCE: dict[str, object] = {"z": 2.0, "horizon_seconds": 60.0, "floor": 0.002}
CHAINS: tuple[dict[str, object], ...] = (
    {"block_seconds": 60.0},
    {"block_seconds": 90.0, "spacing": "random", "feeds": "included", "inclusion_blocks": 2},
    {
        "block_seconds": 30.0,
        "spacing": "random",
        "reorganisation_probability": 0.1,
        "reorganisation_depth": 3,
        "finality_blocks": 2,
        "censorship_probability": 0.3,
        "halts_per_day": 100.0,
        "halt_seconds": 180.0,
        "order": "random",
        "per_block": 1,
        "feeds": "included",
    },
    {"block_seconds": 60.0, "order": "profit", "per_block": 1},
)


@st.composite
def mechanisms(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    """Slots of one venue, any composition."""
    slots = {
        "oracle_source": draw(st.sampled_from([None, *SOURCES])),
        "oracle": draw(st.sampled_from([None, PULL, COMMIT])),
        "oracle_cap": draw(st.sampled_from([None, *CAPS])),
        "oracle_auction": draw(st.sampled_from([None, AUCTION])),
        "oracle_confidence": draw(st.sampled_from([None, CONFIDENCE])),
        "settlement": draw(st.sampled_from([None, *CHAINS])),
    }
    return {slot: rule for slot, rule in slots.items() if rule is not None}


@st.composite
def oracle_cases(draw: st.DrawFn, **fixed: object) -> tuple[Recipe, Case, Floats]:
    """A recipe and its Case, every venue with mechanisms of its own, and its paths."""
    recipe = draw(recipes(**fixed))
    case, exogenous = build(recipe)
    rulebooks = {}
    for name, rulebook in case.rulebooks.items():
        slots = draw(mechanisms())
        pulled = slots.get("oracle") is PULL
        feeds = {"feed": Feed(), "feeds": {}} if pulled else {}
        rulebooks[name] = replace(rulebook, mechanisms=slots, **feeds)
    return recipe, replace(case, rulebooks=rulebooks), exogenous
