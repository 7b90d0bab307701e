"""Which desk the answer is about, what its warnings say, and how large each asset's book is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.case import Case, Limit
from seawall.exposure import check
from seawall.exposure.check import _gross, _shocked

DAY = 86_400.0
PERPETUAL = perpetual("BTC-PERP", "BTC")


def desks(*limits: Limit, cash: dict[str, float] | None = None) -> Case:
    """Desks that are long 1 BTC, with this much cash."""
    cash = {"A": 90_000.0, "B": 2_500.0} if cash is None else cash
    return tiny_case(
        [
            Trader("v", [Held("BTC-PERP", 1, 100_000.0)], {"USD": money}, owner=owner)
            for owner, money in cash.items()
        ],
        [PERPETUAL],
        {"v": perpetuals_venue()},
        {"BTC": coin(100_000.0, depth=1e9)},
        step_seconds=300.0,
        limits=limits,
    )


def test_the_headline_is_the_desk_whose_limit_is_breached():
    result = check(desks(Limit("b", "dre", "desk:B", 0.3, DAY)), paths=100)
    assert result["headline"] == result["who_pays_scope"] == "desk:B"
    assert result["limits"][0]["breached"]
    assert result["remedy"]["account"] == "t1"
    assert result["first_to_break"][0]["account"] == "t1"
    assert "no DRE limit" not in result["remedy_note"]


def test_the_headline_is_the_first_breached_limits_even_where_another_desk_is_worse():
    limits = Limit("c", "dre", "desk:C", 0.01, DAY), Limit("b", "dre", "desk:B", 0.01, DAY)
    result = check(desks(*limits, cash={"B": 2_500.0, "C": 3_000.0}), paths=100)
    scopes = result["dre"]["scopes"]
    assert scopes["desk:C"]["probability"][-1] < scopes["desk:B"]["probability"][-1]
    assert result["headline"] == "desk:C"
    assert "desk:B" in result["remedy_note"], "the other desk's limit is breached too"


def test_without_a_breach_the_headline_is_the_likeliest_desk_and_the_note_speaks_of_it():
    result = check(desks(), paths=100)
    assert result["headline"] == "desk:B"
    assert result["remedy"] is None
    assert result["remedy_note"] == "no DRE limit of desk:B is breached"


def test_of_two_alike_the_first_of_the_book_is_the_headline():
    assert check(desks(cash={"A": 3_000.0, "B": 3_000.0}), paths=20)["headline"] == "desk:A"


def test_a_case_that_states_no_errors_is_warned_about_its_model_interval():
    case = desks()
    said = [w for w in check(case, paths=4)["warnings"] if "model interval" in w]
    assert len(said) == 1
    assert "volatility_error, branching_error, depth_error" in said[0]
    with_error = replace(case.market.scenario, depth_error=0.1)
    case = replace(case, market=replace(case.market, scenario=with_error))
    assert not [w for w in check(case, paths=4)["warnings"] if "model interval" in w]


def test_an_inverse_contract_weighs_its_size_in_quote():
    case = tiny_case(
        [
            Trader("v", [Held("BTC-INV", 1e5, 100_000.0)], {"BTC": 1.0}, owner="me"),
            Trader("v", [Held("ETH-PERP", 1_000, 3_000.0)], {"USD": 1e6}, owner="me"),
        ],
        [perpetual("BTC-INV", "BTC", inverse=True), perpetual("ETH-PERP", "ETH")],
        {"v": perpetuals_venue()},
        {"BTC": coin(100_000.0), "ETH": coin(3_000.0)},
    )
    setup = prepare(case)
    assert _gross(setup) == {"BTC": pytest.approx(1e5), "ETH": pytest.approx(3e6)}
    assert _shocked(setup) == ("ETH", "BTC")
