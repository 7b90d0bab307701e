"""The framework dydx_v4: by hand, against its exact twin on random accounts, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_accounts import priced_perps

from seawall.foundation.errors import InputError
from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps
from seawall.margin.frameworks import (
    assess_account,
    framework_of,
    margin_table,
)
from seawall.margin.frameworks import exact_requirement as exact_of
from seawall.margin.protocols.dydx_exact_margin import exact_requirement
from seawall.margin.protocols.dydx_margin import DydxMargin, assess
from seawall.venues.preset import rulebook_from

QUANTUM = 1e6
SCALED = "scaled initial fraction"


def rule(**margin: object) -> DydxMargin:
    """The preset's parameters, with some of [margin] replaced."""
    rulebook = rulebook_from({"preset": "dydx_v4", "margin": margin}, file="dydx_v4.toml")
    found: DydxMargin = framework_of(rulebook).read(rulebook, margin_table(rulebook))
    return found


def account(cash: float, held: Perps) -> MarginAccount:
    return MarginAccount("A", "USDC", cash, {}, perps=held)


TWO = account(1_000.0, priced_perps(("BTC", 0.5, 40_000.0, 42_000.0), ("SOL", -10.0, 100.0, 90.0)))


def test_two_positions_by_hand() -> None:
    found = assess(rule(), TWO)
    # 1,000 + 0.5 x 2,000 + 10 x 10
    assert found.requirement.equity == pytest.approx(2_100.0, rel=1e-15)
    assert found.requirement.initial == pytest.approx(21_000 * 0.02 + 900 * 0.10, rel=1e-15)
    assert found.requirement.maintenance == pytest.approx(21_000 * 0.012 + 900 * 0.05, rel=1e-15)
    assert found.working.find("quote balance").value == -18_000.0
    assert found.working.find("net collateral", "SOL-PERP").value == -900.0
    assert found.working.find("maintenance margin", "BTC-PERP", "tier").value == "Large-Cap"
    assert found.working.find("maintenance margin", "SOL-PERP", "initial").value == pytest.approx(
        90
    )
    told = found.working.find("maintenance margin", "SOL-PERP", SCALED).rule
    assert "no open interest given" in told


def test_the_same_in_quantums() -> None:
    exact = exact_requirement(rule(), TWO)
    assert (exact.equity, exact.initial, exact.maintenance) == (
        2_100_000_000,
        510_000_000,
        297_000_000,
    )
    assert (exact.asset, exact.decimals, exact.rounded) == ("USDC", 6, ())
    assert (exact.net_initial, exact.net_maintenance) == (1_590_000_000, 1_803_000_000)
    assert not exact.liquidatable
    line = exact.working.find("maintenance margin", "BTC-PERP")
    assert line.find("base quantums").value == 5_000_000_000
    assert line.find("net notional").value == 21_000_000_000
    assert line.find("initial fraction").value == 20_000
    assert exact.working.find("quote balance").value == -18_000_000_000
    assert not any(isinstance(line.value, float) for line in (exact.working, *exact.working.walk()))


def test_open_interest_and_the_traders_own_fraction_raise_initial_margin_only() -> None:
    # 350,000 SOL at 90 = 31.5M, 11.5/30 of the way: 10% + 90% x 0.38333 = 44.5%.
    busy = rule(markets={"SOL": {"open_interest": 350_000.0}}, own_initial={"BTC": 0.05})
    found = assess(busy, TWO)
    assert found.requirement.initial == pytest.approx(21_000 * 0.05 + 900 * 0.445, rel=1e-12)
    assert found.requirement.maintenance == assess(rule(), TWO).requirement.maintenance
    exact = exact_requirement(busy, TWO)
    assert exact.initial == 1_050_000_000 + 400_500_000
    assert exact.working.find("maintenance margin", "SOL-PERP").find(SCALED).value == 445_000
    full = rule(markets={"SOL": {"open_interest": 10**6}})
    assert assess(full, TWO).requirement.initial == pytest.approx(420 + 900, rel=1e-15)


