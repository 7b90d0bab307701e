"""Linked venues: orders and arbitrage on a pool's reserves, by hand; compiled equals plain."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.impact import links_kernel
from seawall.impact.links import (
    LinkedVenue,
    LinkMemory,
    LinkRule,
    Links,
    arbitrage_step,
    begin_links,
    compile_links,
    stand_still,
    traded_root,
)

Floats = NDArray[np.float64]


def one_feed(**more: object) -> LinkRule:
    """One venue with half the depth of an asset of depth 1000, one second a step."""
    given = {"share": 0.5, "half_spread": 0.21, "capital_per_second": 100.0, **more}
    venue = LinkedVenue(**given)  # type: ignore[arg-type]
    zero = np.zeros(1, dtype=np.int64)
    return compile_links(Links({"v": venue}), ("v",), zero, zero, np.array([1_000.0]), 1.0)


def act(rule: LinkRule, memory: LinkMemory) -> float:
    flow = np.zeros((1, 1))
    arbitrage_step(rule, memory, np.ones(1), np.ones((1, 1)), flow)
    return float(flow[0, 0])


def test_arbitrage_worked_by_hand() -> None:
    rule, memory = one_feed(), begin_links(1, 1)
    # Half the venue's quote reserve is 500: 100 quote move the root of the price by 0.1. Edge: 1.1.
    memory.root[0, 0] = 0.7
    flow = act(rule, memory)
    # 100 quote bought 1000 x (1/0.7 - 1/0.8) = 178.571 units, sold at 1 in a market 1000 deep.
    assert memory.root[0, 0] == pytest.approx(0.8)
    assert flow == pytest.approx(-0.178571, abs=1e-6)
    # They pay 1.21 of the common price for what they sell: 178.571 / 1.21 - 100.
    assert memory.profit[0, 0] == pytest.approx(47.5797, abs=1e-4)
    act(rule, memory)
    assert memory.root[0, 0] == pytest.approx(0.9)
    act(rule, memory)
    # Inside the band from here on: 0.9 < 1/1.1 was the last trade, to the edge exactly.
    assert memory.root[0, 0] == rule.low[0]
    assert act(rule, memory) == 0.0
    assert memory.traded[0, 0] == 3


def test_the_other_side_worked_by_hand() -> None:
    rule, memory = one_feed(capital_per_second=1e9), begin_links(1, 1)
    memory.root[0, 0] = 1.25
    # Down to 1.1: 150 quote received for 1000 x (1/1.1 - 1/1.25) = 109.09 units bought at 1.21.
    assert act(rule, memory) == pytest.approx(0.1090909)
    assert memory.root[0, 0] == pytest.approx(1.1)
    assert memory.profit[0, 0] == pytest.approx(150.0 - 1.21 * 109.0909, abs=1e-3)


def test_forced_orders_worked_by_hand() -> None:
    # A pool of 1000 quote and 1000 units. Selling 250 units: 1250 units, price (1000/1250)^2.
    root = float(traded_root(np.ones(1), np.array([-0.5]))[0])
    assert root == pytest.approx(0.8)
    # The next 250 units are worth 0.64 of that: flow -0.32; 1500 units left, root 2/3.
    root = float(traded_root(np.array([root]), np.array([-0.32]))[0])
    assert root == pytest.approx(2 / 3)
    # Paying 333.33 quote in brings the quote reserve from 666.67 back to 1000.
    assert float(traded_root(np.array([root]), np.array([2 / 3]))[0]) == pytest.approx(1.0)


@given(st.floats(0.1, 5.0), st.floats(0.001, 3.0), st.floats(0.0, 1.0))
def test_split_sales_move_the_price_as_one(root: float, units: float, share: float) -> None:
    """``units`` over the venue's depth at the common price: an order's flow is at its own price."""
    start = np.array([root])
    once = traded_root(start, -units * start * start)
    first = traded_root(start, -units * share * start * start)
    twice = traded_root(first, -units * (1.0 - share) * first * first)
    assert float(once[0]) == pytest.approx(float(twice[0]), rel=1e-12)
    assert 1.0 / float(once[0]) == pytest.approx(1.0 / root + 0.5 * units, rel=1e-12)


def test_halted_venues_keep_their_price() -> None:
    rule, memory = one_feed(), begin_links(1, 1)
    memory.root[0, 0], memory.halted[0, 0] = 0.5, True
    assert act(rule, memory) == 0.0
    assert memory.root[0, 0] == 0.5 and memory.profit[0, 0] == 0.0


def test_pools_stand_and_makers_follow() -> None:
    path, factor = np.array([0]), np.array([[0.9]])
    for quotes, root in (("stand", 1.0 / 0.9), ("follow", 1.0)):
        rule, memory = one_feed(quotes=quotes), begin_links(1, 1)
        stand_still(rule, memory, path, factor)
        # The common price is down by 19%; the pool's own price is what it was.
        assert memory.root[0, 0] == root


def test_unknown_venues_are_refused() -> None:
    zero = np.zeros(1, dtype=np.int64)
    links = Links({"vv": LinkedVenue(0.5, 0.0, 1.0)})
    with pytest.raises(InputError, match="names 'vv'"):
        compile_links(links, ("v",), zero, zero, np.array([1.0]), 1.0)


@numba.njit(error_model="numpy")
def compiled(
    rule: LinkRule, memory: LinkMemory, depth: Floats, share: Floats, moved: Floats, flow: Floats
) -> None:
    for p in range(depth.size):
        if np.isfinite(depth[p]):
            links_kernel.stand_still(rule, memory, p, moved[p])
        links_kernel.arbitrage_step(rule, memory, p, depth[p], share, flow[p])


@numba.njit(error_model="numpy")
def compiled_orders(root: Floats, flow: Floats) -> Floats:
    out = np.empty_like(root)
    for n in range(root.size):
        out[n] = links_kernel.traded_root(root[n], flow[n])
    return out


def test_compiled_is_plain() -> None:
    rng = np.random.default_rng(4)
    links = Links({
        "a": LinkedVenue(0.3, 0.001, 3.0),
        "b": LinkedVenue(0.1, 0.0, 1e9, "stand"),
        "c": LinkedVenue(1.0, 0.02, 0.0, "stand"),
    })  # fmt: skip
    venue, asset = np.divmod(np.arange(12), 3)
    depth = np.array([np.inf, 1e4, 1e6])
    rule = compile_links(links, ("a", "b", "c", "d"), venue, asset, depth, 12.0)
    plain, fast = begin_links(50, 12), begin_links(50, 12)
    factor = np.where(rng.random(50) < 0.2, np.inf, np.exp(rng.normal(0.0, 0.5, 50)))
    one, other = np.zeros((50, 3)), np.zeros((50, 3))
    finite = np.flatnonzero(np.isfinite(factor))
    for _ in range(30):
        shock = np.exp(rng.normal(0.0, 0.05, (50, 12))) * np.isfinite(factor)[:, None]
        halted = rng.random((50, 12)) < 0.2
        for memory in (plain, fast):
            memory.root[:] *= np.where(shock > 0, np.where(rule.linked, shock, 1.0), 1.0)
            memory.halted[:] = halted
        moved, share = np.exp(rng.normal(0.0, 0.02, (50, 3))), rng.uniform(0.02, 1.0, (50, 3))
        stand_still(rule, plain, finite, moved[finite])
        arbitrage_step(rule, plain, factor, share, one)
        compiled(rule, fast, factor, share, moved, other)
        assert np.array_equal(one, other)
        for left, right in zip(plain, fast, strict=True):
            assert np.array_equal(left, right)
    assert plain.traded.sum() > 500 and np.all(plain.profit >= 0.0)
    assert np.all(plain.root[:, ~rule.linked] == 1.0)
    root, flow = plain.root.ravel(), rng.normal(0.0, 1.0, 600)
    assert np.array_equal(compiled_orders(root, flow), traded_root(root, flow))
