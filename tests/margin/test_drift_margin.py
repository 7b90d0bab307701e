"""The framework drift_v2: by hand, against its exact twin on random accounts, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_accounts import priced_perps

from seawall.foundation.errors import InputError, MissingRule
from seawall.margin.account.margin_account import Balances, MarginAccount, Options
from seawall.margin.frameworks import framework_of, margin_table
from seawall.margin.protocols.drift_exact_margin import exact_requirement
from seawall.margin.protocols.drift_margin import (
    DriftMargin,
    assess,
    asset_weight,
    liability_weight,
)
from seawall.venues.preset import load_preset, require_rules, rulebook_from

UNIT = 1e6
PERPS = {
    "BTC": {"initial": 0.10, "maintenance": 0.05, "size_factor": 0.05},
    "SOL": {"initial": 0.20, "maintenance": 0.10, "initial_profit_weight": 0.5},
}
ASSETS = {
    "SOL": {
        "decimals": 9,
        "initial_asset_weight": 0.8,
        "maintenance_asset_weight": 0.9,
        "initial_liability_weight": 1.2,
        "maintenance_liability_weight": 1.1,
    }
}
ETH = {**ASSETS["SOL"], "decimals": 8, "size_factor": 0.025}


def rule(**margin: object) -> DriftMargin:
    """Parameters of a rulebook of its own, with some of [margin] added."""
    table = {"perps": PERPS, "assets": {**ASSETS, "ETH": ETH}, **margin}
    raw = {"preset": "drift_v2", "margin": table}
    rulebook = rulebook_from(raw, file="drift.toml")
    found: DriftMargin = framework_of(rulebook).read(rulebook, margin_table(rulebook))
    return found


def balances(*rows: tuple[str, float, float]) -> Balances:
    """Coins from (asset, quantity, price)."""
    return Balances(
        tuple(name for name, *_ in rows),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        np.ones(len(rows)),
    )


# 50 of cash, 4 BTC bought at 90 and now 100, 10 SOL at 20, 3 ETH borrowed at 20.
HELD = MarginAccount(
    "A",
    "USDC",
    50.0,
    {},
    perps=priced_perps(("BTC", 4.0, 90.0, 100.0)),
    balances=balances(("SOL", 10.0, 20.0), ("ETH", -3.0, 20.0)),
)


def test_an_account_by_hand() -> None:
    found = assess(rule(), HELD)
    # 50 + 40 + 200 - 60
    assert found.requirement.equity == pytest.approx(230.0, rel=1e-14)
    # Collateral 50 + 40 + 180, requirement 400 x (0.04 + 0.05 x 2) + 60 x 1.1.
    assert found.net_maintenance == pytest.approx(270 - 56 - 66, rel=1e-13)
    # Collateral 50 + 40 + 160, requirement 400 x (0.08 + 0.10) + 60 x 1.2.
    assert found.net_initial == pytest.approx(250 - 72 - 72, rel=1e-13)
    working = found.working
    assert working.find("collateral").value == pytest.approx(270.0)
    assert working.find("requirement").value == pytest.approx(122.0)
    assert working.find("to leave liquidation").value == pytest.approx(122 + 0.02 * 460)
    assert working.find("shortage").value == 0.0
    assert working.find("BTC-PERP", "maintenance ratio").value == pytest.approx(0.14)
    assert working.find("SOL", "initial").value == pytest.approx(160.0)
    assert working.find("ETH", "maintenance").value == pytest.approx(66.0)


def test_the_same_in_whole_units() -> None:
    exact = exact_requirement(rule(), HELD)
    assert exact.equity == 230_000_000
    assert exact.net_maintenance == 148_000_000
    assert exact.net_initial == 106_000_000
    assert exact.working.find("to leave liquidation").value == 131_200_000
    assert exact.working.find("BTC-PERP", "initial").value == 72_000_000
    assert exact.working.find("ETH", "liability").value == 60_000_000
    assert (exact.asset, exact.decimals, exact.rounded) == ("quote", 6, ())
    assert not any(isinstance(line.value, float) for line in (exact.working, *exact.working.walk()))


def test_a_shortage_is_what_is_missing_with_the_buffer() -> None:
    poor = replace(HELD, cash=-100.0)
    found, exact = assess(rule(), poor), exact_requirement(rule(), poor)
    # Collateral 40 + 180, requirement 122 + 100, liabilities 460 + 100.
    assert found.net_maintenance == pytest.approx(-2.0)
    assert found.requirement.liquidatable
    assert found.working.find("shortage").value == pytest.approx(2 + 0.02 * 560)
    assert exact.working.find("shortage").value == 13_200_000
    assert exact.liquidatable


def test_positive_profit_counts_at_its_weight_and_up_to_a_bound() -> None:
    gain = replace(HELD, perps=priced_perps(("SOL", 10.0, 15.0, 20.0)), balances=Balances())
    full = assess(rule(largest_initial_profit=100.0), gain)
    # Profit 50 counts 25 initially; requirement 200 x 20%.
    assert full.net_initial == pytest.approx(50 + 25 - 40)
    assert full.net_maintenance == pytest.approx(50 + 50 - 20)
    bound = rule(largest_initial_profit=10.0)
    assert assess(bound, gain).net_initial == pytest.approx(50 + 10 - 40)
    assert exact_requirement(bound, gain).net_initial == 20_000_000
    loss = replace(gain, perps=priced_perps(("SOL", 10.0, 25.0, 20.0)))
    assert assess(bound, loss).net_initial == pytest.approx(50 - 50 - 40)


def test_crowded_deposits_and_the_traders_own_ratio_are_initial_only() -> None:
    crowded = {**ASSETS["SOL"], "scale_start": 500.0, "deposits": 100.0}
    rules = rule(assets={"SOL": crowded, "ETH": ETH}, own_ratio=0.30)
    found, exact = assess(rules, HELD), exact_requirement(rules, HELD)
    # The SOL counts at 0.8 / 4 initially; BTC requires 30%.
    assert found.net_initial == pytest.approx(50 + 40 + 40 - 120 - 72)
    assert exact.net_initial == -62_000_000
    assert found.net_maintenance == pytest.approx(148.0)


def test_the_quote_assets_price_counts() -> None:
    cheap = replace(HELD, settle_price=0.9, balances=Balances())
    found, exact = assess(rule(), cheap), exact_requirement(rule(), cheap)
    assert found.requirement.equity == pytest.approx(0.9 * 90)
    assert found.net_maintenance == pytest.approx(0.9 * (90 - 56))
    assert exact.net_maintenance == 30_600_000


RULE = rule()
names = st.sampled_from(["BTC", "SOL"])
coins = st.sampled_from(["SOL", "ETH"])
nano = st.integers(-(10**12), 10**12)
cents = st.integers(1, 10**7)


@settings(deadline=None, max_examples=150)
@given(
    nano,
    st.lists(st.tuples(names, nano, cents, cents), max_size=4),
    st.lists(st.tuples(coins, st.integers(-(10**11), 10**11), cents), max_size=3),
)
def test_the_float_margin_is_the_exact_one_within_its_rounding(
    cash: int,
    rows: list[tuple[str, int, int, int]],
    held: list[tuple[str, int, int]],
) -> None:
    """A few units a holding; where size counts, also 1.2 ten-thousandths of its value."""
    account = MarginAccount(
        "A",
        "USDC",
        float(f"{cash}e-6"),
        {},
        perps=priced_perps(*((n, float(f"{s}e-9"), e / 100, p / 100) for n, s, e, p in rows)),
        balances=balances(*((n, float(f"{s}e-8"), p / 100) for n, s, p in held)),
    )
    loose, exact = assess(RULE, account), exact_requirement(RULE, account)
    gross = float(np.sum(np.abs(account.perps.size) * (account.perps.mark + account.perps.entry)))
    value = float(np.sum(np.abs(account.perps.size * account.perps.mark)))
    value += float(np.sum(np.abs(account.balances.quantity * account.balances.price)))
    few = 4 * (1 + len(rows) + len(held)) + 1e-14 * UNIT * (gross + value + abs(account.cash))
    sized = 1.2e-4 * UNIT * value
    assert abs(exact.equity - UNIT * float(loose.requirement.equity)) <= few
    assert abs(exact.maintenance - UNIT * float(loose.requirement.maintenance)) <= few + sized
    assert abs(exact.initial - UNIT * float(loose.requirement.initial)) <= few + sized


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(names, nano, cents, cents), min_size=1, max_size=4))
def test_without_size_factors_only_units_are_rounded(rows: list[tuple[str, int, int, int]]) -> None:
    rules = replace(RULE, perps={n: replace(p, size_factor=0.0) for n, p in RULE.perps.items()})
    held = priced_perps(*((n, float(f"{s}e-9"), e / 100, p / 100) for n, s, e, p in rows))
    account = MarginAccount("A", "USDC", 0.0, {}, perps=held)
    loose, exact = assess(rules, account), exact_requirement(rules, account)
    noise = 1e-14 * UNIT * float(np.sum(np.abs(held.size) * (held.mark + held.entry)))
    few = 4 * len(rows) + noise
    assert abs(exact.maintenance - UNIT * float(loose.requirement.maintenance)) <= few
    assert abs(exact.initial - UNIT * float(loose.requirement.initial)) <= few


def test_weights_by_hand() -> None:
    assert liability_weight(100.0, 0.1, 1.2) == pytest.approx(1.96)
    assert liability_weight(1.0, 0.1, 1.2) == 1.2
    assert asset_weight(10_000.0, 0.01, 0.8) == pytest.approx(0.55)
    assert asset_weight(100.0, 0.01, 0.8) == 0.8
    assert asset_weight(100.0, 0.0, 0.8) == 0.8


def test_what_is_not_whole_is_rounded_and_said() -> None:
    odd = replace(HELD, perps=priced_perps(("BTC", 1.0, 0.12345678, 1.0)), balances=Balances())
    exact = exact_requirement(rule(), odd)
    # Paid 123,456.78 millionths, counted as 123,457.
    assert exact.equity == 50_000_000 + 1_000_000 - 123_457
    assert exact.rounded == (
        "what was paid for BTC-PERP is not whole in units of 10^-6 and is rounded down",
    )


def test_what_has_no_rule_is_refused() -> None:
    strange = replace(HELD, perps=priced_perps(("XRP", 1.0, 1.0, 1.0)))
    unlisted = replace(HELD, balances=balances(("ABC", 1.0, 1.0)))
    option = replace(HELD, options=Options(names=("BTC-C",)))
    for mode in (assess, exact_requirement):
        with pytest.raises(MissingRule, match=r"no ratios for 'XRP'.*margin.perps.XRP"):
            mode(rule(), strange)
        with pytest.raises(MissingRule, match="no weights for 'ABC'"):
            mode(rule(), unlisted)
        with pytest.raises(InputError, match="holds an option"):
            mode(rule(), option)
    default = rule(default_perp={"initial": 0.5, "maintenance": 0.25})
    assert assess(default, strange).working.find("XRP-PERP", "initial").value == 0.5


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        ({"perps": {"BTC": {"initial": 0.01}}}, "maintenance is 0.05; expected at most initial"),
        ({"perps": {"BTC": {"size_fator": 0.01}}}, "size_fator is not a known key"),
        ({"assets": {"SOL": {"initial_liability_weight": 0.9}}}, "a liability weight from 1"),
        ({"buffer": 2}, "buffer is 2"),
    ],
)
def test_wrong_parameters_are_named(margin: dict[str, dict[str, object]], words: str) -> None:
    merged = {"perps": {n: dict(p) for n, p in PERPS.items()}, "assets": {"SOL": ASSETS["SOL"]}}
    for table, entries in margin.items():
        if isinstance(entries, dict):
            for name, entry in entries.items():
                merged[table][name] = {**merged[table][name], **entry}  # type: ignore[dict-item]
    with pytest.raises(InputError, match=words):
        rule(**merged, **{k: v for k, v in margin.items() if not isinstance(v, dict)})


def test_the_preset_asks_for_the_ratios_that_were_not_found() -> None:
    raw = {"preset": "drift_v2"}
    rulebook = rulebook_from(raw, file="drift.toml")
    assert rulebook.needs[0] == "margin.perps"
    with pytest.raises(MissingRule, match=r"margin\.perps.*margin ratios of the perpetuals"):
        require_rules(rulebook, raw, file="drift.toml")
    assets = load_preset("drift_v2")["margin"]
    assert isinstance(assets, dict)
    # The page's own example: 2,000 SOL keep their weight of 0.8.
    sol = rule().assets["SOL"]
    assert asset_weight(2_000.0, 0.003, sol.initial_asset_weight) == 0.8
    assert asset_weight(2_000.0, 0.003, 1.0) == pytest.approx(0.96987, abs=1e-5)
