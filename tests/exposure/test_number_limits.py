"""Every number of the report can be limited by its path; states, breachers, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from seawall.case import Case, Limit
from seawall.case.case import NUMBER
from seawall.case.number_path import known_path, read_path, unit_of
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.exposure.limit_row import Measured, limit_row
from seawall.exposure.number_at import leaves, paths
from seawall.exposure.number_limits import with_numbers
from seawall.foundation.errors import InputError
from seawall.report.jsonfile import dumps

HOUR = 3_600.0
PAID_KEYS = ("who_pays", "who_pays_low", "who_pays_high")


@pytest.fixture(scope="module")
def case() -> Case:
    return replace(sample_case(crowd=40), limits=())


@pytest.fixture(scope="module")
def result(case: Case) -> dict[str, Any]:
    found = check(case, horizon_seconds=4 * HOUR, paths=40, seed=1, parts_by=("venue",))
    read: dict[str, Any] = json.loads(dumps(found))
    return read


def held(
    case: Case, result: dict[str, Any], path: str, bound: float, **more: Any
) -> dict[str, Any]:
    limit = Limit("mine", NUMBER, "", bound, number=path, **more)
    asked = replace(case, limits=(limit,))
    return with_numbers(asked, result | {"limits": [{"name": "mine"}]})[0]


def names_of(case: Case) -> list[str]:
    return [
        *(f"desk:{owner}" for owner in case.book.account_owner),
        *(f"desk:{owner}/loss" for owner in case.book.account_owner),
        *(f"venue:{venue}" for venue in case.rulebooks),
        *("protocol", *case.rulebooks, *case.market.assets),
    ]


def test_every_number_of_the_sample_is_limited_once(case: Case, result: dict[str, Any]) -> None:
    numbers = list(paths(result))
    assert len({path for path, _ in numbers}) == len(numbers) > 2_000
    tops = {path.split(".")[0].split("[")[0] for path, _ in numbers}
    assert {"dre", "system", "tail", "concentration", "first_to_break", "parts_by"} <= tops
    limits = tuple(
        Limit(path, NUMBER, "", (0.0 if value is None else value) - 1.0, number=path)
        for path, value in numbers
    )
    blank = [{"name": limit.name} for limit in limits]
    rows = with_numbers(replace(case, limits=limits), result | {"limits": blank})
    for (path, value), row in zip(numbers, rows, strict=True):
        assert row["value"] == value, path
        assert row["breached"] == (value is not None), path
    for path, _ in numbers:
        known_path(path, names_of(case))  # and each key of each has a definition


# Read from the result by hand in the second column.
BY_HAND = [
    ("system.value_at_risk", lambda r: r["system"]["value_at_risk"]),
    (
        "dre.scopes.desk:harbour.parts.latency",
        lambda r: r["dre"]["scopes"]["desk:harbour"]["parts"][-1]["latency"],
    ),
    ("tail.desks[harbour].exit.exit_cost", lambda r: r["tail"]["desks"][0]["exit"]["exit_cost"]),
    (
        "tail.desks[harbour].rows[monte_carlo].value_at_risk[0.975]",
        lambda r: r["tail"]["desks"][0]["rows"][0]["value_at_risk"][1],
    ),
    (
        "tail.desks[harbour].by_horizon[1h].value_at_risk[0.95]",
        lambda r: r["tail"]["desks"][0]["by_horizon"][0]["value_at_risk"][0],
    ),
    (
        "system.amplification.SOL[-0.10]",
        lambda r: next(
            x["ratio"] for x in r["system"]["amplification"]["SOL"] if x["shock"] == -0.1
        ),
    ),
    (
        "concentration[harbour/perp-main, HYPE-PERP].notional",
        lambda r: next(x["notional"] for x in r["concentration"] if x["instrument"] == "HYPE-PERP"),
    ),
    ("concentration[*].exit_cost", lambda r: max(x["exit_cost"] for x in r["concentration"])),
    ("concentration[#2].exit_cost", lambda r: r["concentration"][1]["exit_cost"]),
    (
        "counterparty.counterparties[meridian].claims",
        lambda r: next(
            x["claims"] for x in r["counterparty"]["counterparties"] if x["name"] == "meridian"
        ),
    ),
    ("system.venues[*].fund", lambda r: max(x["fund"] for x in r["system"]["venues"].values())),
]


@pytest.mark.parametrize(("path", "expected"), BY_HAND, ids=[path for path, _ in BY_HAND])
def test_a_path_leads_to_its_number(case, result, path, expected) -> None:
    assert held(case, result, path, 1e12)["value"] == expected(result)


def test_lists_along_horizons_are_read_at_the_limits_horizon(case, result) -> None:
    scope, path = result["dre"]["scopes"]["desk:harbour"], "dre.scopes.desk:harbour.probability"
    assert result["dre"]["horizons_seconds"] == [HOUR, 4 * HOUR]
    for k, seconds in enumerate((HOUR, 4 * HOUR)):
        row = held(case, result, path, 0.5, horizon_seconds=seconds)
        assert row["value"] == scope["probability"][k]
        assert (row["low"], row["high"]) == (scope["low"][k], scope["high"][k])
    assert held(case, result, path, 0.5)["value"] == scope["probability"][1]
    beyond = held(case, result, path, 0.5, horizon_seconds=24 * HOUR)
    assert (beyond["value"], beyond["state"], beyond["breached"]) == (None, "no value", False)


def test_the_worst_of_several_is_limited_and_named(case, result) -> None:
    row = held(case, result, "concentration[*].notional", 1.0)
    worst = max(result["concentration"], key=lambda x: x["notional"])
    assert row["value"] == worst["notional"]
    assert worst["instrument"] in row["breacher"]
    assert worst["account"] in row["breacher"]
    assert row["scope"] == "desk:harbour"
    least = min(x["notional"] for x in result["concentration"])
    limit = Limit("mine", NUMBER, "", number="concentration[*].notional", minimum=1e12)
    (low,) = with_numbers(replace(case, limits=(limit,)), result | {"limits": [{"name": "mine"}]})
    assert (low["value"], low["breached"], low["bound"]) == (least, True, "minimum")


@pytest.mark.parametrize(
    ("path", "end", "expected"),
    [
        ("dre.scopes.protocol.probability", "high", ("dre", "scopes", "protocol", "high", -1)),
        (
            "dre.scopes.desk:harbour.parts.price",
            "low",
            ("dre", "scopes", "desk:harbour", "parts", -1, "low", "price"),
        ),
        ("system.liquidations_at_risk", "high", ("system", "liquidations_at_risk_high")),
    ],
)
def test_the_end_of_an_interval_can_be_limited(case, result, path, end, expected) -> None:
    value: Any = result
    for key in expected:
        value = value[key]
    assert held(case, result, path, 1e12, end=end)["value"] == value


def test_a_chance_of_which_no_path_shows_a_case_is_not_resolved(case, result) -> None:
    """0 of 40 paths: Wilson's upper end is 8.8%, beyond a limit of 5%."""
    path = "dre.scopes.venue:causeway.probability"
    assert result["dre"]["scopes"]["venue:causeway"]["impaired_paths"][-1] == 0
    row = held(case, result, path, 0.05)
    assert (row["state"], row["breached"], row["value"]) == ("not resolved", False, 0.0)
    assert held(case, result, path, 0.1)["state"] == "within"
    # Held to its upper end the same limit is breached.
    assert held(case, result, path, 0.05, end="high")["breached"]


