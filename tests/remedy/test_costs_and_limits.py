"""What actions cost, by hand; what brings limits that are not on DRE under their bound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.exposure.concentration import concentration
from seawall.exposure.remedy.action import Kind, deposits, legs_of, reductions
from seawall.exposure.remedy.cost import financing, leg_flow, over, reduction_cost
from seawall.exposure.remedy.edit import applied, edit_of
from seawall.exposure.remedy.lead import chain_seconds, lead
from seawall.exposure.remedy.other_limits import limit_actions
from seawall.market.state import InstrumentState

SPOT = 100_000.0


def desk(**more: float) -> Case:
    """Long 3 BTC in one account and 1 in another, of 20 open; a depth of 1e9, 50M traded a day."""
    return tiny_case(
        [
            Trader("v", [Held("BTC-PERP", 3.0, SPOT)], {QUOTE: 60_000.0}, "harbour"),
            Trader("v", [Held("BTC-PERP", 1.0, SPOT)], {QUOTE: 60_000.0}, "harbour"),
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(taker_fee=4e-4)},
        {"BTC": coin(SPOT, 1e9, daily_volume=5e6, **more)},
        states={"BTC-PERP": InstrumentState(open_interest=20.0)},
    )


def test_money_costs_seven_per_cent_a_year() -> None:
    assert financing(365_000.0) == pytest.approx(70.0)
    assert over(70.0, 43_200.0) == pytest.approx(35.0)


def test_a_sale_costs_half_the_spread_the_fee_and_the_mean_impact() -> None:
    """Half of 3 BTC: 150,000. Half spread 1e-4: 15; fee 4e-4: 60; impact 150,000^2 / 2e9: 11.25."""
    setup = prepare(desk(spread=2e-4))
    assert reduction_cost(setup, 0, 0.5) == pytest.approx(15.0 + 60.0 + 11.25, rel=1e-4)
    assert leg_flow(setup, 0) == (300_000.0, 300_000.0, 0.0)


def test_a_transfer_waits_for_the_chain_where_the_case_states_it() -> None:
    case = desk()
    market = replace(case.market, block_seconds={"v": 12.0})
    setup = prepare(replace(case, market=market))
    (into,) = deposits(setup, [0])
    assert into.kind is Kind.ADD
    assert chain_seconds(setup, 0) == 12.0
    assert lead(setup, into)[0] == 900.0 + 12.0
    assert lead(prepare(case), into)[0] == 900.0


def breached(measure: str, bound: float, value: float) -> dict[str, object]:
    return {
        "name": measure,
        "measure": measure,
        "scope": "desk:harbour",
        "limit": bound,
        "value": value,
        "breached": True,
    }


@pytest.mark.parametrize(
    ("measure", "bound", "sold"),
    # 4 of 20 are 20%: 2 must go. 400,000 at 500,000 a day are .8 days: 100,000 must go.
    [("open_interest_share", 0.1, 2.0), ("days_to_exit", 0.6, 1.0)],
)
def test_the_sale_named_brings_the_limit_just_under(
    measure: str, bound: float, sold: float
) -> None:
    case = desk()
    setup = prepare(case)
    rows = concentration(setup)
    value = rows[0][f"owner_{measure}"]
    (entry,) = limit_actions(setup, [breached(measure, bound, value)], rows)
    (sale,) = entry["actions"]
    assert (sale["account"], sale["asset"], sale["side"]) == ("t0", "BTC-PERP", "long")
    assert sale["amount"] == pytest.approx(sold, rel=1e-6)
    (action,) = reductions(setup, legs_of(setup, 0))
    after = prepare(applied(case, setup, edit_of(setup, action, sale["amount"] / 3.0)))
    left = max(row[f"owner_{measure}"] for row in concentration(after))
    assert bound * (1.0 - 1e-6) < left <= bound


def test_a_sale_larger_than_one_account_goes_on_in_the_next() -> None:
    setup = prepare(desk())
    rows = concentration(setup)
    (entry,) = limit_actions(setup, [breached("open_interest_share", 0.025, 0.2)], rows)
    assert [sale["account"] for sale in entry["actions"]] == ["t0", "t1"]
    assert sum(sale["amount"] for sale in entry["actions"]) == pytest.approx(3.5, rel=1e-6)


def test_longs_and_shorts_that_are_both_too_large_are_both_reduced() -> None:
    """4 long and 3 short of 20 against 10%: 2 of the one and 1 of the other must go."""
    rows: list[dict[str, Any]] = [
        {
            "account": account,
            "owner": "harbour",
            "instrument": "BTC-PERP",
            "side": side,
            "notional": 100_000.0 * size,
            "open_interest_share": size / 20.0,
            "owner_open_interest_share": 0.2,
        }
        for account, side, size in (("t0", "long", 4.0), ("t1", "short", 3.0))
    ]
    (entry,) = limit_actions(prepare(desk()), [breached("open_interest_share", 0.1, 0.2)], rows)
    sold = {sale["side"]: sale["amount"] for sale in entry["actions"]}
    assert sold == pytest.approx({"long": 2.0, "short": 1.0})


def test_value_at_risk_is_in_proportion_and_others_are_named() -> None:
    setup = prepare(desk())
    limits = [breached("var_99", 80.0, 100.0), breached("fund_ruin", 0.01, 0.02)]
    first, second = limit_actions(setup, limits, concentration(setup))
    assert "reduced by 20.0%" in first["sentence"]
    assert second["actions"] == []
    assert limit_actions(setup, [breached("dre", 0.1, 0.2)], []) == []
