"""The presets of Derive and Paradex, read and used; what is missing or unknown is a sentence."""

from __future__ import annotations

import time

import numpy as np
import pytest
from small_accounts import DAY, account, coins, options, perps

from seawall.foundation.errors import InputError, MissingRule
from seawall.margin.account.margin_account import SpotPrice
from seawall.margin.frameworks import assess_account, framework_of, margin_table
from seawall.margin.rules import rules_of
from seawall.venues import Rulebook
from seawall.venues.preset import load_preset, rulebook_from

NAMES = ("derive_standard", "derive_pmrm_v1", "derive_pmrm_v2", "paradex")


def preset(name: str, **margin: object) -> Rulebook:
    over = {"margin": margin} if margin else {}
    return rulebook_from({"preset": name, **over}, file="mine.toml")


def large_book(count: int):
    """``count`` options of ten expiries with a hedge."""
    draw = np.random.default_rng(1)
    rows = [
        {
            "name": f"option {n}",
            "expiry": str(n % 10),
            "seconds": (3 + 20 * (n % 10)) * DAY,
            "strike": 500.0 + 10 * (n // 10) + n % 10,
            "call": bool(n % 2),
            "amount": float(draw.normal(0, 5)),
            "volatility": 0.6,
        }
        for n in range(count)
    ]
    return account(
        cash=1e5, options=options(*rows), perps=perps({}), balances=coins(("ETH", 5, 1000.0, 1.0))
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_margins_a_book(name):
    margin = assess_account(preset(name), large_book(40))
    r = margin.requirement
    assert np.isfinite([r.equity, r.initial, r.maintenance]).all()
    assert 0 < float(r.maintenance) < float(r.initial)


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_says_where_its_numbers_are_from(name):
    raw = load_preset(name)
    assert "docs." in str(raw["source"]) and raw["as_of"]


def test_the_shares_that_the_pages_print():
    rules = rules_of(preset("derive_standard")).parameters
    assert {
        name: (m.perp.maintenance, m.perp.initial) for name, m in rules.markets.items() if m.perp
    } == {
        "BTC": (0.05, 0.066),
        "ETH": (0.05, 0.066),
        "SOL": (0.067, 0.077),
        "HYPE": (0.08, 0.1),
        "XRP": (0.067, 0.1),
        "ZEC": (0.1, 0.15),
        "LIT": (0.1, 0.15),
        "PUMP": (0.1, 0.15),
        "XAUT": (0.08, 0.1),
        "ADA": (0.15, 0.2),
        "VVV": (0.15, 0.2),
        "CC": (0.1, 0.15),
        "LINK": (0.067, 0.1),
    }
    v2 = rules_of(preset("derive_pmrm_v2")).parameters
    assert [len(v2.of(name).scenarios) for name in ("ETH", "BTC", "SOL", "HYPE")] == [
        33,
        33,
        33,
        32,
    ]
    assert v2.of("SOL").scenarios[1].spot_shock == 1.2025
    assert v2.of("SOL").volatility.short_power == 0.3  # shared with the others
    assert len(rules_of(preset("paradex")).parameters.markets.of("BTC").rows) == 24


def test_a_short_perpetual_under_each_preset_by_hand():
    """One ETH at 1,000. Paradex: 16% and half of it. Derive standard: 6.6% and 5%."""
    book = account(perps=perps({"size": -1.0}))

    def needs(name: str) -> tuple[float, float]:
        r = assess_account(preset(name), book).requirement
        return float(r.initial), float(r.maintenance)

    assert needs("derive_standard") == pytest.approx((66.0, 50.0))
    # Up 20%, and 3% of contingency, x 1.25.
    assert needs("derive_pmrm_v1") == pytest.approx((230 * 1.25, 230.0))
    # Up 18% with 4% and 3%; maintenance 80% of the loss. Up 50% x 0.27 is less.
    assert needs("derive_pmrm_v2") == pytest.approx((180 + 40, 0.8 * 180 + 30))
    assert needs("paradex") == pytest.approx((160.0, 80.0))


def test_a_stable_coin_off_its_peg_scales_the_answer_into_quote():
    book = account(cash=1000.0, stable=0.5, balances=coins(("DOGE", 1.0, 7.0, 1.0)))
    for name in ("derive_standard", "derive_pmrm_v1", "derive_pmrm_v2"):
        margin = assess_account(preset(name), book)
        assert margin.requirement.equity == pytest.approx(507.0)
        assert margin.net_maintenance == pytest.approx(500.0)  # DOGE is no collateral


def test_an_account_paid_in_coin_holds_it_as_collateral():
    """10 ETH of cash settled in ETH is 10 ETH of collateral, not 10 dollars."""
    inverse = perps({"size": 1000.0, "inverse": True, "entry": 1000.0})
    book = account(cash=10.0, settle="ETH", stable=1000.0, perps=inverse)
    for name in ("derive_standard", "derive_pmrm_v1", "derive_pmrm_v2", "paradex"):
        assert assess_account(preset(name), book).requirement.equity == pytest.approx(10_000.0)


def test_coins_alone_need_no_market_of_their_own():
    book = account(
        cash=-100.0,
        balances=coins(("wstETH", 1.0, 1200.0, 1.0)),
        prices={"wstETH": SpotPrice(1200.0)},
    )
    # The first market listed is ETH, with which wstETH moves: 18% down, 5.6% and 10% off.
    margin = assess_account(preset("derive_pmrm_v2"), book)
    assert margin.net_maintenance == pytest.approx(1200 * (1 - 0.056 - 0.8 * 0.18) - 100)
    assert margin.net_initial == pytest.approx(1200 * (1 - 0.1 - 0.18) - 100)
    # Version 1 takes the market's own coin only.
    margin = assess_account(preset("derive_pmrm_v1"), book)
    assert margin.requirement.equity == pytest.approx(1100.0)
    assert (margin.net_initial, margin.net_maintenance) == pytest.approx((-100.0, -100.0))


def test_a_missing_and_an_unknown_number_are_sentences():
    raw = {"framework": "pmrm_v1", "source": "me", "as_of": "2026-01-01", "margin_price": "mark"}
    raw |= {"liquidation": {"style": "orderbook"}, "waterfall": {"layers": ["fund"]}}
    bare = rulebook_from({**raw, "margin": {"scenarios": []}}, file="mine.toml")
    with pytest.raises(InputError, match=r"rulebook 'mine': margin\.volatility is missing"):
        framework_of(bare).read(bare, margin_table(bare))
    with pytest.raises(InputError, match=r"margin\.basis_ad is not a known key"):
        rules_of(preset("derive_pmrm_v1", basis_ad=1.0))
    with pytest.raises(InputError, match=r"markets\.SOL\.basis\.upp is not a known key"):
        rules_of(preset("derive_pmrm_v2", markets={"SOL": {"basis": {"upp": 1.0}}}))
    wrong = [{"spot_shock": 1.1, "volatility": "upwards"}]
    with pytest.raises(InputError, match="'upwards'"):
        rules_of(preset("derive_pmrm_v2", scenarios=wrong))
    perp = {"maintenance": 5, "initial": 6}
    with pytest.raises(InputError, match=r"perp\.maintenance is 5"):
        rules_of(preset("derive_standard", markets={"BTC": {"perp": perp}}))
    doge = account(perps=perps({"underlying": "DOGE"}), prices={"DOGE": SpotPrice(1000.0)})
    with pytest.raises(MissingRule, match="mine has no margin numbers for DOGE"):
        assess_account(preset("derive_pmrm_v2"), doge)


@pytest.mark.parametrize("name", NAMES)
def test_five_hundred_options_take_well_under_the_whatif_limit(name):
    """whatif has 100 ms for two calls on 500 legs; the least of five is far from it even so."""
    rules, book = rules_of(preset(name)), large_book(500)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        rules.assess(book)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1
    print(f"{name}: 500 options in {1e3 * min(seconds):.1f} ms")


@pytest.mark.parametrize("name", ["derive_pmrm_v1", "derive_pmrm_v2"])
def test_coins_alone_name_the_market_whose_numbers_serve_them(name):
    rulebook = preset(name)
    first, *_ = rulebook.margin["markets"]
    alone = account(cash=100.0, prices={"XRP": SpotPrice(2.0)}, balances=coins(("XRP", 5, 2, 1)))
    line = assess_account(rulebook, alone).working.find("market")
    assert line.value == first and "the first that the rulebook lists" in line.rule
    for known in (account(cash=100.0), account(perps=perps({}))):
        names = [part.name for part in assess_account(rulebook, known).working.walk()]
        assert "market" not in names
