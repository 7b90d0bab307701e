"""The compiled market's part of a step gives the bits of the plain one, slot by slot and all."""

from __future__ import annotations

import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from random_cases import Recipe, build
from test_market_slots_on import slots, with_slots

from seawall.cascade import market_kernel, market_step
from seawall.cascade.engine import prepare
from seawall.cascade.market_records import MarketRule, MarketState, market_rule, market_state
from seawall.cascade.state import PathWorlds, begin

Floats = NDArray[np.float64]
PATHS = 40


@numba.njit(error_model="numpy")
def compiled(rule: MarketRule, state: MarketState, exogenous: Floats, seen: Floats) -> None:
    for p in range(exogenous.shape[0]):
        market_kernel.move_market(rule, state, p, exogenous[p])
        for f in range(seen.shape[1]):
            seen[p, f] = market_kernel.venue_price(rule, state, p, f)


def recipe(**more: bool) -> Recipe:
    return Recipe(
        seed=11, linear=5, inverse=1, borrowers=1, writers=2, layers=("fund",), capital=1.0,
        deep=False, lag=False, rates=False, healthy=True, paths=PATHS, steps=60, **more,
    )  # fmt: skip


CASES = [(name, "") for name in ("", "book_walk", "concentrated_amm", "depth", "links", "all")]
CASES += [("", "square_root"), ("depth", "square_root"), ("links", "total"), ("all", "total")]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_same_bits(name: str, how: str) -> None:
    plain_case, exogenous = build(recipe(**({how: True} if how else {})))
    case = with_slots(plain_case, slots(name) if name else {})
    setup, rng = prepare(case), np.random.default_rng(12)
    depth = np.where(rng.random(PATHS) < 0.1, np.inf, np.exp(rng.normal(0.0, 0.5, PATHS)))
    worlds = PathWorlds(np.zeros(PATHS, dtype=np.int64), depth, np.zeros(PATHS, dtype=bool))
    plain, other = (begin(setup, exogenous[:, 0], worlds=worlds, steps=60) for _ in range(2))
    rule, fast = market_rule(setup), market_state(setup, other)
    seen = np.zeros((PATHS, setup.table.feed_asset.size))
    for step in range(1, 61):
        # Forced flow of any size between the steps, and venues that have moved by themselves.
        kick = np.where(np.isfinite(depth)[:, None], rng.normal(0.0, 0.02, plain.market.shape), 0.0)
        plain.temporary += kick
        fast.temporary[:] += kick
        if rule.has_links and plain.market_memory.links is not None:
            shock = np.exp(rng.normal(0.0, 0.02, seen.shape))
            shock = np.where(rule.links.linked & np.isfinite(depth)[:, None], shock, 1.0)
            plain.market_memory.links.root[:] *= shock
            fast.links.root[:] *= shock
        market_step.move_market(setup, plain, exogenous[:, step], step)
        compiled(rule, fast, np.ascontiguousarray(exogenous[:, step]), seen)
        for column in ("exogenous", "market", "temporary", "permanent", "restlessness"):
            assert np.array_equal(getattr(plain, column), getattr(fast, column)), column
        assert np.array_equal(market_step.venue_markets(setup, plain), seen)
    if plain.market_memory.links is not None:
        assert plain.market_memory.links.traded.sum() > 0
        for left, right in zip(plain.market_memory.links, fast.links, strict=True):
            assert np.array_equal(left, right)
    if plain.market_memory.depth is not None:
        assert np.array_equal(plain.market_memory.depth.share, fast.left.share)
        assert plain.market_memory.depth.share.min() < 1.0
