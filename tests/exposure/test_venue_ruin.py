"""When a venue's insurance layer is ruined, and who pays: hand-worked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_cases import (
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

from seawall.cascade.tape import NEVER
from seawall.exposure import check
from seawall.exposure.impairment import venue_impairment
from seawall.venues import Collateral, Liquidation, Rulebook

PERPETUAL = perpetual("BTC-PERP", "BTC")
TAKES_OVER = Liquidation("orderbook", backstop_ratio=0.66)


def longs(*cash: float) -> list[Trader]:
    """Accounts of 10 BTC bought at 100,000 with this much cash."""
    return [Trader("v", [Held("BTC-PERP", 10, 100_000.0)], {"USD": c}) for c in cash]


def ruin(rulebook: Rulebook, traders: list[Trader], *prices: float) -> tuple[int, int, float]:
    """First step at which the venue, and any venue, is ruined, and its bad debt at the end."""
    case = tiny_case(traders, [PERPETUAL], {"v": rulebook}, {"BTC": coin(100_000.0)})
    setup, tape, _ = run_case(case, paths_of(case, BTC=prices))
    own, anyone = venue_impairment(setup, tape, 0), venue_impairment(setup, tape, None)
    return int(own.step[0]), int(anyone.step[0]), float(own.loss[0, -1])


@pytest.mark.parametrize(("capital", "step"), [(1_000.0, 1), (69_000.0, 1), (71_000.0, NEVER)])
def test_a_vault_that_pays_more_than_it_holds_is_ruined(capital, step):
    """10 BTC fall by 10,000 each on 30,000 of cash: the vault of last resort owes 70,000."""
    venue = perpetuals_venue(("backstop",), backstop=capital, liquidation=TAKES_OVER)
    assert ruin(venue, longs(30_000.0), 100_000, 90_000, 90_000) == (step, step, 70_000.0)


@pytest.mark.parametrize(("capital", "step"), [(1_000.0, 1), (2_500.0, NEVER)])
def test_what_a_vault_took_over_counts_as_its_capital(capital, step):
    """At 97,400 one account has 4,000 left, which the vault takes; another owes 6,000."""
    venue = perpetuals_venue(("backstop",), backstop=capital, liquidation=TAKES_OVER)
    found = ruin(venue, longs(30_000.0, 20_000.0), 100_000, 97_400, 97_400)
    assert found == (step, step, pytest.approx(6_000.0))


@pytest.mark.parametrize(("fund", "step"), [(0.0, 3), (1e8, NEVER)])
def test_debt_still_open_at_the_end_is_ruin_only_beyond_what_the_fund_holds(fund, step):
    """A partly closed account waits below zero when the run ends."""
    slow = Liquidation("orderbook", partial_fraction=0.2, partial_above=1e5, cooldown_seconds=600)
    venue = perpetuals_venue(fund=fund, liquidation=slow)
    trader = Trader("v", [Held("BTC-PERP", 2, 100_000.0)], {"USD": 10_000.0})
    own, anyone, debt = ruin(venue, [trader], 100_000, 95_900, 95_900, 93_000)
    assert debt > 0
    assert own == anyone == step


@pytest.mark.parametrize(("fund", "step"), [(0.0, 2), (399_000.0, 2), (401_000.0, NEVER)])
def test_an_insolvent_loan_that_no_keeper_calls_is_ruin_beyond_the_fund(fund, step):
    """1,000 ETH at 2,000 against 2.4 million of debt: 400,000 are missing."""
    venue = lending_venue(
        {"ETH": Collateral(0.8, 0.83, 0.05)}, fund=fund, liquidation=Liquidation("keeper", gas=1e9)
    )
    trader = Trader("v", (), {"ETH": 1_000.0, "USD": -2.4e6})
    case = tiny_case([trader], [], {"v": venue}, {"ETH": coin(3_000.0)})
    setup, tape, _ = run_case(case, paths_of(case, ETH=[3_000, 2_000, 2_000]))
    assert tape.open_deficit[0, 0] == pytest.approx(400_000.0)
    assert venue_impairment(setup, tape, 0).step[0] == step


def test_a_fee_that_the_fund_earns_is_a_negative_part_of_who_pays():
    """The market takes the same whether the fund or a keeper gets the liquidation fee."""
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 1, 100_000.0)], {"USD": 5_000.0}, owner="me")],
        [PERPETUAL],
        {},
        {"BTC": coin(100_000.0, depth=1e9)},
        step_seconds=300.0,
    )
    answers = {}
    for earner in ("fund", "keeper"):
        rule = Liquidation("orderbook", fee=0.005, fee_to=earner)
        venue = perpetuals_venue(liquidation=rule, taker_fee=0.0005)
        answers[earner] = check(replace(case, rulebooks={"v": venue}), paths=50)
    fund, keeper = answers["fund"], answers["keeper"]
    assert fund["who_pays"]["account"] == pytest.approx(keeper["who_pays"]["account"])
    assert fund["who_pays"]["fund"] < -100.0
    assert fund["who_pays"]["keeper"] == 0.0
    assert fund["who_pays_loss"] == pytest.approx(keeper["who_pays_loss"], rel=1e-9)
    assert fund["who_pays"]["fund"] == pytest.approx(
        keeper["who_pays"]["keeper"] + keeper["who_pays"]["fund"], rel=1e-9
    )
