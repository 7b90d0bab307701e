"""Explain names the cause: hand-built Cases of one known cause each, with hand-worked dollars.

The desk "us" is long one coin at 100 unless told; "loss" is what it lost at the last step. Every
Case is run with the causes it has; the one that was built in must lead, with all of the dollars
stated, and all parts must sum to the loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.failures import with_failures
from seawall.cascade.reference import run
from seawall.case import Case
from seawall.exposure.explain.answer import cause_rows, leading
from seawall.exposure.explain.attribute import Attribution, attribute
from seawall.exposure.explain.causes import responses_of
from seawall.exposure.explain.losses import payers_of
from seawall.exposure.explain.path import came_on
from seawall.exposure.explain.rerun import PathOf, Reruns
from seawall.exposure.explain.story import story
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact.linear import average, displacement
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed, Liquidation, Tier

US = "desk:us"
TOTAL = Scenario(label="total")
LONG = (Held("BTC-PERP", 1.0, 100.0),)


def explained(
    case: Case, scope: str = US, calm: dict[str, Sequence[float]] | None = None, **prices: Any
) -> tuple[Attribution, dict[str, float], str | None]:
    """The attribution of one path of these prices, its parts by cause, and the leading cause."""
    setup = prepare(case)
    path = paths_of(case, **prices)[0]
    still = None if calm is None else paths_of(case, **calm)[0]
    came = came_on(setup, PathOf(0, 1, path, still))
    responses, _ = responses_of(setup)
    reruns = Reruns(setup, scope, path.shape[0] - 1)
    split = attribute(reruns, came.path, (*came.causes, *responses))
    rows = cause_rows(split, payers_of(scope))
    parts = {row["cause"]: row["loss"] for row in rows}
    assert math.fsum([split.standing[0], *parts.values()]) == pytest.approx(
        split.total[0], rel=1e-9, abs=1e-9
    )
    return split, parts, leading(rows)


def one_long(cash: float, *, rate: float = 0.01, scenario: Scenario = TOTAL, **more: Any) -> Case:
    """Us, long one coin."""
    depth = more.pop("depth", 1e15)
    return tiny_case(
        [Trader("v", LONG, {"USD": cash}, owner="us"), *more.pop("others", ())],
        [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")],
        {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, rate),), **more)},
        {"BTC": coin(100.0, depth=depth), "ETH": coin(100.0)},
        scenario=scenario,
    )


def test_the_price_of_one_asset() -> None:
    """BTC falls by 10, ETH, which we do not hold, by 20: all 10 are BTC's and ETH's part is 0."""
    split, parts, lead = explained(one_long(50.0), BTC=[100, 95, 90], ETH=[100, 90, 80])
    assert lead == "price:BTC"
    assert split.total[0] == pytest.approx(10.0, rel=1e-12)
    assert parts["price:BTC"] == pytest.approx(10.0, rel=1e-12)
    assert parts["price:ETH"] == 0.0


def test_a_jump() -> None:
    """100 to 99 calmly, and a jump of -10%: 89.1. Price alone 1, jump alone 10, both 10.9.

    Shapley: price (1 + 0.9) / 2, jump (10 + 9.9) / 2.
    """
    split, parts, lead = explained(one_long(50.0), calm={"BTC": [100, 99]}, BTC=[100, 89.1])
    assert lead == "jumps"
    assert parts["price:BTC"] == pytest.approx(0.95, rel=1e-9)
    assert parts["jumps"] == pytest.approx(9.95, rel=1e-9)
    assert split.alone[:2] == pytest.approx([1.0, 10.0], rel=1e-9)


def test_an_oracle_that_is_stuck() -> None:
    """Closed below 60 / 0.65 = 92.3. A fresh oracle closes at 90, a loss of 10; ours speaks again
    at the third step only and closes at 70, a loss of 30. Price 10, latency 20.
    """
    feed = Feed(deviation=0.0, heartbeat_seconds=180.0)
    case = one_long(40.0, rate=0.35, feed=feed, margin_price=PriceKind.ORACLE)
    split, parts, lead = explained(case, BTC=[100, 90, 80, 70, 95])
    assert lead == "latency"
    assert split.total[0] == pytest.approx(30.0, rel=1e-12)
    assert parts["price:BTC"] == pytest.approx(10.0, rel=1e-12)
    assert parts["latency"] == pytest.approx(20.0, rel=1e-12)


def test_depth_that_is_gone() -> None:
    """Closed below 100, at 95, in a market with depth 200 (label total: no trace): the order pays
    the mean price 95 average(0, -0.475), which is all that depth costs; the fall itself costs 5.
    """
    split, parts, lead = explained(one_long(60.0, rate=0.6, depth=200.0), BTC=[100, 95, 95])
    paid = 95.0 * float(average(0.0, -0.475))
    assert lead == "exit_cost"
    assert parts["price:BTC"] == pytest.approx(5.0, rel=1e-12)
    assert parts["exit_cost"] == pytest.approx(95.0 - paid, rel=1e-9)
    assert split.total[0] == pytest.approx(100.0 - paid, rel=1e-9)


def test_another_account_s_liquidation_reaches_ours() -> None:
    """At 97 another account sells 1,000 coins into a depth of 200,000: the price goes on to
    97 D(-0.485) and stays there. Of our loss 3 is the price, all the rest the crowd.
    """
    other = Trader("v", (Held("BTC-PERP", 1_000.0, 100.0),), {"USD": 3_500.0})
    scenario = Scenario(label="exogenous", permanent_share=1.0)
    case = one_long(60.0, others=(other,), depth=200_000.0, scenario=scenario)
    split, parts, lead = explained(case, BTC=[100, 97, 97])
    after = 97.0 * float(displacement(-0.485))
    assert lead == "crowd"
    assert split.total[0] == pytest.approx(100.0 - after, rel=1e-9)
    assert parts["price:BTC"] == pytest.approx(3.0, rel=1e-9)
    assert parts["crowd"] == pytest.approx(97.0 - after, rel=1e-9)


def test_a_venue_fails() -> None:
    """With 20% recovered, 80% of an equity of 50 is lost at the second step."""
    failing = {"venue_insolvency": [{"venue": "v", "recovery": 0.2, "at_seconds": 90.0}]}
    split, parts, lead = explained(with_failures(one_long(50.0), failing), BTC=[100, 100, 100])
    assert lead == "failure:0"
    assert split.total[0] == pytest.approx(40.0, rel=1e-12)
    assert parts["failure:0"] == pytest.approx(40.0, rel=1e-12)


def test_a_failure_that_does_not_come_is_no_cause() -> None:
    """Two failures, one beyond the run: only the other is a player."""
    failing = {
        "venue_insolvency": [
            {"venue": "v", "recovery": 0.2, "at_seconds": 9_000.0},
            {"venue": "v", "recovery": 0.5, "at_seconds": 60.0},
        ]
    }
    _, parts, lead = explained(with_failures(one_long(50.0), failing), BTC=[100, 100, 100])
    assert lead == "failure:1"
    assert "failure:0" not in parts
    assert parts["failure:1"] == pytest.approx(25.0, rel=1e-12)


def test_a_stablecoin_leaves_its_peg() -> None:
    """1,000 USDT of collateral fall by 10%: 100, all of them the depeg's."""
    case = tiny_case(
        [Trader("lender", (), {"USDT": 1_000.0, "USD": -100.0}, owner="us")],
        [],
        {"lender": lending_venue({"USDT": Collateral(0.8, 0.85, 0.05)})},
        {"USDT": coin(1.0, volatility=0.01), "BTC": coin(100.0)},
        scenario=TOTAL,
    )
    off = {"asset": "USDT", "depth": 0.1, "half_life_seconds": 1e9, "permanent": 1.0}
    failing = {"stablecoin_depeg": [{**off, "at_seconds": 60.0}]}
    split, parts, lead = explained(with_failures(case, failing), BTC=[100, 90, 80])
    assert lead == "failure:0"
    assert split.total[0] == pytest.approx(100.0, rel=1e-9)
    assert parts["failure:0"] == pytest.approx(100.0, rel=1e-9)
    assert parts["price:BTC"] == 0.0


