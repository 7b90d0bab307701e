"""Caps of a venue: what keepers can sell by closed form, what scaling keeps, where limits fail."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.tape import EventKind
from seawall.case import Case, Limit
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.mechanism.caps.keepers import keeper_row
from seawall.mechanism.caps.limits import Bound, bounds_of, paths_needed, read
from seawall.mechanism.caps.room import earns, largest, sustained, terms_of
from seawall.mechanism.caps.scaled import exposures, scaled
from seawall.mechanism.caps.study import Asked, alone, caps, readings
from seawall.mechanism.paired_runs import Plan
from seawall.venues import Collateral, Liquidation, Tier

HOURS = 21_600.0  # six of them
BONUS, DEPTH, SPOT = 0.05, 1e6, 3_000.0
TERMS = {
    "ETH": Collateral(0.80, 0.83, BONUS),
    QUOTE: Collateral(0.75, 0.78, 0.045),
}


def lender_case(
    loans: list[tuple[float, float]],
    *,
    gas: float = 0.0,
    scenario: Scenario | None = None,
    depth: float = DEPTH,
    volatility: float = 0.9,
    fund: float = 0.0,
    step: float = 300.0,
) -> Case:
    """Loans of (debt, health factor) against ETH at one venue, in a market of depth 1e6."""
    price_of = [health * debt / 0.83 / SPOT for debt, health in loans]
    traders = [
        Trader("lender", (), {"ETH": eth, QUOTE: -debt})
        for eth, (debt, _) in zip(price_of, loans, strict=True)
    ]
    venue = lending_venue(
        TERMS, ("fund", "socialised"), fund=fund, liquidation=Liquidation("keeper", gas=gas)
    )
    return tiny_case(
        traders,
        [],
        {"lender": venue},
        {"ETH": coin(SPOT, depth, volatility)},
        scenario=scenario or Scenario(recovery_seconds=3_600.0),
        step_seconds=step,
    )


def test_the_largest_call_that_pays_is_the_impact_laws() -> None:
    setup = prepare(lender_case([(1_000.0, 1.5)]))
    terms = replace(terms_of(setup, 0, "ETH", bonus=BONUS, keeper=True), wait=0.0)
    most = largest(setup, terms)
    assert most is not None
    # (1 + b) f = 1, f(x) = (1 - exp(-x)) / x = 1 - x/2 + x^2/6 - x^3/24 the mean price of a sale of
    # x depths: x/2 - x^2/6 + x^3/24 = 0.047619 at b = 0.05, by hand x = 0.0952 + 0.0032 - 0.0001.
    flow = (1.0 + BONUS) * most / DEPTH
    assert flow == pytest.approx(0.0984, abs=1e-4)
    # First order in the bonus: 2 D b / (1 + b)^2 = 90,703.
    assert most == pytest.approx(2.0 * DEPTH * BONUS / (1.0 + BONUS) ** 2, rel=0.04)
    assert earns(setup, terms, most)["earned"] == pytest.approx(0.0, abs=1e-6)
    assert sustained(terms, 100.0) == pytest.approx(100.0 * (1.0 - math.exp(-300.0 / 3_600.0)))


def test_square_root_impact_gives_its_own_size() -> None:
    scenario = Scenario(impact="square_root", impact_prefactor=1.0)
    setup = prepare(lender_case([(1_000.0, 1.5)], scenario=scenario))
    terms = replace(terms_of(setup, 0, "ETH", bonus=BONUS, keeper=True), wait=0.0)
    most = largest(setup, terms)
    assert most is not None
    strength = 0.9 / math.sqrt(365.0)
    sale = DEPTH * (3.0 * BONUS / (2.0 * (1.0 + BONUS) * strength)) ** 2
    assert (1.0 + BONUS) * most == pytest.approx(sale, rel=1e-9)


@pytest.mark.parametrize(("side", "whole"), [(0.99, True), (1.01, False)])
def test_the_loop_calls_a_loan_whole_up_to_that_size(side: float, whole: bool) -> None:
    """What the impact law allows is what keepers in the loop do: above it they call half."""
    setup = prepare(lender_case([(1_000.0, 1.5)]))
    terms = replace(terms_of(setup, 0, "ETH", bonus=BONUS, keeper=True), wait=0.0)
    most = largest(setup, terms)
    assert most is not None
    debt = side * most
    # Health 1.25: a fall of a quarter brings it to 0.94, with enough collateral for the bonus.
    case = lender_case([(debt, 1.25)])
    _, tape, _ = run_case(case, paths_of(case, ETH=[SPOT, 0.75 * SPOT]))
    calls = tape.notional[tape.kind == EventKind.LIQUIDATION]
    assert calls[0] == pytest.approx((1.0 + BONUS) * debt * (1.0 if whole else 0.5), rel=1e-9)


def test_gas_takes_the_small_calls_and_the_shock_says_what_is_callable() -> None:
    # 3 daily sigmas of 90% are -14.1%: loans of health 1.1 are callable (0.945), of 1.5 are not.
    case = lender_case([(20_000.0, 1.1), (40_000.0, 1.1), (30_000.0, 1.5)], gas=50.0)
    setup = prepare(case)
    (supply,) = [e for e in exposures(setup, "lender") if e.kind == "supply"]
    row = keeper_row(setup, "lender", supply)
    assert row["callable"] == pytest.approx(60_000.0)
    assert row["accounts"] == 2
    assert row["biggest"]["repaid"] == pytest.approx(40_000.0)
    assert row["biggest"]["bonus"] == pytest.approx(2_000.0)
    # Selling 42,000 in depth 1e6 costs about half of its impact of 4.2%.
    assert row["biggest"]["slippage"] == pytest.approx(42_000.0 * 0.021, rel=0.02)
    earned = 2_000.0 - row["biggest"]["slippage"] - 50.0 - row["biggest"]["waiting"]
    assert row["biggest"]["earned"] == pytest.approx(earned)
    # The cap by keepers alone: supply x largest that pays / callable.
    supply_now = (20_000.0 * 1.1 + 40_000.0 * 1.1 + 30_000.0 * 1.5) / 0.83
    assert supply.amount(1.0) == pytest.approx(supply_now)
    expected = supply_now * row["largest_paying"] / 60_000.0
    assert row["cap_quote"] == pytest.approx(expected)


def test_scaling_loans_keeps_every_health_factor() -> None:
    case = lender_case([(20_000.0, 1.1), (40_000.0, 1.4)])
    setup = prepare(case)
    (supply,) = [e for e in exposures(setup, "lender") if e.kind == "supply"]
    larger = prepare(scaled(setup, "lender", {supply: 3.0}))
    assert larger.table.rows.size == pytest.approx(3.0 * setup.table.rows.size)
    (grown,) = [e for e in exposures(larger, "lender") if e.kind == "supply"]
    assert grown.amount(1.0) == pytest.approx(supply.amount(3.0))


def test_a_loan_under_two_caps_grows_once_by_the_smaller() -> None:
    setup = prepare(lender_case([(20_000.0, 1.1), (40_000.0, 1.4)]))
    kinds = {e.kind: e for e in exposures(setup, "lender")}
    both = scaled(setup, "lender", {kinds["supply"]: 2.0, kinds["borrow"]: 3.0})
    assert prepare(both).table.rows.size == pytest.approx(2.0 * setup.table.rows.size)


def test_what_a_cap_grows_is_what_the_scaled_case_holds() -> None:
    """ETH beside BTC in a loan against BTC, and ETH of the desk, do not grow with loans on ETH."""
    traders = [
        Trader("lender", (), {"ETH": 10.0, QUOTE: -23_000.0}),
        Trader("lender", (), {"ETH": 1.0, "BTC": 1.0, QUOTE: -20_000.0}),
        Trader("lender", (), {"ETH": 20.0, QUOTE: -9_000.0}, "harbour"),
    ]
    venue = lending_venue({**TERMS, "BTC": TERMS["ETH"]})
    coins = {"ETH": coin(SPOT, DEPTH, 0.9), "BTC": coin(90_000.0, DEPTH)}
    setup = prepare(tiny_case(traders, [], {"lender": venue}, coins))
    for one in exposures(setup, "lender"):
        larger = exposures(prepare(scaled(setup, "lender", {one: 2.0})), "lender")
        (same,) = [e for e in larger if (e.kind, e.asset) == (one.kind, one.asset)]
        assert same.amount(1.0) == pytest.approx(one.amount(2.0))
    (eth,) = [e for e in exposures(setup, "lender") if (e.kind, e.asset) == ("supply", "ETH")]
    # 30,000 of the loan on ETH; 3,000 beside BTC and 60,000 of the desk stay.
    assert (eth.others, eth.fixed) == pytest.approx((30_000.0, 63_000.0))
    row = keeper_row(setup, "lender", eth)
    # Of the three the loan at health 10 x 3,000 x 0.83 / 23,000 = 1.08 alone is callable.
    assert row["callable"] == pytest.approx(23_000.0)
    expected = 63_000.0 + 30_000.0 * row["largest_paying"] / 23_000.0
    assert row["cap_quote"] == pytest.approx(expected)


def test_scaling_open_interest_keeps_leverage_and_leaves_the_desk_alone() -> None:
    instruments = [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")]
    both = [Held("BTC-PERP", 1.0, 85_000.0), Held("ETH-PERP", -10.0, 3_000.0)]
    traders = [
        Trader("perps", both, {QUOTE: 25_000.0}),
        Trader("perps", [Held("BTC-PERP", -1.0, 90_000.0, 9_000.0)], {}),
        Trader("perps", [Held("BTC-PERP", 2.0, 90_000.0)], {QUOTE: 30_000.0}, "harbour"),
    ]
    coins = {"BTC": coin(90_000.0), "ETH": coin(3_000.0)}
    setup = prepare(tiny_case(traders, instruments, {"perps": perpetuals_venue()}, coins))
    btc = {e.asset: e for e in exposures(setup, "perps")}["BTC"]
    # Longs: 90,000 of others and 180,000 of the desk.
    assert (btc.others, btc.fixed) == pytest.approx((90_000.0, 180_000.0))
    larger = prepare(scaled(setup, "perps", {btc: 2.0}))
    # Equity 25,000 + 5,000 profit; three quarters of its notional of 120,000 is BTC: 22,500 more.
    equity = larger.start_equity[0]
    assert equity[0] == pytest.approx(30_000.0 + 22_500.0)
    assert sorted(np.abs(larger.book.size).tolist()) == pytest.approx([2.0, 2.0, 2.0, 10.0])
    # The isolated short doubles with its margin; the desk is as it was.
    assert 18_000.0 in equity.tolist()
    desk = setup.desk_equity
    assert larger.desk_equity == pytest.approx(desk)


def test_limits_come_from_the_case_or_are_assumed_and_others_are_refused() -> None:
    case = lender_case([(1_000.0, 1.5)])
    own = Limit("ruin", "fund_ruin", "venue:lender", 0.02, 3_600.0)
    stated, assumed = bounds_of(replace(case, limits=(own,)), "lender", (), 86_400.0)
    assert (stated, assumed) == ([Bound("venue:lender", "fund_ruin", 0.02, 3_600.0)], False)
    ours, assumed = bounds_of(case, "lender", (), 86_400.0)
    assert assumed and ours[0].maximum == 0.01
    with pytest.raises(InputError, match="no limit that a cap at lender keeps"):
        bounds_of(case, "lender", (("desk:x", "dre", 0.1),), 86_400.0)


def test_too_few_paths_to_show_a_limit_are_refused_with_the_number_needed() -> None:
    # No ruined path among n: Wilson's upper end z^2 / (n + z^2) is at most 1% from 657 on.
    bounds = [Bound("venue:lender", "fund_ruin", 0.01, 86_400.0)]
    assert paths_needed(bounds) == 657
    assert read(bounds[0], np.zeros(657)).keeps(bounds[0])
    assert not read(bounds[0], np.zeros(656)).keeps(bounds[0])
    case = lender_case([(1_000.0, 1.1)])
    with pytest.raises(InputError, match="656 paths cannot show"):
        caps(case, "lender", paths=656)


def test_a_venue_without_others_has_no_caps() -> None:
    loan = Trader("lender", (), {"ETH": 1.0, QUOTE: -1_000.0}, "harbour")
    venue = lending_venue(TERMS)
    case = tiny_case([loan], [], {"lender": venue}, {"ETH": coin(SPOT, DEPTH)})
    with pytest.raises(InputError, match="no venue of case tiny has accounts of others"):
        caps(case)
    with pytest.raises(InputError, match="venue lender has no accounts of others"):
        caps(case, "lender")


def random_protocol(seed: int) -> Case:
    """A small lending market or perpetuals venue, thin enough that growth ruins it."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        loans = [
            (float(np.exp(rng.normal(9.0, 0.8))), float(1.05 + np.exp(rng.normal(-1.6, 0.5))))
            for _ in range(20)
        ]
        # So volatile that collateral falls below debt while keepers cannot sell it.
        gas = float(rng.choice([0.0, 20.0]))
        return lender_case(loans, gas=gas, depth=3e5, volatility=4.0, fund=30_000.0, step=600.0)
    traders = []
    for _ in range(40):
        notional = float(np.exp(rng.normal(9.0, 0.8)))
        size = notional / SPOT * float(rng.choice([-1.0, 1.0], p=[0.3, 0.7]))
        margin = notional / float(rng.uniform(3.0, 15.0))
        traders.append(Trader("perps", [Held("ETH-PERP", size, SPOT)], {QUOTE: margin}))
    tiers = (Tier(0.0, 25.0, 0.02),)
    venue = perpetuals_venue(("fund", "socialised"), fund=2_000.0, tiers=tiers)
    return tiny_case(
        traders,
        [perpetual("ETH-PERP", "ETH")],
        {"perps": venue},
        {"ETH": coin(SPOT, 2e6, 2.5)},
        scenario=Scenario(recovery_seconds=1_800.0),
        step_seconds=600.0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["perps", "lender"])
