"""Unilateral deviation: a planted bad rule is reported, a good one is not; depositors by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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

from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.mechanism.deposits import deposit_value
from seawall.mechanism.deviation import best, deviation, grid, verdict
from seawall.mechanism.paired_runs import Plan
from seawall.venues import Collateral

HOUR = {"horizon_seconds": 3_600.0, "paths": 80}


def crowd(slots: dict[str, Any]) -> Case:
    """Five longs at twenty times their equity, at a venue that takes 1% of what is traded."""
    traders = [
        Trader("perps", [Held("COIN-P", size, 100.0)], {QUOTE: 5.0 * size})
        for size in (1.0, 2.0, 3.0, 4.0, 5.0)
    ]
    rules = perpetuals_venue(mechanisms=slots, taker_fee=0.01)
    return tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0)}
    )


def test_a_dominated_rule_is_reported_by_name() -> None:
    # Stops at 0.2%, met in most hours, each costs 1% of a notional of twenty times equity: a fifth
    # of it. Whoever has none keeps that, and the price has no drift.
    case = crowd({"stops": {"share": 1.0, "median": 0.002, "log_sd": 0.0}})
    found = deviation(case, **HOUR)["rules"]
    assert [row["who"] for row in found] == ["small", "median", "large"]
    for row in found:
        assert row["slot"] == "stops" and row["verdict"] == "gains"
        assert row["deviation"] in ("never", "at 0.40%")
        assert 0.05 < row["tried"]["never"] < 0.21
    # Closer stops are met more often still.
    assert all(row["tried"]["at 0.05%"] < 0.0 for row in found)


def test_a_rule_that_nothing_beats_is_not() -> None:
    # Whoever sells pays 1% of what it sells and gets nothing for it: never to sell is best.
    case = crowd({"delever": {"trigger": 21.0, "target": 10.0, "probability": 0.0}})
    found = deviation(case, **HOUR)["rules"]
    assert len(found) == 3
    for row in found:
        assert row["verdict"] == "under"
        assert row["gain"]["high"] <= 0.01
        assert row["tried"]["at once"] < 0.0
        assert row["tried"]["never"] == 0.0


def test_who_starts_with_nothing_has_no_share_to_gain() -> None:
    # Three of the five are bankrupt at the start; a gain over negative equity has the wrong sign.
    case = crowd({"delever": {"trigger": 21.0, "target": 10.0, "probability": 0.0}})
    quantity = case.book.quantity.copy()
    poor = np.isin(case.book.balance_account, [0, 2, 4])
    quantity[poor] = -1.0
    found = deviation(replace(case, book=replace(case.book, quantity=quantity)), **HOUR)["rules"]
    assert [row["equity"] for row in found] == [10.0, 10.0, 20.0]


def test_a_pool_without_deposits_has_no_depositor_to_ask() -> None:
    slot = {"rule": "pool", "base": 0.05, "utilisation": 0.8}
    lender = replace(lending_venue({"COIN": Collateral(0.7, 0.8, 0.05)}), mechanisms={"run": slot})
    case = crowd({"stops": {"share": 1.0, "median": 0.002, "log_sd": 0.0}})
    found = deviation(replace(case, rulebooks={**case.rulebooks, "lender": lender}), **HOUR)
    assert {row["slot"] for row in found["rules"]} == {"stops"}


def test_verdicts() -> None:
    assert verdict({"value": 0.004, "low": -0.002, "high": 0.009}) == "under"
    assert verdict({"value": 0.03, "low": 0.001, "high": 0.06}) == "gains"
    assert verdict({"value": 0.03, "low": -0.001, "high": 0.06}) == "undecided"
    assert verdict({"value": 0.005, "low": 0.001, "high": 0.02}) == "undecided"


def test_the_best_is_chosen_on_other_paths_than_it_is_measured_on() -> None:
    # Alike on all paths but by luck: what is best on the even ones is not so on the odd ones.
    base = {"wealth": np.full(40, 100.0), "closed": np.zeros(40)}
    luck = np.where(np.arange(40) % 2 == 0, 150.0, 90.0)
    tried = {"lucky": {"wealth": luck, "closed": np.zeros(40)}, "never": base}
    found = best(base, tried, 100.0, Plan(40, 1, 1))
    assert found["deviation"] == "lucky"
    assert found["gain"]["value"] == pytest.approx(-0.1)
    assert found["verdict"] == "under"


def test_grids_hold_never_and_at_once() -> None:
    top = grid("top_up", {"trigger": 2.0, "restore": 2.5})
    assert top["never"] == {"probability": 0.0}
    assert top["from 3 x maintenance"]["restore"] == 3.0
    assert grid("stops", {"median": 0.8})["at 100.00%"] == {"distance": 1.0}


@pytest.mark.parametrize(("first", "worth"), [("stays", 227.5), ("leaves", 250.0)])
def test_a_depositor_s_money_by_hand(first: str, worth: float) -> None:
    # A vault of 1,000 and four depositors pays a deficit of 90: who stays loses a quarter of it.
    slot = {"rule": "vault", "depositors": 4, "base": 1e-6, "first": first}
    rules = perpetuals_venue(("backstop", "socialised"), backstop=1_000.0, mechanisms={"run": slot})
    traders = [
        Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 110.0}),
        Trader("perps", [Held("COIN-P", -10.0, 100.0)], {QUOTE: 2_000.0}),
    ]
    case = tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0)}
    )
    setup, tape, state = run_case(case, paths_of(case, COIN=[100, 100, 80]))
    start, end = deposit_value(setup, tape, state, 0)
    assert start == pytest.approx([250.0])
    assert end == pytest.approx([worth])


def test_a_case_in_which_nobody_behaves_is_refused() -> None:
    with pytest.raises(InputError, match="how accounts behave"):
        deviation(crowd({}))
