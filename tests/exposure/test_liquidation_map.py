"""The liquidation map against brute force and closed forms; shocks against 1 / (1 - n)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure import check
from seawall.exposure.liquidation_map import SIDE, WIDTH, liquidation_map, moves, place
from seawall.exposure.shocked import SHOCKS, Shocked, run_shocks, shocks_of_page, turning
from seawall.margin.liquidation_price.closed_form import linear_liquidation_price
from seawall.margin.table.assess import requirement
from seawall.market import Scenario
from seawall.mechanism.fuzz.scaled import scaled
from seawall.venues import Collateral

few = settings(laws, max_examples=max(4, EXAMPLES // 4))
SPOT, RATE = 100.0, 0.01


def by_brute_force(setup: Setup, asset: int, unit: int, side: int) -> int:
    """The first price step in which the static requirement of one unit fails, one by one."""
    table = setup.table
    for step in range(SIDE + 1):
        price = setup.spot[table.feed_asset].copy()
        price[table.feed_asset == asset] *= 1.0 + side * WIDTH * step
        found = requirement(table, price)
        if found.equity[unit] < found.maintenance[unit]:
            return step
    return SIDE + 1


@few
@given(recipes(paths=1, healthy=False))
def test_every_account_stands_where_brute_force_puts_it(recipe: Recipe) -> None:
    """Linear, inverse, loans and option writers, some below their margin already."""
    setup = prepare(build(recipe)[0])
    for asset in range(len(setup.table.assets)):
        if asset == setup.quote:
            continue
        placed = place(setup, asset)
        for n, unit in enumerate(placed.unit):
            assert placed.down[n] == by_brute_force(setup, asset, int(unit), -1)
            assert placed.up[n] == by_brute_force(setup, asset, int(unit), 1)


def crowd(count: int, span: float, worth: float) -> list[Trader]:
    """Isolated longs of equal worth at the price at which each is liquidated, spread evenly in
    log-price over ``span`` below the spot.
    """
    out = []
    for n in range(count):
        price = SPOT * math.exp(-span * (n + 0.5) / count)
        size = worth / price
        # Equity M + size (p - spot) meets maintenance RATE size p at this price.
        margin = RATE * size * price + size * (SPOT - price)
        out.append(Trader("perps", [Held("X-PERP", size, SPOT, margin)]))
    return out


def crowded(depth: float, count: int = 240, span: float = 0.36, worth: float = 1_000.0) -> Case:
    """A market with permanent impact, in which those longs are all that can be liquidated."""
    traders = crowd(count, span, worth)
    traders.append(Trader("perps", [Held("X-PERP", -sum(t.positions[0].size for t in traders),
                                          SPOT)], {"USD": 1e9}))  # fmt: skip
    venue = perpetuals_venue(fund=1e9)
    scenario = Scenario(permanent_share=1.0)
    assets = {"X": coin(SPOT, depth=depth)}
    instruments = [perpetual("X-PERP", "X")]
    return tiny_case(traders, instruments, {"perps": venue}, assets, scenario=scenario)


def test_an_isolated_crowd_stands_at_its_liquidation_prices_in_closed_form() -> None:
    case = crowded(depth=1e12)
    setup = prepare(case)
    block = liquidation_map(setup, ("X",), None, "X")["assets"]["X"]
    wanted = np.zeros(2 * SIDE)
    for trader in crowd(240, 0.36, 1_000.0):
        held = trader.positions[0]
        price = linear_liquidation_price(
            size=held.size, entry=SPOT, margin=held.isolated_margin, rate=RATE, deduction=0.0,
            other_maintenance=0.0, other_profit=0.0,
        )  # fmt: skip
        step = math.ceil((1.0 - price / SPOT) / WIDTH - 1e-12)
        if step <= SIDE:
            wanted[SIDE - step] += held.size * SPOT
    assert block["crowd"] == pytest.approx(wanted.tolist(), rel=1e-12)
    assert block["desk"] == [0.0] * (2 * SIDE)
    assert block["held"] == pytest.approx(2 * sum(x * SPOT for x in _sizes()), rel=1e-12)
    assert block["shocks"] == []
    assert len(moves()) == 2 * SIDE + 1


def _sizes() -> list[float]:
    return [trader.positions[0].size for trader in crowd(240, 0.36, 1_000.0)]


def by_hand(depth: float, shock: float) -> tuple[float, float]:
    """Trough over the shock, and notional closed, by a recursion of three lines: who is below its
    price sells at the market, and the log-price falls by what is sold over the depth.
    """
    prices = np.array([SPOT * math.exp(-0.36 * (n + 0.5) / 240) for n in range(240)])
    sizes, left = 1_000.0 / prices, np.ones(240, dtype=bool)
    price, sold = SPOT * (1.0 + shock), 0.0
    while (fallen := left & (price < prices)).any():
        flow = float((sizes[fallen] * price).sum())
        left &= ~fallen
        sold, price = sold + flow, price * math.exp(-flow / depth)
    return (price / SPOT - 1.0) / shock, sold


@pytest.mark.parametrize("branching", [0.2, 0.5, 0.7])
def test_amplification_is_that_of_the_branching_ratio(branching: float) -> None:
    """Notional of 240,000 spread over 0.36 of log-price: n = density / depth; the fall in log-price
    is that of the shock over 1 - n.
    """
    depth = 240 * 1_000.0 / 0.36 / branching
    setup = prepare(crowded(depth))
    shocked = run_shocks(setup, [(setup.table.assets.index("X"), shock) for shock in (-0.05, -0.1)])
    for shock, ratio, closed in zip(shocked.shock, shocked.ratio, shocked.closed, strict=True):
        hand, sold = by_hand(depth, shock)
        # Inside the loop there is no exp: impact/linear.py stands for it to some 1e-5.
        assert ratio == pytest.approx(hand, rel=2e-5)
        assert closed.sum() == pytest.approx(sold, rel=2e-5)
        # The closed form takes each account's worth at its own price, not at the market's.
        form = (1.0 - math.exp(math.log1p(shock) / (1.0 - branching))) / -shock
        assert ratio == pytest.approx(form, rel=0.12 * branching)
        assert ratio < form


def test_without_impact_the_cascade_closes_what_the_map_says() -> None:
    """Zero feedback: what is closed at a shock is what the shock alone puts below margin."""
    setup = prepare(crowded(depth=math.inf))
    shocked = shocks_of_page(setup, ("X",), "X")
    block = liquidation_map(setup, ("X",), shocked, "X")["assets"]["X"]
    assert {s["shock"] for s in block["shocks"]} >= set(SHOCKS)
    for shock in block["shocks"]:
        assert shock["ratio"] == pytest.approx(1.0, abs=1e-12)
        closed = shock["into_market"] + shock["backstop"] + shock["deleveraged"]
        assert closed == pytest.approx(shock["below_margin"], rel=1e-9)
    falls = [s["below_margin"] for s in block["shocks"] if s["shock"] < 0.0]
    assert falls == sorted(falls, reverse=True)
    assert falls[-1] > 0.0


def test_an_inverse_contract_is_closed_at_the_notional_it_was_opened_with() -> None:
    """1,000 quote contracts trade 1,000 quote at any price; collateral in the coin falls too."""
    traders = [
        Trader("perps", [Held("X-INV", 1_000.0, SPOT)], {"X": 10.0 * share})
        for share in (0.04, 0.09, 0.14, 0.19)
    ]
    market = {"X": coin(SPOT)}
    venue = {"perps": perpetuals_venue(fund=1e6)}  # pays what is lost, so nobody else is closed
    setup = prepare(tiny_case(traders, [perpetual("X-INV", "X", inverse=True)], venue, market))
    block = liquidation_map(setup, ("X",), shocks_of_page(setup, ("X",), "X"), "X")["assets"]["X"]
    closed = {s["shock"]: s["into_market"] for s in block["shocks"]}
    assert closed[-0.05] == pytest.approx(1_000.0)
    assert closed[-0.30] == pytest.approx(4_000.0)
    assert {s["shock"]: s["below_margin"] for s in block["shocks"]} == pytest.approx(closed)


def test_total_paths_have_no_shocks() -> None:
    case = crowded(depth=1e6)
    scenario = replace(case.market.scenario, label="total")
    setup = prepare(replace(case, market=replace(case.market, scenario=scenario)))
    assert shocks_of_page(setup, ("X",), "X") is None
    assert shocks_of_page(setup, (), "") is None


def shocked_by_hand(rows: list[tuple[float, float, tuple[float, float, float]]]) -> Shocked:
    moved, ratio, closed = zip(*rows, strict=True)
    return Shocked(np.zeros(len(rows), dtype=np.int64), np.array(moved), np.array(ratio),
                   np.array(closed))  # fmt: skip


def test_why_amplification_falls_as_shocks_deepen() -> None:
    first = (-0.1, 1.4, (100.0, 0.0, 0.0))
    # Per point of shock the market takes 1,000 at -10%: then less, the same, or more.
    for closed, why in (
        ((100.0, 0.0, 150.0), "deleveraged"),
        ((100.0, 150.0, 20.0), "backstop"),
        ((100.0, 0.0, 0.0), "exhausted"),
        ((250.0, 0.0, 0.0), "impact"),
    ):
        found = turning(shocked_by_hand([first, (-0.2, 1.2, closed)]), 0, -1)
        assert found == (-0.1, -0.2, why)
    assert turning(shocked_by_hand([first, (-0.2, 1.5, (300.0, 0.0, 0.0))]), 0, -1) is None
    assert turning(shocked_by_hand([first]), 0, 1) is None
    flat = (-0.2, 1.396, (300.0, 0.0, 0.0))
    assert turning(shocked_by_hand([first, flat]), 0, -1) is None
    # A flat top hides no fall behind it.
    found = turning(shocked_by_hand([first, flat, (-0.3, 1.1, (0.0, 0.0, 0.0))]), 0, -1)
    assert found == (-0.1, -0.3, "exhausted")


def test_the_interval_over_draws_is_students() -> None:
    rows = [(-0.1, ratio, (10.0, 0.0, 0.0)) for ratio in (1.1, 1.2, 1.3, 1.4, 1.5)]
    answer = shocked_by_hand(rows).at(0, -0.1)
    # Deviation sqrt(0.025) over sqrt(5), times 2.776445: 0.0707107 x 2.776445 = 0.196325.
    assert (answer.ratio, answer.draws) == (pytest.approx(1.3), 5)
    assert answer.low == pytest.approx(1.3 - 0.196325, abs=1e-5)
    assert answer.high == pytest.approx(1.3 + 0.196325, abs=1e-5)
    assert shocked_by_hand(rows[:1]).at(0, -0.1).low is None


def test_a_lending_market_alone_has_a_map_and_shocks() -> None:
    """Ten loans of 600 to 780 against 10 ETH of 100 each, threshold 85%: each is below its margin
    once 0.85 x 10 x price is below the debt, at 70.6 to 91.8.
    """
    debts = [600.0 + 20.0 * n for n in range(10)]
    loans = [Trader("lender", [], {"ETH": 10.0, "USD": -debt}) for debt in debts]
    venue = lending_venue({"ETH": Collateral(0.8, 0.85, 0.05)})
    assets = {"ETH": coin(100.0, depth=2e4)}
    case = tiny_case(loans, [], {"lender": venue}, assets, step_seconds=3_600.0)
    result = check(case, paths=2, horizon_seconds=14_400.0)
    block = result["liquidation_map"]
    assert block["focus"] == "ETH"
    wanted = [0.0] * (2 * SIDE)
    for debt in debts:
        wanted[SIDE - math.ceil((1.0 - debt / 850.0) / WIDTH - 1e-12)] += 1_000.0
    assert block["assets"]["ETH"]["crowd"] == wanted
    first = next(s for s in block["assets"]["ETH"]["shocks"] if s["shock"] == -0.1)
    # At 90 the one that owes 780 has fallen: 10 ETH at 90.
    assert first["below_margin"] == pytest.approx(900.0)
    assert first["into_market"] > 0.0
    assert first["ratio"] > 1.0
    assert list(result["system"]["amplification"]) == ["ETH"]


@pytest.mark.parametrize("c", [0.25, 1_024.0])
def test_l7_all_money_scaled_together_leaves_moves_and_ratios(c: float) -> None:
    case = crowded(depth=1e6)
    one, other = (prepare(each) for each in (case, scaled(case, c)))
    blocks = [
        liquidation_map(s, ("X",), shocks_of_page(s, ("X",), "X"), "X")["assets"]["X"]
        for s in (one, other)
    ]
    for key in ("crowd", "desk"):
        assert [c * v for v in blocks[0][key]] == blocks[1][key]
    assert blocks[0]["turning"] == blocks[1]["turning"]
    for left, right in zip(blocks[0]["shocks"], blocks[1]["shocks"], strict=True):
        assert left["ratio"] == right["ratio"]
        for key in ("below_margin", "into_market", "backstop", "deleveraged"):
            assert c * left[key] == right[key]