def test_funding() -> None:
    """Ten minutes of a funding rate of 900% a year on a notional of 100."""
    case = one_long(50.0)
    states = {"BTC-PERP": InstrumentState(funding_rate=9.0)}
    case = replace(case, market=replace(case.market, instruments=states))
    split, parts, lead = explained(case, BTC=[100.0] * 11)
    assert lead == "rates"
    assert split.total[0] == pytest.approx(900.0 * 600.0 / SECONDS_PER_YEAR, rel=1e-9)
    assert parts["rates"] == pytest.approx(split.total[0], rel=1e-9)


def test_the_winning_leg_is_deleveraged() -> None:
    """We are long one coin at v and short one at w. At 80 a long at w with 10 of cash owes 10 more
    than it has and is closed against our short at its bankruptcy price of 90: we win 10 there, not
    40 by the time the coin is at 60. Without deleveraging we lose nothing; with it 30.
    """
    venues = {
        "v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, 0.01),)),
        "w": perpetuals_venue(("adl",), tiers=(Tier(0.0, 10.0, 0.01),)),
    }
    case = tiny_case(
        [
            Trader("v", LONG, {"USD": 90.0}, owner="us"),
            Trader("w", (Held("BTC-PERP", -1.0, 100.0),), {"USD": 90.0}, owner="us"),
            Trader("w", LONG, {"USD": 10.0}),
        ],
        [perpetual("BTC-PERP", "BTC")],
        venues,
        {"BTC": coin(100.0)},
        scenario=TOTAL,
    )
    split, parts, lead = explained(case, BTC=[100, 80, 60])
    assert lead == "mutual"
    assert split.total[0] == pytest.approx(30.0, rel=1e-9)
    assert parts["mutual"] == pytest.approx(30.0, rel=1e-9)
    assert parts["price:BTC"] == pytest.approx(0.0, abs=1e-9)