@pytest.mark.parametrize(
    ("value", "low", "high", "bound", "state"),
    [
        (0.021, 0.018, 0.024, {"maximum": 0.02}, "breached"),
        (0.02, None, None, {"maximum": 0.02}, "near"),
        (0.019, 0.018, 0.0199, {"maximum": 0.02}, "near"),
        (0.017, 0.016, 0.018, {"maximum": 0.02}, "near"),
        (0.0169, 0.016, 0.018, {"maximum": 0.02}, "within"),
        (0.0169, 0.014, 0.021, {"maximum": 0.02}, "not resolved"),
        (None, None, None, {"maximum": 0.02}, "no value"),
        (99.0, 90.0, 130.0, {"minimum": 100.0}, "breached"),
        (120.0, 99.0, 130.0, {"minimum": 100.0}, "not resolved"),
        (110.0, 105.0, 130.0, {"minimum": 100.0}, "near"),
        (120.0, 110.0, 130.0, {"minimum": 100.0}, "within"),
        (-5.0, None, None, {"maximum": 0.0}, "within"),
    ],
)
def test_states_by_hand(value, low, high, bound, state) -> None:
    limit = Limit("mine", "dre", "protocol", **bound)
    assert limit_row(limit, Measured(value, low, high), "protocol")["state"] == state


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tail.desks[harbor].exit.exit_cost", "expected 'harbour'"),
        ("system.valeu_at_risk", "expected 'value_at_risk'"),
        ("concentration.notional", r"or \[\*\] for all"),
        ("dre.scopes.desk:harbour", "one of its keys"),
        ("concentration[DOGE-PERP].notional", "has no entry 'DOGE-PERP'"),
        ("tail.desks[harbour].rows[monte_carlo].value_at_risk", r"\[0.95\]"),
        ("case.name", "no number"),
        ("dre.scopes.desk:harbour.probability.x", "has no x"),
        ("value_at_risk", "result has no|has no 'value_at_risk'"),
        # An asset's name where the map has its own keys.
        ("liquidation_map[ETH].amplification", "assets"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_the_nearest(case, result, path, words) -> None:
    with pytest.raises(InputError, match=words) as caught:
        held(case, result, path, 1.0)
    assert caught.value.file == "limits.toml"


def test_what_was_closed_or_not_asked_for_has_no_value(case, result) -> None:
    gone = result | {"concentration": result["concentration"][1:]}
    name = result["concentration"][0]["instrument"]
    assert held(case, gone, f"concentration[{name}].notional", 1.0)["state"] == "no value"
    assert held(case, result, "rare.mean_weight", 1.0)["state"] == "no value"


def test_a_horizon_where_there_is_none_is_refused(case, result) -> None:
    with pytest.raises(InputError, match="has no horizons"):
        held(case, result, "system.value_at_risk", 1.0, horizon_seconds=HOUR)
    name = result["concentration"][0]["instrument"]
    with pytest.raises(InputError, match="has no interval"):
        held(case, result, f"concentration[{name}].notional", 1.0, end="high")


def test_ends_beside_a_number_are_its_interval(case, result) -> None:
    """In keys of its own, in an object of the ends of all, in two objects beside the first."""
    scope = result["dre"]["scopes"]["protocol"]
    paid = {key: result[key] | {"fund": n} for n, key in enumerate(PAID_KEYS)}
    known = {**scope, "expected_loss_low": [1.0, 2.0], "expected_loss_high": [3.0, 4.0]}
    known["expected_loss"] = [2.0, 3.0]
    found = result | paid | {"dre": result["dre"] | {"scopes": {"protocol": known}}}
    parts = scope["parts"][-1]
    for path, ends in (
        ("dre.scopes.protocol.expected_loss", (2.0, 4.0)),
        ("who_pays.fund", (1.0, 2.0)),
        ("dre.scopes.protocol.parts.total", (parts["low"]["total"], parts["high"]["total"])),
    ):
        row = held(case, found, path, 1e9)
        assert (row["low"], row["high"]) == ends
    assert held(case, found, "who_pays.fund", 1e9, end="high")["value"] == 2.0
    assert held(case, found, "who_pays.fund", 1.5)["state"] == "not resolved"


def test_an_end_that_is_not_known_today_is_no_mistake_of_the_limit(case, result) -> None:
    system = result["system"] | {"bad_debt_mean_low": 0.0, "bad_debt_mean_high": None}
    row = held(case, result | {"system": system}, "system.bad_debt_mean", 1.0, end="high")
    assert (row["state"], row["value"]) == ("no value", None)
    lost = result | dict.fromkeys(("who_pays_loss_low", "who_pays_loss_high"))
    assert held(case, lost, "who_pays_loss", 1.0, end="high")["state"] == "no value"


@pytest.mark.parametrize("text", ["", "a..b", "a[", "[x]", ".a", "a[]", "a]b", "a b["])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="path such as"):
        read_path(text)


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("system.value_at_risk", "quote"),
        ("dre.scopes.protocol.parts.low.crowd", "fraction"),
        ("concentration[*].owner_days_to_exit", "days"),
        ("system.amplification.SOL[-0.10].ratio", "ratio"),
        ("tail.desks[x].rows[normal].expected_shortfall_high[0.99]", "quote"),
        ("case.accounts", "number"),
    ],
)
def test_units(path: str, unit: str) -> None:
    assert unit_of(read_path(path)) == unit


def test_leaves_of_a_key_with_dots() -> None:
    result = {"dre": {"scopes": {"desk:a.b": {"probability": [0.1]}}, "horizons_seconds": [60.0]}}
    (leaf,) = leaves(result, read_path("dre.scopes[desk:a.b].probability"), None)
    assert leaf.value == 0.1


@pytest.mark.parametrize(
    "path",
    [
        "first_to_break[#1].probability",  # nothing breaks today
        "first_to_break[liquidation].probability",
        "concentration[#400].exit_cost",
    ],
)
def test_an_entry_that_was_there_yesterday_does_not_stop_the_check(
    case: Case, result: dict[str, Any], path: str
) -> None:
    row = held(case, result | {"first_to_break": []}, path, 0.0)
    assert (row["value"], row["state"]) == (None, "no value")
