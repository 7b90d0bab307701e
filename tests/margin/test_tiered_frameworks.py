"""The frameworks tiered, standard and collateral: workings by hand, and the cascade's margin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from test_assess import cases
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps, SpotPrice
from seawall.margin.frameworks import assess_account
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.margin.view import margin_accounts
from seawall.venues import Tier
from seawall.venues.preset import rulebook_from

TIERS = [
    {"lower_bound": 0, "max_leverage": 50, "maintenance_rate": 0.01},
    {"lower_bound": 100_000, "max_leverage": 20, "maintenance_rate": 0.02},
]
VENUE = {
    "source": "by hand",
    "as_of": "2026-01-01",
    "margin_price": "mark",
    "framework": "tiered",
    "liquidation": {"style": "orderbook"},
    "waterfall": {"layers": ["adl"]},
    "tiers": {"BTC": TIERS},
    "collateral": {"ETH": {"loan_to_value": 0.5, "liquidation_threshold": 0.6}},
}


def venue(**changes):
    return rulebook_from({**VENUE, **changes}, file="venue.toml")


def perps(size: float, entry: float, mark: float, inverse: bool = False, accrued: float = 0.0):
    return Perps(
        names=("P",),
        underlying=("BTC",),
        size=np.array([size]),
        entry=np.array([entry]),
        mark=np.array([mark]),
        confidence=np.ones(1),
        accrued=np.array([accrued]),
        inverse=np.array([inverse]),
        seconds=np.full(1, np.inf),
    )


def account(held: Perps, cash: float, settle: str = "USDT", price: float = 1.0, **parts):
    spot = {"BTC": SpotPrice(50_000.0), "ETH": SpotPrice(2_000.0)}
    return MarginAccount("a", settle, cash, spot, settle_price=price, perps=held, **parts)


def test_a_linear_position_by_hand():
    coins = Balances(("ETH",), np.array([3.0]), np.array([2_000.0]), np.ones(1))
    found = assess_account(
        venue(), account(perps(4.0, 48_000.0, 50_000.0, accrued=-50.0), 9_000.0, balances=coins)
    )
    # 9,000 + 4 x 2,000 - 50 + 6,000; 200,000 x 2% - 1,000 and 6,000 x 40%;
    # initial 200,000 / 20 - 100,000 x 3% and 6,000 x 50%.
    assert float(found.requirement.equity) == 22_950.0
    assert float(found.requirement.maintenance) == pytest.approx(3_000.0 + 2_400.0)
    assert float(found.requirement.initial) == pytest.approx(7_000.0 + 3_000.0)
    assert found.net_maintenance == pytest.approx(17_550.0)
    line = found.working.find("maintenance margin", "P")
    read = {name: line.find(name).value for name in ("notional", "tier", "deduction")}
    assert read == {"notional": 200_000.0, "tier": 2, "deduction": pytest.approx(1_000.0)}
    assert line.find("maintenance rate").value == 0.02
    assert found.working.find("equity", "P").value == pytest.approx(7_950.0)
    assert found.working.find("maintenance margin", "ETH", "maintenance").value == 2_400.0


def test_an_inverse_position_by_hand_with_tiers_in_quote_and_in_coin():
    held = account(perps(-200_000.0, 40_000.0, 50_000.0, inverse=True), 3.0, "BTC", 50_000.0)
    found = assess_account(venue(), held)
    # 3 - 200,000 (1/40,000 - 1/50,000) = 2 coins; (200,000 x 2% - 1,000) / 50,000 = 0.06 coins.
    assert float(found.requirement.equity) == pytest.approx(100_000.0)
    assert float(found.requirement.maintenance) == pytest.approx(3_000.0)
    coin = [{"lower_bound": 0, "max_leverage": 10, "maintenance_rate": 0.03}]
    coin.append({"lower_bound": 2, "max_leverage": 5, "maintenance_rate": 0.05})
    found = assess_account(venue(coin_tiers={"BTC": coin}), held)
    # 4 coins: 4 x 5% - 2 x 2% = 0.16; 4 / 5 - 2 x 10% = 0.6.
    assert float(found.requirement.maintenance) == pytest.approx(8_000.0)
    assert float(found.requirement.initial) == pytest.approx(30_000.0)
    assert found.working.find("maintenance margin", "P", "tier").value == 2


def test_a_position_beyond_the_end_of_the_venues_table_is_said_so_in_the_working():
    def place(size: float) -> str:
        held = account(perps(size, 50_000.0, 50_000.0, inverse=True), 9.0, "BTC", 50_000.0)
        found = assess_account(rulebook_from({"preset": "bitmex"}, file="b.toml"), held)
        return found.working.find("maintenance margin", "P", "tier").rule

    assert place(9.9e6) == "from 0 on, of 4"
    assert place(10e6) == "from 200 on, of 4"
    assert place(33e6) == "from 500 on, of 4, beyond the table's end at 650"


def test_a_traders_own_leverage_raises_initial_margin_only():
    held = account(perps(4.0, 50_000.0, 50_000.0), 9_000.0)
    usual = assess_account(venue(), held).requirement
    own = assess_account(venue(margin={"own_leverage": {"P": 5}}), held).requirement
    assert float(own.initial) == pytest.approx(40_000.0)
    assert float(own.maintenance) == float(usual.maintenance)
    looser = assess_account(venue(margin={"own_leverage": {"P": 100}}), held).requirement
    assert float(looser.initial) == float(usual.initial)


def test_the_closing_fee_is_part_of_maintenance():
    held = account(perps(4.0, 50_000.0, 50_000.0), 9_000.0)
    found = assess_account(venue(closing_fee=0.0005), held).requirement
    # 3,000 + 200,000 x 0.05%; the initial margin is the same.
    assert float(found.maintenance) == pytest.approx(3_100.0)
    assert float(found.initial) == pytest.approx(7_000.0)


def test_what_the_rulebook_lacks_is_said_in_a_sentence():
    held = account(replace(perps(1.0, 50_000.0, 50_000.0), underlying=("SOL",)), 0.0)
    with pytest.raises(MissingRule, match=r"no margin tiers for 'SOL'.*tiers\.SOL"):
        assess_account(venue(), held)
    coin = account(perps(1e5, 50_000.0, 50_000.0, inverse=True), 1.0, "BTC", 50_000.0)
    with pytest.raises(MissingRule, match=r"no tiers in coin for 'BTC'.*coin_tiers\.BTC"):
        assess_account(venue(margin={"inverse_tiers": "coin"}), coin)
    with pytest.raises(InputError, match="own_levrage is not a known key"):
        assess_account(venue(margin={"own_levrage": {}}), held)
    with pytest.raises(MissingRule, match=r"no \[option_margin\]"):
        assess_account(venue(framework="standard"), held)
    option = replace(held, perps=Perps(), options=short_call(1))
    with pytest.raises(MissingRule, match=r"no \[option_margin\].*holds 'C'"):
        assess_account(venue(), option)
    with pytest.raises(InputError, match="which lends; expected balances only"):
        assess_account(venue(framework="collateral"), held)


def short_call(amount: float) -> Options:
    one = np.ones(1)
    return Options(
        names=("C",),
        underlying=("BTC",),
        expiry=("2026-03-27",),
        seconds=np.zeros(1),
        strike=55_000.0 * one,
        call=np.array([True]),
        amount=amount * one,
        forward=60_000.0 * one,
        forward_confidence=one,
        volatility=0.5 * one,
        volatility_confidence=one,
        rate=0.0 * one,
        rate_confidence=one,
        inverse=np.array([True]),
    )


def test_standard_margin_of_an_account_by_hand():
    held = account(perps(-1_000_000.0, 50_000.0, 50_000.0, inverse=True), 10.0, "BTC", 50_000.0)
    held = replace(held, options=short_call(-2.0))
    found = assess_account(rulebook_from({"preset": "deribit"}, file="d.toml"), held)
    # Forward 60,000 at expiry: 5,000 / 60,000 coins each, worth 1 / 12 x 50,000.
    # Out of the money by 5,000 at spot 50,000: initial max(15% - 10%, 10%), maintenance 7.5%.
    # 20 coins short: 1% + 20 x 0.005% and 2% + 0.1%.
    value = 50_000.0 / 12
    assert float(found.requirement.equity) == pytest.approx(500_000.0 - 2 * value)
    assert float(found.requirement.maintenance) == pytest.approx(1e6 * 0.011 + 2 * 3_750.0)
    assert float(found.requirement.initial) == pytest.approx(1e6 * 0.021 + 2 * 5_000.0)
    line = found.working.find("maintenance margin", "C")
    assert line.find("out of the money by").value == 5_000.0
    assert line.find("maintenance of one short").value == pytest.approx(value + 3_750.0)


def test_sol_perpetuals_have_their_own_slope_on_deribit():
    sol = replace(perps(6_000.0, 200.0, 200.0), underlying=("SOL",))
    found = assess_account(rulebook_from({"preset": "deribit"}, file="d.toml"), account(sol, 0.0))
    # The venue's own example: 6,000 SOL at 200 need 84,000 (4% + 3%).
    assert float(found.requirement.initial) == pytest.approx(84_000.0)


def test_a_loan_by_hand():
    terms = {"ETH": {"loan_to_value": 0.75, "liquidation_threshold": 0.8}}
    coins = Balances(
        ("ETH", "DAI"), np.array([3.0, -1_000.0]), np.array([2_000.0, 1.0]), np.ones(2)
    )
    held = account(Perps(), -2_000.0, "USDC", balances=coins)
    found = assess_account(venue(framework="collateral", collateral=terms), held)
    # 6,000 - 3,000; 6,000 x 20% and 25%; health factor 4,800 / 3,000.
    assert float(found.requirement.equity) == pytest.approx(3_000.0)
    assert float(found.requirement.maintenance) == pytest.approx(1_200.0)
    assert float(found.requirement.initial) == pytest.approx(1_500.0)
    assert found.working.find("health factor").value == pytest.approx(1.6)


@given(cases)
@settings(max_examples=60, deadline=None)
def test_the_frameworks_and_the_cascade_agree_on_random_accounts(case):
    """One formula: the margin that the loop tests is the one that a working explains.

    The options venue goes by the mark: by an index away from spot, the loop still takes option
    margins as fractions of spot.
    """
    words = {"options": "standard", "loans": "collateral"}
    rulebooks = {
        name: replace(rulebook, framework=words.get(name, "tiered"))
        for name, rulebook in case.rulebooks.items()
    }
    rulebooks["options"] = replace(rulebooks["options"], margin_price=PriceKind.MARK)
    table = compile_table(case.book, case.market, rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[table.assets[k]].spot for k in table.feed_asset])
    whole = requirement(table, spot)
    traders = np.unique(table.units.account).tolist()
    for trader in traders:
        rulebook = rulebooks[case.book.account_venue[trader]]
        found = [
            assess_account(rulebook, one).requirement
            for one in margin_accounts(
                case.book, case.market, rulebook, trader, case.as_of, case.quote
            )
        ]
        mine = table.units.account == trader
        want = np.stack([whole.equity[mine], whole.initial[mine], whole.maintenance[mine]], axis=1)
        got = np.array([[one.equity, one.initial, one.maintenance] for one in found]).reshape(-1, 3)
        assert held(got) == pytest.approx(held(want), rel=1e-9, abs=1e-5), trader


def held(numbers: np.ndarray) -> np.ndarray:
    """Columns (u, 3) of the accounts that hold anything, each sorted by itself."""
    some = numbers[np.any(np.abs(numbers) > 1e-3, axis=1)]
    return np.sort(some, axis=0)


def test_the_loop_margins_a_coin_tiered_contract_as_its_framework_does():
    coin_tiers = (Tier(0.0, 20.0, 0.01), Tier(1.0, 10.0, 0.03), Tier(4.0, 4.0, 0.1))
    rules = replace(perpetuals_venue(tiers=(Tier(0.0, 5.0, 0.1),)), coin_tiers={"BTC": coin_tiers})
    trader = Trader(
        "v",
        (Held("BTC-COIN", -450_000.0, 95_000.0), Held("BTC-PERP", 0.5, 99_000.0)),
        {"BTC": 0.7, "USD": 30_000.0},
    )
    case = tiny_case(
        [trader],
        (perpetual("BTC-COIN", "BTC", inverse=True), perpetual("BTC-PERP", "BTC")),
        {"v": rules},
        {"BTC": coin(90_000.0)},
    )
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[table.assets[k]].spot for k in table.feed_asset])
    whole = requirement(table, spot)
    # 5 coins: 5 x 10% - 1 x 2% - 4 x 7% = 0.2 coins, 18,000; and 45,000 x 10%.
    assert sorted(whole.maintenance.tolist()) == pytest.approx([4_500.0, 18_000.0])
    found = [
        assess_account(rules, one).requirement
        for one in margin_accounts(case.book, case.market, rules, 0, case.as_of, case.quote)
    ]
    assert sorted(float(one.maintenance) for one in found) == pytest.approx([4_500.0, 18_000.0])
    initial = sorted(float(one.initial) for one in found)
    assert initial == pytest.approx(sorted(whole.initial.tolist()))