def test_a_market_that_is_not_listed_has_the_default_tier() -> None:
    alone = account(50.0, priced_perps(("NEW", 10.0, 5.0, 5.0)))
    found = assess(rule(), alone)
    assert (found.requirement.initial, found.requirement.maintenance) == (10.0, 5.0)
    assert "default tier" in found.working.find("maintenance margin", "NEW-PERP", "tier").rule


def test_the_settlement_assets_price_counts_only_for_what_it_is_worth() -> None:
    cheap = assess(rule(), replace(TWO, settle_price=0.9))
    whole = assess(rule(), TWO)
    assert cheap.requirement.equity == pytest.approx(0.9 * float(whole.requirement.equity))
    assert cheap.requirement.maintenance == pytest.approx(
        0.9 * float(whole.requirement.maintenance)
    )


def test_funding_owed_belongs_to_the_quote_balance() -> None:
    owed = replace(TWO, perps=replace(TWO.perps, accrued=np.array([-3.0, 0.5])))
    assert assess(rule(), owed).requirement.equity == pytest.approx(2_097.5, rel=1e-15)
    assert exact_requirement(rule(), owed).equity == 2_097_500_000


def test_what_is_not_whole_is_rounded_and_said() -> None:
    # SOL is counted in 10^-7 coins, cash in millionths.
    odd = account(0.0000005, priced_perps(("SOL", 1.00000004, 1.0, 1.0)))
    exact = exact_requirement(rule(), odd)
    assert exact.working.find("base quantums").value == 10_000_000
    assert exact.equity == 0  # -1,000,000 + 0.5, down, + 1,000,000
    assert exact.rounded == (
        "the size of SOL-PERP is not whole in units of 10^-7 and is rounded to the nearest one",
        "the quote balance is not whole in units of 10^-6 and is rounded down",
    )


RULE = rule()
coins = st.sampled_from(["BTC", "ETH", "SOL", "DOGE", "NEW"])
digits = st.integers(-(10**9), 10**9)
cents = st.integers(1, 10**7)


@settings(deadline=None, max_examples=150)
@given(digits, st.lists(st.tuples(coins, digits, cents, cents), max_size=5), st.integers(0, 10**6))
def test_the_float_margin_is_the_exact_one_within_its_rounding(
    cash: int, rows: list[tuple[str, int, int, int]], interest: int
) -> None:
    """Net notional, initial and maintenance: less than 2 quantums a position, and 1 for the cash.

    Where open interest counts, the venue drops what is below a millionth of the notional.
    """
    sol = replace(RULE.markets["SOL"], open_interest=float(interest))
    rules = replace(RULE, markets={**RULE.markets, "SOL": sol})
    held = priced_perps(
        *(
            (name, float(f"{size}e{rules.market(name).resolution}"), entry / 100, price / 100)
            for name, size, entry, price in rows
        )
    )
    given_account = account(cash / 100, held)
    loose, exact = assess(rules, given_account).requirement, exact_requirement(rules, given_account)
    assert exact.rounded in (
        (),
        ("the quote balance is not whole in units of 10^-6 and is rounded down",),
    )
    notional = float(np.sum(np.abs(held.size) * np.maximum(held.mark, held.entry)))
    # Floats of this size are off by themselves.
    noise = 1e-14 * QUANTUM * (notional + abs(cash))
    count = len(rows)
    assert abs(exact.equity - QUANTUM * float(loose.equity)) < count + 1 + noise + 1e-6
    assert abs(exact.maintenance - QUANTUM * float(loose.maintenance)) < 2 * count + noise + 1e-6
    dropped = 1e-6 * QUANTUM * float(np.sum(np.abs(held.size * held.mark)))
    below = exact.initial - QUANTUM * float(loose.initial)
    assert -2 * count - dropped - noise - 1e-6 < below < 2 * count + noise + 1e-6


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(coins, digits, cents, cents), min_size=2, max_size=5))
def test_positions_add_up_and_nothing_is_netted(rows: list[tuple[str, int, int, int]]) -> None:
    held = [
        (name, float(f"{size}e{RULE.market(name).resolution}"), entry / 100, price / 100)
        for name, size, entry, price in rows
    ]
    whole = exact_requirement(RULE, account(0.0, priced_perps(*held)))
    parts = [exact_requirement(RULE, account(0.0, priced_perps(row))) for row in held]
    assert whole.initial == sum(part.initial for part in parts)
    assert whole.maintenance == sum(part.maintenance for part in parts)