def put(spot: float, volatility: float, days: float) -> float:
    """Black's value of a put struck at 100, no rates."""
    spread = volatility * math.sqrt(days * 86_400.0 / SECONDS_PER_YEAR)
    d1 = math.log(spot / 100.0) / spread + spread / 2.0
    law = NormalDist()
    return 100.0 * law.cdf(spread - d1) - spot * law.cdf(-d1)


def test_volatility_rises_on_a_short_option() -> None:
    """Short one put at 100, 30 days. Spot 100 to 99, implied volatility 60% to 80% (slope -20).

    Standing: two minutes of decay. Price: at 60%. Volatility: what 80% adds at 99.
    """
    case = tiny_case(
        [Trader("o", (Held("BTC-P", -1.0, 7.0),), {"USD": 200.0}, owner="us")],
        [option("BTC-P", "BTC", 100.0, False, 30.0)],
        {"o": perpetuals_venue(("backstop",), option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0, implied_slope=-20.0)},
        scenario=TOTAL,
        states={"BTC-P": InstrumentState(implied_volatility=0.6)},
    )
    split, parts, lead = explained(case, BTC=[100, 99, 99])
    later = 30.0 - 120.0 / 86_400.0
    now = put(100.0, 0.6, 30.0)
    assert lead == "implied_volatility"
    assert split.standing[0] == pytest.approx(put(100.0, 0.6, later) - now, rel=1e-6)
    assert parts["price:BTC"] == pytest.approx(
        put(99.0, 0.6, later) - put(100.0, 0.6, later), rel=1e-6
    )
    assert parts["implied_volatility"] == pytest.approx(
        put(99.0, 0.8, later) - put(99.0, 0.6, later), rel=1e-6
    )


