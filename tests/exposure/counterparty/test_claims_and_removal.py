"""Claims, chances and paired intervals of the block `counterparty`, against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import coin, lending_venue, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.failures import with_failures
from seawall.exposure.counterparty.block import following
from seawall.exposure.counterparty.claims_held import chance, claims_on, counterparty_rows
from seawall.exposure.counterparty.remove_one import cannot_fail, fails_now, paired, remove_one
from seawall.exposure.runs import plan, run_plan
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Staked
from seawall.market import StakedState
from seawall.mechanism.fuzz.small_case import Trader
from seawall.scenario.failure.arrival import Arrival, Shock
from seawall.venues import Collateral

YEAR = SECONDS_PER_YEAR


def two_venues():
    case = tiny_case(
        [Trader("p", (), {"USD": 200.0}, owner="me"), Trader("q", (), {"USD": 50.0}, owner="me")],
        [perpetual("BTC-PERP", "BTC")],
        {"p": perpetuals_venue(), "q": perpetuals_venue()},
        {"BTC": coin(100.0)},
    )
    table = {"venue": "p", "recovery": 0.4, "rate_per_year": 0.5, "rate_source": "fitted"}
    return with_failures(case, {"venue_insolvency": [table]})


def test_expected_loss_is_share_lost_times_claim_times_chance() -> None:
    rows = counterparty_rows(prepare(two_venues()), YEAR)
    first, other = rows
    assert first["name"] == "p" and first["claims"] == pytest.approx(200.0)
    assert first["expected_loss"] == pytest.approx(0.6 * 200.0 * -math.expm1(-0.5))
    assert first["source"] == "fitted" and first["hazard_per_year"] == 0.5
    assert other["claims"] == pytest.approx(50.0) and other["failure"] is None


def test_chance_of_two_venues_and_of_a_shock() -> None:
    a, b = Arrival(rate_per_year=0.3), Arrival(rate_per_year=0.7)
    either = 1.0 - (1.0 - chance(a, (), YEAR)) * (1.0 - chance(b, (), YEAR))
    assert either == pytest.approx(-math.expm1(-1.0))
    # Marshall and Olkin: followed always, the two rates add up.
    shocked = Arrival(rate_per_year=0.3, shock="s")
    shock = Shock(name="s", rate_per_year=0.7)
    assert chance(shocked, (shock,), YEAR) == pytest.approx(-math.expm1(-1.0))
    assert chance(Arrival(at_seconds=60.0), (), 59.0) == 0.0


def test_paired_interval_of_agresti_and_min() -> None:
    before = np.zeros(98, dtype=bool)
    after = before.copy()
    after[:10] = True
    # (10.5 - 0.5) / 100 = 0.1; variance (11 - 1) / 100^2.
    low, high = paired(before, after)
    assert (low, high) == pytest.approx(
        (0.1 - 1.959963985 * 0.0316227766, 0.1 + 1.959963985 * 0.0316227766)
    )
    still = paired(before, before)
    assert still[0] < 0.0 < still[1]


def test_a_venue_fails_now_or_never() -> None:
    case = two_venues()
    now, assumed = fails_now(case, "p", "venue")
    tables = now.market.mechanisms["failures"]["venue_insolvency"]
    assert tables[-1] == {"venue": "p", "at_seconds": 60.0, "recovery": 0.4} and not assumed
    assert fails_now(case, "q", "venue")[1]
    without = cannot_fail(case, "p")
    assert without is not None and cannot_fail(case, "q") is None
    assert chance(prepare(without).failures.placed[0].failure, (), YEAR) == 0.0


def test_receipts_held_elsewhere_are_claims_on_their_venue() -> None:
    """3 aETH at B at 100 each, a debt of 50 beside them: A fails, and three fifths of 300 go."""
    table = {"venue": "A", "recovery": 0.4, "receipts": ["aETH"], "rate_per_year": 0.5}
    takes = dict.fromkeys(("ETH", "aETH", "USD"), Collateral(0.8, 0.83, 0.05))
    case = tiny_case(
        [
            Trader("B", (), {"aETH": 3.0, "USD": -50.0}, owner="me"),
            Trader("B", (), {"USD": 500.0}),
            Trader("A", (), {"ETH": 10.0}),
        ],
        [Staked("aETH", "ETH")],
        {"A": lending_venue(takes), "B": lending_venue(takes)},
        {"ETH": coin(100.0), "aETH": coin(100.0)},
    )
    market = replace(case.market, shares={"aETH": StakedState(1.0)})
    case = with_failures(replace(case, market=market), {"venue_insolvency": [table]})
    rows = {row["name"]: row for row in counterparty_rows(prepare(case), YEAR)}
    assert rows["A"]["claims"] == pytest.approx(300.0)
    assert rows["A"]["expected_loss"] == pytest.approx(0.6 * 300.0 * -math.expm1(-0.5))
    assert rows["B"]["claims"] == pytest.approx(250.0)


def test_claims_of_one_desk_leave_out_those_of_others() -> None:
    case = tiny_case(
        [Trader("p", (), {"USD": 200.0}, owner="me"), Trader("p", (), {"USD": 50.0}, owner="you")],
        [perpetual("BTC-PERP", "BTC")],
        {"p": perpetuals_venue()},
        {"BTC": coin(100.0)},
    )
    setup = prepare(case)
    claims = [claims_on(setup, 0, owner) for owner in ("me", "you", None)]
    assert claims == pytest.approx([200.0, 50.0, 250.0])
    rows = remove_one(setup, run_plan(setup, plan([], 2, 2, 1))[0].found, (2, 2, 1))
    assert {row["owner"]: row["claims"] for row in rows} == pytest.approx({"me": 200, "you": 50})


def test_what_follows_prices_is_the_own_hazard_and_the_shock_s_share() -> None:
    pace = {"wrong_way": 3.0, "wrong_way_asset": "BTC"}
    shock = Shock(name="s", rate_per_year=0.5, **pace)
    both = Arrival(rate_per_year=0.01, shock="s", shock_probability=0.5, **pace)
    alone = Arrival(rate_per_year=0.01, shock="s", shock_probability=0.5)
    assert following(both, (shock,)) == pytest.approx((0.01 + 0.25, 3.0, "BTC"))
    assert following(alone, (shock,)) == pytest.approx((0.25, 3.0, "BTC"))
    still = Shock(name="s", rate_per_year=0.5)
    assert following(both, (still,)) == pytest.approx((0.01, 3.0, "BTC"))
    assert following(alone, (still,))[0] == 0.0