def test_caps_hold_on_fresh_seeds_and_not_far_above(kind: str) -> None:
    """At the cap the limit holds on other seeds in 95% of 20 Cases of a kind; at twice the factor
    at which the number itself meets it, it does not in four of five.

    A quarter above that factor was predicted to be enough for four of five Cases of each kind. That
    holds for perpetuals; for lenders it was missed, with 11 of 19 (decision 027): their ruin rises
    slowly with size, and 200 paths have an error of 2.5 points at 15%. Printed, not asked of them.
    """
    held = tried = quarter = twice = above = 0
    bounds = [Bound(f"venue:{kind}", "fund_ruin", 0.15, HOURS)]
    for seed in range(kind == "lender", 40, 2):
        case = random_protocol(seed)
        setup, steps = prepare(case), round(HOURS / case.step_seconds)
        one = next(e for e in exposures(setup, kind) if e.kind != "borrow")
        asked = Asked(setup, kind, bounds, Plan(200, steps, 1))
        row = alone(asked, one, readings(asked, {}))
        if row["factor"] is None or row["above"] is None:
            print(f"{kind} {seed}: factor {row['factor']}, no cap within the scan")
            continue
        fresh = Asked(setup, kind, bounds, Plan(200, steps, 1_000))
        at_cap = readings(fresh, {one: row["factor"]})[0].value
        tried += 1
        held += at_cap <= 0.15
        said = ""
        if row["plain"] is not None:
            over = [readings(fresh, {one: by * row["plain"]})[0].value for by in (1.25, 2.0)]
            above += 1
            quarter += over[0] > 0.15
            twice += over[1] > 0.15
            said = f"; x{row['plain']:.2f} and a quarter {over[0]:.3f}, twice {over[1]:.3f}"
        print(f"{kind} {seed}: x{row['factor']:.2f}, fresh {at_cap:.3f}{said}", flush=True)
    print(
        f"{kind}: held on fresh seeds in {held} of {tried}, broken in {quarter} of {above} a "
        f"quarter above and in {twice} at twice"
    )
    assert tried >= 10
    assert held >= 0.95 * tried
    assert twice >= 0.8 * above
    assert kind == "lender" or quarter >= 0.8 * above
