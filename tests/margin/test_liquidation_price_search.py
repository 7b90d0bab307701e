"""Liquidation prices against closed forms, scanning, and the venue's own 56 on a real book."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_along import COIN, LINEAR, LOAN, RULES, held_by

from seawall.connect.hyperliquid_case import VENUE, case_from_positions
from seawall.connect.hyperliquid_table import read_positions
from seawall.margin.account.shifts import Shifts
from seawall.margin.liquidation_price.closed_form import (
    collateral_liquidation_price,
    linear_liquidation_price,
)
from seawall.margin.liquidation_price.search import (
    first_failure,
    ladder,
    liquidation_prices,
)
from seawall.margin.rules import net_margin, one_by_one, rules_of
from seawall.margin.view import margin_accounts

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))


def prices(framework, account, asset):
    return liquidation_prices(net_margin(rules_of(RULES[framework]), account), account, asset)


@pytest.mark.parametrize("size", [10.0, -10.0])
def test_one_tier_equals_the_closed_form(size) -> None:
    account = held_by(perps=(("BTC", size, 79_000.0, 80_000.0, False),), cash=90_000.0)
    accrued = 0.25
    want = linear_liquidation_price(
        size=size,
        entry=79_000.0,
        margin=90_000.0 + accrued,
        rate=0.0125,
        deduction=0.0,
        other_maintenance=0.0,
        other_profit=0.0,
    )
    found = prices("tiered", account, "BTC")
    assert (found.below if size > 0 else found.above) == pytest.approx(want, rel=1e-11)
    assert (found.above if size > 0 else found.below) is None
    assert found.nearest == pytest.approx(want, rel=1e-11)


def test_the_tier_is_that_of_the_price_found() -> None:
    # 1,850 BTC are 148M at 80,000: in the first tier now, in the second at the price above.
    account = held_by(perps=(("BTC", -1_850.0, 80_000.0, 80_000.0, False),), cash=20e6)
    want = linear_liquidation_price(
        size=-1_850.0,
        entry=80_000.0,
        margin=20e6 + 0.25,
        rate=0.025,
        deduction=150e6 * 0.0125,
        other_maintenance=0.0,
        other_profit=0.0,
    )
    assert 1_850.0 * want > 150e6
    assert prices("tiered", account, "BTC").above == pytest.approx(want, rel=1e-11)


def test_a_loan_dies_at_health_factor_1() -> None:
    account = held_by(coins=(("ETH", 900.0), ("USDC", -1_500_000.0)), cash=0.0)
    want = collateral_liquidation_price(
        quantity=900.0, threshold=0.83, debt=1_500_000.0, other_collateral=0.0
    )
    assert prices("collateral", account, "ETH").below == pytest.approx(want, rel=1e-11)


@pytest.mark.parametrize(
    ("framework", "account", "asset"),
    [
        ("tiered", LINEAR, "BTC"),
        ("tiered", LINEAR, "ETH"),
        ("standard", COIN, "BTC"),
        ("collateral", LOAN, "ETH"),
        ("collateral", LOAN, "BTC"),
    ],
)
def test_scanning_every_price_finds_no_nearer_one(framework, account, asset) -> None:
    found = prices(framework, account, asset)
    slow = one_by_one(rules_of(RULES[framework]), account)
    factors = np.linspace(0.2, 2.2, 801)
    buffer = slow(Shifts((asset,), factors, np.ones_like(factors))).buffer
    failed = factors[buffer < 0.0] * found.present
    below, above = failed[failed < found.present], failed[failed > found.present]
    step = found.present * (factors[1] - factors[0])
    for scanned, price in (
        (below.max(initial=0.0), found.below),
        (above.min(initial=9e9), found.above),
    ):
        if price is not None and 0.2 < price / found.present < 2.2:
            assert abs(scanned - price) <= step
        else:
            assert scanned in (0.0, 9e9)


def test_a_wing_that_recovers_far_away_does_not_hide_the_near_failure() -> None:
    """Fails between 0.9 and 0.8, recovers below: the near end is the liquidation price."""

    def buffer(factor):
        return np.where((factor < 0.9) & (factor > 0.8), -1.0, 1.0) * np.abs(factor - 0.9)

    found = first_failure(buffer, ladder(False, np.zeros(0)), 1.0)
    assert found == pytest.approx(0.9, rel=1e-9)


def test_a_short_butterfly_near_expiry_fails_at_its_strike_between_two_rungs() -> None:
    """The dip around a strike far from the rungs is found because the strike is a rung."""
    strike = 1.22

    def buffer(factor):
        return np.abs(factor - strike) - 0.004

    assert first_failure(buffer, ladder(True, np.zeros(0)), 1.0) is None
    found = first_failure(buffer, ladder(True, np.array([strike])), 1.0)
    assert found == pytest.approx(strike - 0.004, rel=1e-9)


def test_no_price_is_none_and_a_failed_account_is_at_its_price() -> None:
    rich = held_by(perps=(("BTC", 1.0, 79_000.0, 80_000.0, False),), cash=1e6)
    assert prices("tiered", rich, "BTC").nearest is None
    poor = held_by(perps=(("BTC", 10.0, 79_000.0, 80_000.0, False),), cash=-9_000.0)
    found = prices("tiered", poor, "BTC")
    assert (found.below, found.above, found.distance) == (80_000.0, 80_000.0, 0.0)


@settings(max_examples=15, deadline=timedelta(seconds=10))
@given(
    legs=st.lists(
        st.tuples(
            st.floats(56_000.0, 110_000.0),
            st.booleans(),
            st.floats(-40.0, 40.0).filter(lambda amount: abs(amount) > 0.1),
            st.sampled_from([0.5, 2.0, 20.0, 90.0]),
            st.floats(0.3, 1.0),
        ),
        min_size=1,
        max_size=6,
    ),
    cash=st.floats(1.0, 30.0),
)
def test_random_option_books_have_no_nearer_price_on_a_fine_scan(legs, cash) -> None:
    account = held_by(options=tuple(legs), settle="BTC", cash=cash)
    evaluate = net_margin(rules_of(RULES["standard"]), account)
    found = liquidation_prices(evaluate, account, "BTC")
    factors = np.linspace(0.5, 1.6, 1101)
    buffer = evaluate(Shifts(("BTC",), factors, np.ones_like(factors))).buffer
    failed = factors[buffer < 0.0] * found.present
    if found.below == found.present:
        assert evaluate(Shifts((), np.ones(1), np.ones(1))).buffer[0] < 0.0
        return
    scan = {"below": failed[failed < found.present], "above": failed[failed > found.present]}
    near = {"below": scan["below"].max(initial=0.0), "above": scan["above"].min(initial=np.inf)}
    if scan["below"].size:
        assert found.below is not None and found.below >= near["below"] - 1e-6
    if scan["above"].size:
        assert found.above is not None and found.above <= near["above"] + 1e-6
    # Where the search says an account fails, the scan's next point out does too or recovers.
    for price, way in ((found.below, -1.0), (found.above, 1.0)):
        if price is not None and 0.5 < price / found.present < 1.6:
            factor = np.array([price / found.present * (1.0 + way * 1e-7)])
            assert evaluate(Shifts(("BTC",), factor, np.ones(1))).buffer[0] < 1.0


@pytest.mark.realdata
def test_the_venues_own_liquidation_prices_of_a_real_book() -> None:
    """All 56 prices that the venue gives, from the Case alone; the 26 longs without one have none.

    The Case holds the tier tables that the account's prices show (docs/real-input.md); ETH's price
    anchors the account value, the other 56 are found by searching the margin rule.
    """
    files = sorted(DATA.glob("positions/hyperliquid_*_positions_2026-01.csv"))
    if not files:
        print("SKIPPED: the Hyperliquid positions are absent; SEAWALL_DATA names their folder")
        pytest.skip("no real data")
    case = case_from_positions(files[0], crowd_accounts=1)
    rules = rules_of(case.rulebooks[VENUE])
    (account,) = margin_accounts(case.book, case.market, rules.rulebook, 0, case.as_of, case.quote)
    evaluate = net_margin(rules, account)
    given = {p.coin: p for p in read_positions(files[0])}
    errors = {}
    for coin, position in given.items():
        found = liquidation_prices(evaluate, account, coin)
        mine = found.below if position.size > 0 else found.above
        if position.liquidation_price is None:
            assert mine is None or mine < 1e-3 * position.mark, coin
        else:
            assert mine is not None, coin
            errors[coin] = mine / position.liquidation_price - 1.0
    assert len(errors) == 57
    worst = max(errors, key=lambda coin: abs(errors[coin]))
    print(
        f"57 liquidation prices of the venue (56 and the anchor), worst {worst} {errors[worst]:.1e}"
    )
    assert abs(errors[worst]) < 1e-8
