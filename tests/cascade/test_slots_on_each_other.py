"""What one mechanism does to another, by hand: withdrawals that are stopped, margin that follows a
stated depth, bands that know puts from calls. Steps of 60 s, no impact unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed, Liquidation

PERP = perpetual("BTC-P", "BTC")
TERMS = Collateral(0.7, 0.8, 0.05)
# Everybody asks in the first step.
AT_ONCE = {"base": 1e6, "depositors": 4}
POOL = {"rule": "pool", "utilisation": 0.75, **AT_ONCE}
STALE = {"limit_seconds": 90.0}
# Sent when a price is 50% away: never, in these runs.
NEVER = Feed(deviation=0.5)
OUT = {"duration_seconds": 120.0, "at_seconds": 60.0}
ETH_PERP = perpetual("ETH-P", "ETH")


def taken(tape: Tape) -> list[tuple[int, float]]:
    """(step, quote) of what depositors were paid."""
    mine = tape.kind == EventKind.WITHDRAWN
    return list(zip(tape.step[mine].tolist(), tape.notional[mine].tolist(), strict=True))


def two_venues(
    lender: dict[str, Any], book: dict[str, Any], failures: dict[str, Any] | None = None
) -> Case:
    """A pool of 800 of which 600 are lent, and a venue whose vault of 1,000 has depositors too."""
    bank = lending_venue({"BTC": TERMS}, liquidation=Liquidation("keeper"))
    rules = {
        "bank": replace(bank, mechanisms={"run": POOL, **lender}),
        "perps": perpetuals_venue(
            ("backstop", "socialised"),
            backstop=1_000.0,
            mechanisms={"run": {"rule": "vault", **AT_ONCE}, **book},
            feeds={"ETH": NEVER},
        ),
    }
    traders = [
        Trader("bank", (), {"BTC": 10.0, "USD": -600.0}),
        Trader("perps", [Held("ETH-P", 1.0, 10.0)], {"USD": 50.0}),
    ]
    case = tiny_case(traders, [ETH_PERP], rules, {"BTC": coin(100.0), "ETH": coin(10.0)})
    slots = {"failures": failures} if failures else {}
    return replace(case, market=replace(case.market, mechanisms=slots))


def paid_by(case: Case, steps: int = 5) -> list[tuple[int, float]]:
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0] * (steps + 1)))
    return sorted(taken(tape))


def test_depositors_are_paid_at_once_where_nothing_stops_them() -> None:
    """The pool has 200 to hand out, the vault its 1,000."""
    assert paid_by(two_venues({}, {})) == [(1, pytest.approx(200.0)), (1, pytest.approx(1_000.0))]


@pytest.mark.parametrize(("out", "waits"), [("bank", 200.0), ("perps", 1_000.0)])
def test_a_venue_that_is_out_pays_nobody_until_it_is_back(out: str, waits: float) -> None:
    """From second 60 for 120: steps 1 and 2. Those of the other venue do not wait."""
    case = two_venues({}, {}, {"venue_outage": [{"venue": out, **OUT}]})
    first, second = paid_by(case)
    assert first == (1, pytest.approx(1_200.0 - waits))
    assert second == (3, pytest.approx(waits))


def test_a_stale_price_stops_withdrawals_at_its_own_venue_only() -> None:
    """ETH's price at the venue of perpetuals is too old from step 2 on; the vault's depositors are
    locked for 120 s and come at step 3. So do the bank's, when BTC falls: it looks at the age of
    its own prices, which are new.
    """
    run_on = {"rule": "pool", "utilisation": 0.75, "depositors": 4, "on_fall": 1e6}
    case = two_venues({"staleness": STALE, "run": run_on}, {})
    locked = {"rule": "vault", **AT_ONCE, "lock_seconds": 120.0}
    rules = case.rulebooks["perps"]
    for slots, vault in (({}, [(3, pytest.approx(1_000.0))]), ({"staleness": STALE}, [])):
        book = replace(rules, mechanisms={"run": locked, **slots})
        mine = replace(case, rulebooks={**case.rulebooks, "perps": book})
        _, tape, _ = run_case(mine, paths_of(mine, BTC=[100.0, 100.0, 100.0, 90.0, 90.0]))
        assert sorted(taken(tape)) == [(3, pytest.approx(200.0)), *vault]


def test_a_pool_with_a_stale_price_pays_nobody_though_others_are_fresh() -> None:
    """The bank's own ETH is old from step 2 on: depositors who ask by then are paid, others not."""
    late = {"rule": "pool", "utilisation": 0.75, "depositors": 4, "on_fall": 1e6}
    bank = lending_venue({"BTC": TERMS, "ETH": TERMS}, liquidation=Liquidation("keeper"))
    for feed, paid in ((Feed(), [(3, pytest.approx(200.0))]), (NEVER, [])):
        rules = replace(bank, feeds={"ETH": feed}, mechanisms={"run": late, "staleness": STALE})
        loan = Trader("bank", (), {"BTC": 10.0, "ETH": 1.0, "USD": -600.0})
        case = tiny_case([loan], [], {"bank": rules}, {"BTC": coin(100.0), "ETH": coin(10.0)})
        _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 100.0, 100.0, 90.0, 90.0]))
        assert taken(tape) == paid


