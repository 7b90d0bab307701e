"""The market's slots inside the loop: impact laws, depth and linked venues, worked by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import (
    Floats,
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.venues import Collateral

FOREVER = 1e15


def with_slots(case: Case, **slots: Any) -> Case:
    return replace(case, market=replace(case.market, mechanisms=slots))


def long_case(*traders: Trader, depth: float = 10_000.0, **scenario: Any) -> Case:
    """Longs of BTC at venues a and b; nothing recovers by itself."""
    venues = {name: perpetuals_venue(("fund",), fund=1e6) for name in ("a", "b")}
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        venues,
        {"BTC": coin(100.0, depth)},
        scenario=Scenario(recovery_seconds=FOREVER, **scenario),
    )


def btc(tape_or_state: Tape | State) -> float:
    prices = tape_or_state.final if isinstance(tape_or_state, Tape) else tape_or_state.market
    return float(prices[0, 1])


def long(venue: str, size: float, margin: float) -> Trader:
    return Trader(venue, [Held("BTC-PERP", size, 100.0, margin)])


def fall(case: Case) -> Floats:
    return paths_of(case, BTC=[100.0, 90.0, 90.0, 90.0])


# Sold at 90: ten coins, 900 quote, 0.09 of a depth of 10,000.
ONE_SALE = {
    # r = 1 / 1.045, price 90 r^2, orders pay 90 r less 1%.
    "amm": ({"fee": 0.01}, 90.0 / 1.045**2, 90.0 / 1.045 * 0.99),
    # 0.05 at 90, then 0.04 of the level 2% lower, which still stands: (0.05 + 0.0392) / 0.09.
    "book_walk": (
        {
            "bids": [{"distance": 0.0, "size": 0.05}, {"distance": 0.02, "size": 1.0}],
            "half_spread": 0.001,
        },
        90.0 * 0.98,
        90.0 * 0.0892 / 0.09 * 0.999,
    ),
    # The range ends at a flow of 2 (sqrt(1.0404) - 1) = 0.04, where the root is 1.02; the other
    # 0.05 at a quarter of the liquidity add 0.1: root 1.12.
    "concentrated_amm": (
        {"range": 0.0404, "outside": 0.25},
        90.0 / 1.12**2,
        90.0 * (0.04 / 1.02 + 0.05 / (1.02 * 1.12)) / 0.09,
    ),
}


@pytest.mark.parametrize("rule", ONE_SALE)
def test_one_forced_sale_under_each_law(rule: str) -> None:
    parameters, price, paid = ONE_SALE[rule]
    case = with_slots(long_case(long("a", 10.0, 100.0)), impact={"rule": rule, **parameters})
    _, tape, _ = run_case(case, fall(case))
    assert btc(tape) == pytest.approx(price)
    # Margin 100 and a loss of 10 x (100 - paid): what is missing comes from the fund.
    missing = 10.0 * (100.0 - paid) - 100.0
    assert float(tape.fund.sum()) == pytest.approx(missing)


def test_a_scenario_and_a_slot_cannot_both_name_the_law() -> None:
    case = with_slots(long_case(impact="square_root"), impact={"rule": "amm"})
    with pytest.raises(InputError, match=r"scenario\.impact"):
        prepare(case)
    slot = {"thinning": 1.0, "refill_seconds": 60.0}
    with pytest.raises(InputError, match=r"scenario\.thinning"):
        prepare(with_slots(long_case(thinning=1.0), depth=slot))


def test_depth_that_has_left_makes_the_same_sale_move_more() -> None:
    """The sale of 0.09 of depth at a fifth of it is one of 0.45; nothing comes back in this run."""
    case = long_case(long("a", 10.0, 100.0))
    _, plain, _ = run_case(case, fall(case))
    slot = {"thinning": 1e3, "refill_seconds": 1e9, "floor": 0.2}
    thin = with_slots(case, depth=slot)
    _, tape, state = run_case(thin, fall(thin))
    assert btc(plain) == pytest.approx(90.0 * np.exp(-0.09), rel=1e-6)
    assert btc(tape) == pytest.approx(90.0 * np.exp(-0.45), rel=1e-3)
    depth = state.market_memory.depth
    assert depth is not None and depth.share[0] == pytest.approx([1.0, 0.2], abs=1e-6)


def linked(capital: float, half_spread: float = 0.0, **traders: Trader) -> Case:
    """Venue a has a tenth of the depth for itself; b trades in the common market."""
    case = long_case(*traders.values())
    venue = {"share": 0.1, "half_spread": half_spread, "capital_per_second": capital}
    return with_slots(case, links={"venues": {"a": venue}})


# Down to 90 the first long is below maintenance: 2 coins, 180 quote, 0.18 of a's depth of 1,000.
SOLD = 1.0 / 1.09
# The market after the same order has reached all of it: 0.018 of 10,000, by arbitrage of
# 2 x 0.1 x (1.09 - 1) = 0.018.
SPREAD = 90.0 * np.exp(-0.018)


def run_linked(capital: float, half_spread: float = 0.0) -> tuple[Setup, Tape, State]:
    """A long at a that falls; a second at a that 90 leaves alone; one at b that 88.5 sinks."""
    case = linked(
        capital,
        half_spread,
        first=long("a", 2.0, 20.0),
        second=long("a", 1.0, 20.0),
        other=long("b", 1.0, 12.4),
    )
    return run_case(case, fall(case))


def test_a_local_cascade_stays_local_where_nobody_can_carry_it() -> None:
    _, tape, state = run_linked(0.0)
    # The second long at a: 90 x 0.8417 = 75.75 there, equity 20 - 24.25: sunk by the first.
    assert [row[1:3] for row in events(tape, EventKind.LIQUIDATION)] == [(1, 0), (1, 1)]
    assert btc(tape) == 90.0 and float(tape.trough[0, 1]) == 90.0
    links = state.market_memory.links
    assert links is not None
    # Units add up whatever the order: 3 coins of 90 are 0.27 of the venue's depth.
    assert float(links.root[0].min()) == pytest.approx(1.0 / (1.0 + 0.135))
    # The first pays its own mean price, 90 x root; margins 20 each, two deficits.
    paid = 2.0 * 90.0 * SOLD + 90.0 * SOLD / (1.0 + 0.135)
    assert float(tape.fund.sum()) == pytest.approx(300.0 - paid - 40.0)


def test_it_spreads_where_arbitrageurs_have_capital() -> None:
    _, tape, state = run_linked(1e9)
    # A step later three coins have been carried over: 0.027 of depth, and b's long is sunk at 87.6.
    found = [row[1:3] for row in events(tape, EventKind.LIQUIDATION)]
    assert found == [(1, 0), (1, 1), (2, 2)]
    links = state.market_memory.links
    assert links is not None and np.allclose(links.root, 1.0)
    # b's own sale of one coin at 87.6 is another 0.00876.
    carried = 90.0 * np.exp(-0.027)
    assert btc(tape) == pytest.approx(carried * np.exp(-carried / 10_000.0), rel=1e-6)
    assert float(links.profit.sum()) > 0.0


def test_no_links_is_the_same_market_for_all_at_once() -> None:
    case = long_case(long("a", 2.0, 20.0), long("a", 1.0, 20.0), long("b", 1.0, 12.4))
    _, tape, _ = run_case(case, fall(case))
    # 0.018 of depth: 88.39. b's long needs 12.4 + p - 100 >= 0.01 p, p >= 88.48: it falls at once.
    assert [row[1:3] for row in events(tape, EventKind.LIQUIDATION)] == [(1, 0), (1, 2)]
    assert pytest.approx(88.39, abs=0.01) == SPREAD


def test_a_band_keeps_part_of_the_gap() -> None:
    """Costs of 12% a side: roots below 1 / sqrt(1.12) are traded up to there, and no further."""
    _, tape, state = run_linked(1e9, half_spread=0.12)
    links = state.market_memory.links
    assert links is not None
    assert float(links.root.min()) == pytest.approx(1.0 / np.sqrt(1.12))
    # Less than the 0.0171 of depth that would sink b's long.
    carried = 0.2 * (1.135 - np.sqrt(1.12))
    assert btc(tape) == pytest.approx(90.0 * np.exp(-carried), rel=1e-6)
    assert [row[1:3] for row in events(tape, EventKind.LIQUIDATION)] == [(1, 0), (1, 1)]


def test_infinite_depth_has_one_price() -> None:
    case = linked(0.0, first=long("a", 2.0, 20.0))
    deep = replace(case.market, assets={**case.market.assets, "BTC": coin(100.0)})
    case = replace(case, market=deep)
    _, tape, state = run_case(case, fall(case))
    assert btc(tape) == 90.0
    assert np.all(state.market_memory.links.root == 1.0)  # type: ignore[union-attr]


def test_no_block_no_arbitrage() -> None:
    """The chain of venue a is halted after its first block: the gap stays for all the run."""
    case = linked(1e9, first=long("a", 2.0, 20.0))
    settlement = {"block_seconds": 60.0, "halt_at_seconds": 0.0, "halt_seconds": 600.0}
    rules = replace(case.rulebooks["a"], mechanisms={"settlement": settlement})
    with_chain = replace(case, rulebooks={**case.rulebooks, "a": rules})
    setup = prepare(with_chain)
    assert setup.oracles is not None
    _, _, state = run_case(with_chain, fall(with_chain))
    links = state.market_memory.links
    assert links is not None and bool(links.halted.any())
    assert float(links.profit.sum()) == 0.0


def test_links_of_lenders_and_strangers_are_refused() -> None:
    case = linked(0.0, first=long("a", 2.0, 20.0), lent=Trader("l", [], {"BTC": 1.0, "USD": -1.0}))
    lender = lending_venue({"BTC": Collateral(0.7, 0.8, 0.05)})
    case = replace(case, rulebooks={**case.rulebooks, "l": lender})
    prepare(case)
    venue = {"share": 0.1, "half_spread": 0.0, "capital_per_second": 0.0}
    with pytest.raises(InputError, match="keepers sell elsewhere"):
        prepare(with_slots(case, links={"venues": {"l": venue}}))
    with pytest.raises(InputError, match="names 'c'"):
        prepare(with_slots(case, links={"venues": {"c": venue}}))
    with pytest.raises(InputError, match="shares"):
        prepare(with_slots(case, links={"venues": {"a": {"shares": 0.1}}}))