def test_a_stop_that_sold_the_low() -> None:
    """Our stop 10% below sells at 90; the coin comes back to 100. All 10 are the stop's."""
    own = [{"account": one_long(50.0).book.account_names[0], "distance": 0.1}]
    stops = {"rule": "stops", "share": 0.0, "median": 0.1, "own": own}
    case = one_long(50.0, mechanisms={"stops": stops})
    split, parts, lead = explained(case, BTC=[100, 90, 100])
    assert lead == "slot:stops"
    assert split.total[0] == pytest.approx(10.0, rel=1e-9)
    assert parts["slot:stops"] == pytest.approx(10.0, rel=1e-9)


def test_a_liquidation_fee() -> None:
    """Closed below 89 / 0.95 = 93.7, at 93, for 1% of notional: 7 the price, 0.93 the fees."""
    rule = Liquidation("orderbook", fee=0.01, fee_to="keeper")
    case = one_long(11.0, rate=0.05, liquidation=rule)
    split, parts, _ = explained(case, BTC=[100, 93, 93])
    assert split.total[0] == pytest.approx(7.93, rel=1e-9)
    assert parts["price:BTC"] == pytest.approx(7.0, rel=1e-9)
    assert parts["fees"] == pytest.approx(0.93, rel=1e-9)


def test_two_causes_that_lose_only_together() -> None:
    """Decision 028: A or B alone at 80 leaves 40 against 36; both leave 20 against 32, closed at
    80 and 80. Each has half of 40, nothing alone, and saves all 40.
    """
    case = tiny_case(
        [
            Trader(
                "v",
                (Held("A-PERP", 1.0, 100.0), Held("B-PERP", 1.0, 100.0)),
                {"USD": 60.0},
                owner="us",
            )
        ],
        [perpetual("A-PERP", "A"), perpetual("B-PERP", "B")],
        {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 5.0, 0.2),))},
        {"A": coin(100.0), "B": coin(100.0)},
        scenario=TOTAL,
    )
    split, parts, _ = explained(case, A=[100, 80, 100], B=[100, 80, 100])
    assert split.total[0] == pytest.approx(40.0, rel=1e-12)
    assert parts["price:A"] == parts["price:B"] == pytest.approx(20.0, rel=1e-12)
    assert np.all(split.alone[:2] == 0.0)
    assert split.saved[:2] == pytest.approx([40.0, 40.0], rel=1e-12)


def test_bad_debt_of_a_venue() -> None:
    """Closed at 40 with 50 of cash: 10 of bad debt, all the price's; the vault pays it."""
    split, parts, lead = explained(one_long(50.0), "venue:v", BTC=[100, 40, 40])
    assert lead == "price:BTC"
    assert split.total[0] == pytest.approx(10.0, rel=1e-12)
    assert parts["price:BTC"] == pytest.approx(10.0, rel=1e-12)
    paid = dict(zip(payers_of("venue:v"), split.parts[0, 1:], strict=True))
    assert paid["backstop"] == pytest.approx(10.0, rel=1e-12)


def test_the_story_says_at_what_price_it_was_closed() -> None:
    """The Case of the depth that is gone: one coin sold at 95 average(0, -0.475), so many per cent
    below 95; equity of 55 against 57 of maintenance is what broke it, at the first minute.
    """
    setup = prepare(one_long(60.0, rate=0.6, depth=200.0))
    prices = paths_of(setup.case, BTC=[100, 95, 95])
    tape, _ = run(setup, prices, draws=Draws(1, np.array([0])))
    told = story(setup, came_on(setup, PathOf(0, 1, prices[0])), US, 2, tape)
    close = next(row for row in told["events"] if row["kind"] == "liquidation")
    paid = 95.0 * float(average(0.0, -0.475))
    assert close["seconds"] == told["seconds"] == 60.0
    assert f"1 sold at {paid:,.6g}, {paid / 95.0 - 1.0:+.1%} to the price" in close["text"]
    assert told["leg"] == "BTC-PERP"
