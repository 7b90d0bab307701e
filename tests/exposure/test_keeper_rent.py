"""What keepers earned and what it cost solvency, by hand, and in the answer of check."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from summed import summed
from tiny_cases import Trader, coin, lending_venue, paths_of, run_case, tiny_case

from seawall.case import Case
from seawall.casefile import load_case, sample_case, save_case
from seawall.exposure import check
from seawall.exposure.keeper_rent import keeper_money, keeper_rent
from seawall.exposure.system import system_numbers
from seawall.venues import Collateral, Liquidation

TERMS = Collateral(0.8, 0.83, 0.05)


def case(mechanisms: dict[str, Any], gas: float = 0.0) -> Case:
    """A loan of 800 against 10 ETH at 100, and one of 500 that nothing happens to."""
    book = lending_venue({"ETH": TERMS}, liquidation=Liquidation("keeper", gas=gas))
    traders = [Trader("l", (), {"ETH": 10.0, "USD": -debt}) for debt in (800.0, 500.0)]
    return tiny_case(traders, [], {"l": replace(book, mechanisms=mechanisms)}, {"ETH": coin(100.0)})


def test_a_call_that_leaves_bad_debt_by_hand() -> None:
    """At 78 the 10 ETH are worth 780: they repay 780 / 1.05 = 742.86, lenders lose 57.14.

    The gain is 37.14 less 2 of gas = 35.14; half goes for priority as there are two. All of the
    35.14 would have paid lenders: that is what the race cost solvency.
    """
    keepers = {"kinds": [{"count": 2}], "priority_share": 0.5}
    made = case({"keepers": keepers}, gas=2.0)
    setup, tape, _ = run_case(made, paths_of(made, ETH=[100.0, 78.0, 78.0]))
    found = keeper_rent(keeper_money(setup, tape, 2))
    gain = 780.0 - 780.0 / 1.05 - 2.0
    assert found["rent_mean"] == pytest.approx(gain / 2)
    assert found["priority_mean"] == pytest.approx(gain / 2)
    assert tape.socialised.sum() == pytest.approx(800.0 - 780.0 / 1.05)
    assert found["solvency_cost_mean"] == pytest.approx(gain)
    assert (found["auctions"], found["zero_bids"], found["failed_gas_mean"]) == (0, 0, 0.0)
    assert keeper_rent(keeper_money(setup, tape, 0))["rent_mean"] == 0.0
    assert system_numbers(setup, summed(setup, tape, 2), 2)["keepers"] == found


def test_a_call_that_leaves_none_costs_solvency_nothing() -> None:
    made = case({"keepers": {"kinds": [{"count": 2}]}})
    setup, tape, _ = run_case(made, paths_of(made, ETH=[100.0, 95.0, 95.0]))
    found = keeper_rent(keeper_money(setup, tape, 2))
    assert found["rent_mean"] == pytest.approx(40.0)
    assert found["solvency_cost_mean"] == 0.0


def test_an_auction_won_for_nothing_costs_no_more_than_the_debt() -> None:
    """Ten coins worth 950 for nothing: rent 950, bad debt 800, cost 800."""
    batch = {"rule": "batch", "window_seconds": 60.0}
    made = case({"auction": batch, "keepers": {"kinds": [{"count": 1}]}})
    setup, tape, _ = run_case(made, paths_of(made, ETH=[100.0, 95.0, 95.0, 95.0]))
    found = keeper_rent(keeper_money(setup, tape, 3))
    assert found["rent_mean"] == pytest.approx(950.0)
    assert found["solvency_cost_mean"] == pytest.approx(800.0)
    assert (found["auctions"], found["zero_bids"]) == (1, 1)


def test_a_case_without_keepers_says_nothing_of_them() -> None:
    made = case({})
    setup, tape, _ = run_case(made, paths_of(made, ETH=[100.0, 95.0]))
    assert "keepers" not in system_numbers(setup, summed(setup, tape, 1), 1)


def test_check_reports_the_keepers_of_a_saved_case(tmp_path: Path) -> None:
    """The sample's lender with racing keepers, saved, loaded and run."""
    sample = sample_case(30)
    name = next(n for n, book in sample.rulebooks.items() if book.liquidation.style == "keeper")
    keepers = {"kinds": [{"count": 2, "failure": 0.1}, {"count": 1}], "priority_share": 0.5}
    book = replace(sample.rulebooks[name], mechanisms={"keepers": keepers})
    named = replace(sample, rulebooks={**sample.rulebooks, name: book})
    save_case(named, tmp_path / "case")
    loaded = load_case(tmp_path / "case")
    assert loaded.rulebooks[name].mechanisms == {"keepers": keepers}
    answer = check(loaded, paths=20, horizon_seconds=86_400.0, seed=3)
    assert set(answer["system"]["keepers"]) >= {"rent_mean", "solvency_cost_mean", "zero_bids"}
    assert documented() >= set(answer["system"]["keepers"])


def documented() -> set[str]:
    """Names in code on the page of the JSON."""
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    return set(re.findall(r"`(\w+)`", text))