def test_margin_on_depth_follows_a_depth_that_is_stated() -> None:
    """Half of the depth from second 60 to 180: twice the margin at steps 1 and 2, strength 1. The
    long has 15 at 95.5: above 9.55, below 19.1.
    """
    window = {"from_seconds": 60.0, "to_seconds": 180.0, "factor": 0.5}
    long = Trader("v", [Held("BTC-P", 10.0, 100.0)], {"USD": 60.0}, "long")
    rules = perpetuals_venue(
        fund=500.0, mechanisms={"dynamic_margin": {"rule": "depth_scaled", "cap": 10.0}}
    )
    case = tiny_case([long], [PERP], {"v": rules}, {"BTC": coin(100.0)})
    thin = replace(
        case.market, mechanisms={"depth_schedule": {"windows": [window]}}, scenario=Scenario()
    )
    for market, falls, closed in (
        (case.market, 1, []),
        (thin, 1, [1]),
        (thin, 2, [2]),
        (thin, 3, []),
    ):
        prices = [100.0] * falls + [95.5] * 3
        mine = replace(case, market=market)
        seen: list[float] = []
        _, tape, _ = run_case(
            mine,
            paths_of(mine, BTC=prices),
            observe=lambda _, state, seen=seen: seen.append(float(state.scale.factor.max())),
        )
        assert [step for _, step, _, _ in events(tape, EventKind.LIQUIDATION)] == closed
        twice = 2.0 if market is thin else 1.0
        assert seen[:3] == pytest.approx([twice, twice, 1.0])


# Sold at the market price, decays at once: what a forced sale does is gone at the next step.
PASSING = Scenario(label="exogenous", recovery_seconds=1.0, permanent_share=0.0)


def written(call: bool, btc: Sequence[float], size: float = -10.0) -> list[tuple[int, int, str]]:
    """A long that falls and sells into a depth of 10,000, and a writer of options beside it."""
    rules = perpetuals_venue(
        fund=1e4,
        option_margin=OPTION_MARGIN,
        mechanisms={"price_band": {"width": 0.05, "reference": "index"}},
    )
    side = 1.0 if btc[1] < btc[0] else -1.0
    traders = [
        Trader("v", [Held("BTC-P", side * 10.0, 100.0)], {"USD": 100.0}),
        Trader("v", [Held("C", size, 0.0)], {"USD": 150.0}),
    ]
    case = tiny_case(
        traders,
        [PERP, option("C", "BTC", 100.0, call, 30.0)],
        {"v": rules},
        {"BTC": coin(100.0, 1e4)},
        scenario=PASSING,
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=btc))
    wanted = (EventKind.LIQUIDATION, EventKind.BAND_HALT)
    return [(s, u, EventKind(k).name) for _, s, u, k in events(tape) if k in wanted]


def test_a_band_knows_that_puts_bought_back_press_the_price() -> None:
    """The long's 905 push the price from 90.5 to 82.7, below the band's 85.98. The writer of puts
    is in breach; buying them back would sell the coin, so it waits. A rise that leaves the band at
    the top holds back who would buy the coin: the writer of calls.
    """
    down, up = [100.0, 90.5], [100.0, 109.5]
    for call, prices in ((False, down), (True, up)):
        found = written(call, prices)
        assert (1, 0, "LIQUIDATION") in found
        assert (1, 1, "BAND_HALT") in found and (1, 1, "LIQUIDATION") not in found
