"""Exact tiered margins by hand (Bybit's BTC table), against the float framework, and refusals."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_accounts import coins, options, perps

from seawall.foundation.errors import InputError, MissingRule
from seawall.margin.account.margin_account import MarginAccount, SpotPrice
from seawall.margin.frameworks import assess_account, counts_exactly, exact_requirement
from seawall.margin.tiered.tiered_exact_margin import exact_tiers
from seawall.venues.preset import rulebook_from

UNIT = 10**8


def bybit(**extra):
    return rulebook_from({"preset": "bybit", **extra}, file="bybit.toml")


TICK = bybit(margin={"rounding": {"decimals": 8, "tick": {"BTC": 0.1}}})


def btc(cash: float, settle: str = "USDT", **held) -> MarginAccount:
    return MarginAccount(
        name="desk",
        settle=settle,
        cash=cash,
        spot={"BTC": SpotPrice(80_000.0), "ETH": SpotPrice(2_500.0)},
        settle_price=80_000.0 if settle == "BTC" else 1.0,
        **held,
    )


def row(size: float, entry: float, mark: float, **more) -> dict:
    return {
        "name": "BTCUSDT",
        "underlying": "BTC",
        "size": size,
        "entry": entry,
        "mark": mark,
        **more,
    }


LONG = btc(50_000.0, perps=perps(row(30.0, 80_000.0, 80_100.0)))


def test_a_linear_position_in_the_second_tier_by_hand():
    """2,403,000 x 0.56% - 1,200; at 1/90: 26,700 less 2,000,000 (1/90 - 1/100)."""
    got = exact_requirement(TICK, LONG)
    assert (got.asset, got.decimals) == ("USDT", 8)
    assert got.equity == 53_000 * UNIT
    assert got.maintenance == 1_225_680_000_000  # 12,256.8
    assert got.initial == 2_447_777_777_778  # 24,477.777..., up
    position = got.working.find("BTCUSDT")
    assert position.find("tier").value == 2
    assert position.find("deduction").value == "1200"
    assert got.rounded == ("initial is kept exact and shown in units of 10^-8 USDT, rounded up",)
    assert not any(isinstance(line.value, float) for line in (got.working, *got.working.walk()))


def test_its_liquidation_price_is_rounded_up_to_the_tick():
    """(2,400,000 - 50,000 - 1,200) / (30 x 0.9944) = 78,734.245...: 787,343 ticks of 0.1."""
    line = exact_requirement(TICK, LONG).working.find("liquidation price")
    assert (line.value, line.unit) == (787_343, "ticks of 1/10")
    exact = exact_requirement(bybit(), LONG).working.find("liquidation price")
    assert Fraction(str(exact.value)) == Fraction(2_348_800, 1) / Fraction("29.832")
    assert "no tick" in exact.rule
    short = btc(50_000.0, perps=perps(row(-30.0, 80_000.0, 80_100.0)))
    # (2,400,000 + 51,200) / (30 x 1.0056) = 81,251.657...
    assert exact_requirement(TICK, short).working.find("liquidation price").value == 812_517


def test_the_tier_is_that_of_the_notional_at_the_liquidation_price():
    """26 BTC are worth 2,080,000 now and less than 2,000,000 where they are liquidated."""
    held = btc(120_000.0, perps=perps(row(26.0, 80_000.0, 80_000.0)))
    price = exact_requirement(bybit(), held).working.find("liquidation price").value
    # (2,080,000 - 120,000) / (26 x 0.995), tier 1
    assert Fraction(str(price)) == Fraction(1_960_000) / Fraction("25.87")


def test_an_inverse_position_in_coin_by_hand():
    """800,000 contracts: equity 1 + 10 - 10.2564..., maintenance 4,000 / 78,000 coins."""
    held = row(800_000.0, 80_000.0, 78_000.0, inverse=True, name="BTCUSD")
    half = bybit(margin={"rounding": {"decimals": 8, "tick": {"BTC": 0.5}}})
    got = exact_requirement(half, btc(1.0, "BTC", perps=perps(held)))
    assert got.equity == 74_358_974  # 0.743589743..., down
    assert got.maintenance == 5_128_206  # 0.051282051..., up
    # 800,000 x 1.005 / 11 coins = 73,090.909..., up to a tick of 0.5
    assert got.working.find("liquidation price").value == 2 * 73_091


def test_own_leverage_accrued_cash_and_coins():
    rules = bybit(
        margin={"rounding": {"decimals": 2}, "own_leverage": {"BTCUSDT": 8.0}},
        collateral={"ETH": {"loan_to_value": 0.8, "liquidation_threshold": 0.9}},
    )
    held = btc(
        0.1,
        perps=perps(row(1.0, 80_000.0, 80_000.0, accrued=0.2)),
        balances=coins(("ETH", 2.0, 2_500.0, 1.0)),
    )
    got = exact_requirement(rules, held)
    assert got.equity == 500_030  # 0.1 + 0.2 + 5,000: no binary rounding
    assert got.initial == 1_100_000  # 80,000 / 8 + 20% of 5,000
    assert got.maintenance == 90_000  # 400 + 10% of 5,000
    assert got.rounded == ()


def test_two_positions_on_one_coin_have_no_price_of_their_own():
    two = perps(row(1.0, 80_000.0, 80_000.0), row(2.0, 80_000.0, 80_000.0, name="BTC-PERP"))
    got = exact_requirement(TICK, btc(10_000.0, perps=two))
    assert got.maintenance == 1_200 * UNIT
    assert got.working.find("BTC-PERP", "liquidation price").value is None


def test_deductions_are_exact_and_those_the_venue_publishes():
    tiers = exact_tiers(bybit().tiers["BTC"])
    assert tiers[1].deduction == 1_200
    assert tiers[-1].deduction == 1_482_000
    for below, above in itertools.pairwise(tiers):
        at = above.start
        assert at * below.rate - below.deduction == at * above.rate - above.deduction


@settings(deadline=None, max_examples=60)
@given(
    size=st.floats(-900.0, 900.0).filter(lambda x: abs(x) > 1e-3),
    mark=st.floats(20_000.0, 80_000.0),
    cash=st.floats(-1e6, 1e6),
    inverse=st.booleans(),
)
def test_it_equals_the_float_framework(size, mark, cash, inverse) -> None:
    contracts = size * 80_000.0 if inverse else size
    settle = "BTC" if inverse else "USDT"
    held = row(contracts, 70_000.0, mark, inverse=inverse)
    account = btc(cash / 80_000.0 if inverse else cash, settle, perps=perps(held))
    exact, float_ = exact_requirement(TICK, account), assess_account(TICK, account).requirement
    for name in ("equity", "initial", "maintenance"):
        want = float(getattr(float_, name)) / account.settle_price
        scale = 1e-13 * abs(size) * 8e4
        assert getattr(exact, name) / UNIT == pytest.approx(want, rel=1e-12, abs=scale + 2e-8), name


def test_the_exact_price_is_where_the_float_margin_is_met() -> None:
    price = Fraction(str(exact_requirement(bybit(), LONG).working.find("liquidation price").value))
    there = replace(LONG.perps, mark=np.array([float(price)]))
    due = assess_account(TICK, replace(LONG, perps=there)).requirement
    assert float(due.equity) == pytest.approx(float(due.maintenance), abs=1e-6)


def test_refusals_are_sentences():
    hyperliquid = rulebook_from({"preset": "hyperliquid"}, file="h.toml")
    assert counts_exactly(bybit()) and not counts_exactly(hyperliquid)
    with pytest.raises(InputError, match="does not count in whole units"):
        exact_requirement(hyperliquid, LONG)
    with pytest.raises(InputError, match="an option"):
        exact_requirement(TICK, btc(1.0, options=options({"underlying": "BTC"})))
    whole = replace(TICK, tier_form="whole")
    with pytest.raises(InputError, match="on the whole position"):
        exact_requirement(whole, LONG)
    eth = btc(1.0, perps=perps({"underlying": "ETH", "size": 1.0}))
    with pytest.raises(MissingRule, match="no margin tiers for 'ETH'"):
        exact_requirement(TICK, eth)
    with pytest.raises(InputError, match="decimals"):
        exact_requirement(bybit(margin={"rounding": {"decimals": 40}}), LONG)