def test_other_holdings_are_refused_or_do_not_count() -> None:
    coin = Balances(("ETH",), np.array([2.0]), np.array([3_000.0]), np.ones(1))
    with_coin = replace(TWO, balances=coin)
    assert assess(rule(), with_coin).requirement == assess(rule(), TWO).requirement
    assert assess(rule(), with_coin).working.find("ETH").value == 0.0
    debt = replace(TWO, balances=replace(coin, quantity=np.array([-2.0])))
    option = replace(TWO, options=Options(names=("BTC-C",)))
    inverse = replace(TWO, perps=replace(TWO.perps, inverse=np.array([False, True])))
    dated = replace(TWO, perps=replace(TWO.perps, seconds=np.array([60.0, np.inf])))
    for wrong, words in (
        (debt, "owes 2 ETH"),
        (option, "holds an option, 'BTC-C'"),
        (inverse, "holds an inverse contract, 'SOL-PERP'"),
        (dated, "holds a dated future, 'BTC-PERP'"),
    ):
        for mode in (assess, exact_requirement):
            with pytest.raises(InputError, match=words):
                mode(rule(), wrong)


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        ({"default_tier": "Lage-Cap"}, "margin.default_tier is 'Lage-Cap'; expected 'Large-Cap'"),
        ({"markets": {"BTC": {"tier": "Big"}}}, "margin.markets.BTC.tier is 'Big'"),
        ({"tiers": {"FX": {"initial": 0.0100005}}}, "whole parts per million"),
        ({"tiers": {"FX": {"open_interest_lower": 2e6}}}, "at most open_interest_upper 1e"),
        ({"tiers": {"FX": {"inital": 0.1}}}, "inital is not a known key"),
        ({"own_initial": {"BTC": 1.5}}, "own_initial.BTC is 1.5"),
        ({"default_resolution": -30}, "a whole number from -18 to 18"),
    ],
)
def test_wrong_parameters_are_named(margin: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        rule(**margin)


def test_exact_mode_by_rulebook() -> None:
    rulebook = rulebook_from({"preset": "dydx_v4"}, file="dydx_v4.toml")
    assert exact_of(rulebook, TWO) == exact_requirement(rule(), TWO)
    assert assess_account(rulebook, TWO).net_maintenance == pytest.approx(1_803.0)
    tiered = rulebook_from({"preset": "hyperliquid"}, file="h.toml")
    with pytest.raises(InputError, match="does not count in whole units; expected a rulebook of"):
        exact_of(tiered, TWO)


def test_the_presets_tiers_are_those_of_its_framework() -> None:
    """[tiers], for `seawall check`, says what [margin] says at low open interest."""
    rulebook = rulebook_from({"preset": "dydx_v4"}, file="dydx_v4.toml")
    rules = rule()
    assert set(rulebook.tiers) == set(rules.markets)
    listed = [(rulebook.tiers[name], rules.market(name)) for name in rules.markets]
    for tiers, market in [*listed, (rulebook.default_tiers, rules.market("unlisted"))]:
        tier = rules.tiers[market.tier]
        assert len(tiers) == 1
        assert 1 / tiers[0].max_leverage == pytest.approx(tier.initial, rel=1e-15)
        assert tiers[0].maintenance_rate == pytest.approx(
            tier.initial * tier.maintenance_of_initial, rel=1e-15
        )
