"""The form for outside readers: only what is listed comes out, and what is held never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fake_result import breaking, fake_result, limit, scope, without_desk
from test_page import EVIL, Reader, poisoned

from seawall.report import public_page
from seawall.report.public import SCHEMA, public_result

MARK = "zz{}secret"  # the mark of a name, with a number in it
AMOUNT = 7_654_321.0  # amounts of what is held are multiples of it


def held() -> tuple[dict[str, Any], list[str]]:
    """A result in which every name and amount of what is held is a mark, and these marks."""
    result = fake_result()
    marks = iter(MARK.format(n) for n in range(10_000))
    used: list[str] = []

    def name() -> str:
        used.append(next(marks))
        return used[-1]

    owner, other = name(), name()
    result["case"]["desks"] = [{"owner": owner, "equity": AMOUNT}, {"owner": other, "equity": 1.5}]
    scopes = result["dre"]["scopes"]
    scopes[f"desk:{owner}"] = scopes.pop("desk:harbour")
    scopes[f"desk:{owner}/loss"] = scopes.pop("desk:harbour/loss")
    scopes[f"desk:{other}"] = scope([1, 2, 3, 4], "any account impaired")
    result["headline"] = result["who_pays_scope"] = f"desk:{owner}"
    result["first_to_break"] = [
        breaking(name(), name(), "liquidation", name(), name(), 3, AMOUNT * 2, -0.1, 2.0)
    ]
    for row in result["concentration"]:
        row.update(account=name(), owner=owner, instrument=name(), notional=AMOUNT * 3)
    result["limits"] = [
        limit(f"{name()} DRE", "dre", f"desk:{owner}", 86400, 0.03, 0.02),
        limit(name(), "open_interest_share", f"desk:{owner}", None, AMOUNT * 5, AMOUNT * 4),
        limit(name(), name(), f"account:{name()}", None, AMOUNT * 6, 1.0),
    ]
    result["remedy"].update(account=name(), asset=name(), amount=AMOUNT * 7, limit=name())
    result["remedies"] = [{"account": name(), "amount": AMOUNT * 8}]
    result["remedy_note"] = name()
    result["warnings"] = [f"account {name()} holds too much"]
    result["counterparty"] = {"counterparties": [{"name": name(), "claims": AMOUNT * 9}]}
    result["parts_by"] = {"leg": {"parts": [{"name": name(), "account": name(), "part": 0.1}]}}
    result["by_account"] = {"top": [{"account": name(), "equity": AMOUNT * 10}]}
    result["since_last"] = {"sentence": name(), "drivers": [{"name": name()}]}
    result["tail"] = {
        "levels": [0.95],
        "horizon_seconds": 86400.0,
        "judged_periods": 250,
        "history": {"file": name(), "bar_seconds": 86400, "first": "2025", "last": "2026"},
        "desks": [
            {
                "owner": owner,
                "windows": None,
                "rows": [
                    {"method": "monte_carlo", "note": None, "observations": 10, "beyond": [20.0],
                     "value_at_risk": [1e5], "value_at_risk_low": [9e4],
                     "value_at_risk_high": [2e5], "expected_shortfall": [2e5],
                     "expected_shortfall_low": [1e5], "expected_shortfall_high": [3e5]},
                    {"method": "historical", "note": f"no column of {name()}", "observations": 0,
                     "beyond": None, "value_at_risk": [None], "value_at_risk_low": [None],
                     "value_at_risk_high": [None], "expected_shortfall": [None],
                     "expected_shortfall_low": [None], "expected_shortfall_high": [None]},
                ],
                "by_horizon": [],
                "exit": {"assets": [{"asset": name(), "exposure": AMOUNT * 11}]},
            }
        ],
    }  # fmt: skip
    fan, grid = result.get("fan"), result.get("pnl_grid")
    assert fan and grid, "the invented result has both blocks"
    for one in fan["assets"].values():
        one["liquidation"] = {"account": name(), "instrument": name(), "price": AMOUNT * 13}
    for one in result["liquidation_map"]["assets"].values():
        one["desk"] = [AMOUNT * 12] * len(one["crowd"])
        one["accounts"] = [77_001] * len(one["crowd"])
    result["manifest"]["files"] = {name(): "00" * 32}
    result["manifest"]["options"] = {"case": name()}
    return result, used


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_no_name_and_no_amount_of_what_is_held_is_published() -> None:
    result, marks = held()
    assert len(marks) > 25
    whole = json.dumps(result)
    assert all(mark in whole for mark in marks)
    published = public_result(result)
    for text in (json.dumps(published), public_page.render_public(result)):
        assert [mark for mark in marks if mark in text] == []
        assert "secret" not in text
    amounts = [x for x in leaves(published) if isinstance(x, float) and x]
    assert [x for x in amounts if x % AMOUNT == 0] == []
    page = public_page.render_public(result)
    assert "7.65M" not in page  # an equity, as the page writes it
    assert "15.3M" not in page


def test_the_shocks_do_not_tell_which_asset_breaks_a_desk_first() -> None:
    """The result has further shocks, draws and turns for the asset of its focus alone."""
    result = fake_result()
    shock = {"shock": -0.1, "ratio": 1.5, "low": None, "high": None, "draws": 1}
    further = [shock | {"draws": 5, "low": 1.4, "high": 1.6}, shock | {"shock": -0.3}]
    turn = {"falls": {"from": -0.1, "to": -0.3, "why": "exhausted"}}
    bars = {"price": 1.0, "crowd": [0.0], "desk": [0.0]}
    result["liquidation_map"] = {
        "moves": [0.0],
        "focus": "SOL",
        "assets": {
            "ETH": bars | {"shocks": [shock], "turning": {}},
            "SOL": bars | {"shocks": further, "turning": turn},
        },
    }
    assets = public_result(result)["liquidation_map"]["assets"]
    assert assets["SOL"] == assets["ETH"]
    assert [x["shock"] for x in assets["SOL"]["shocks"]] == [-0.1]


def test_a_key_that_nobody_listed_is_not_published() -> None:
    """Put a new key into every object of the result: none of them comes out."""
    result, _ = held()
    count = 0

    def spoil(value: Any, place: str) -> None:
        nonlocal count
        if isinstance(value, list):
            for item in value:
                spoil(item, place)
        elif isinstance(value, dict):
            for key, item in list(value.items()):
                spoil(item, f"{place}.{key}")
            if not OPEN_ENDED & {place, place.rsplit(".", 1)[0] + ".*"}:
                value["unlisted"] = 0.123456789
                count += 1

    spoil(result, "")
    assert count > 40
    text = json.dumps(public_result(result))
    assert "unlisted" not in text
    assert "0.123456789" not in text


# Objects whose keys are venues, assets, scopes or words of the program, not fixed keys.
OPEN_ENDED = {
    *(".dre.scopes", ".crowd_leverage", ".system.venues", ".system.amplification"),
    *(".manifest.rulebooks", ".manifest.versions", ".case.mechanisms", ".dre.kinds"),
    *(".liquidation_map.assets",),
    *(f".dre.scopes.{name}.kinds" for name in ("venue:meridian", "venue:causeway", "protocol")),
    *(f".dre.scopes.desk:{MARK.format(n)}{tail}.kinds" for n in (0, 1) for tail in ("", "/loss")),
}


def test_text_does_not_come_through_where_a_number_stands() -> None:
    result, _ = held()
    result["seed"] = "zz name of an account"
    result["dre"]["scopes"]["protocol"]["probability"] = ["zz1", 0.5]
    published = public_result(result)
    assert published["seed"] is None
    assert published["dre"]["scopes"]["protocol"]["probability"] == [None, 0.5]


def test_desks_are_numbered_and_their_limits_named_by_measure() -> None:
    published = public_result(held()[0])
    assert published["schema"] == SCHEMA
    assert published["headline"] == published["who_pays_scope"] == "desk:1"
    assert {"desk:1", "desk:1/loss", "desk:2"} <= set(published["dre"]["scopes"])
    first, second, third = published["limits"]
    assert (first["name"], first["value"]) == ("DRE 24 h, desk:1", 0.03)
    assert (second["name"], second["value"], second["limit"]) == (
        "A limit on positions",
        None,
        None,
    )
    assert second["breached"] == third["breached"] is True


def test_the_case_is_not_named_where_that_would_name_a_desk() -> None:
    result = fake_result()
    assert result["case"]["desks"][0]["owner"] == "harbour"
    result["case"]["name"] = "Harbour book"
    assert public_result(result)["case"]["name"] == f"Case {result['case']['hash'][:8]}"
    result["case"]["name"] = "the fund's book"
    assert public_result(result)["case"]["name"] == "the fund's book"


def test_the_source_of_a_rulebook_does_not_name_a_desk() -> None:
    result = fake_result()
    books = {"one": "terms of Harbour, 3 January", "two": "a venue's own page"}
    result["manifest"]["rulebooks"] = {
        venue: {"source": source, "as_of": "2026-01-01"} for venue, source in books.items()
    }
    found = public_result(result)["manifest"]["rulebooks"]
    assert [found[venue]["source"] for venue in books] == ["stated in the Case", books["two"]]


def test_figures_that_are_published_are_those_of_the_result() -> None:
    result = fake_result()
    published = public_result(result)
    for key in ("paths", "seed", "steps", "who_pays", "system", "crowd_leverage", "assumptions"):
        assert published[key] == result[key], key
    curve = published["dre"]["scopes"]["desk:1"]
    assert curve == result["dre"]["scopes"]["desk:harbour"]


def test_the_result_itself_is_left_as_it_was() -> None:
    result, _ = held()
    before = json.dumps(result)
    published = public_result(result)
    published["who_pays"]["account"] = None
    assert json.dumps(result) == before


@pytest.mark.parametrize("make", [fake_result, without_desk])
def test_the_page_says_on_top_what_is_left_out_and_who_may_read_it(make: Any) -> None:
    html = public_page.render_public(make())
    body = html[html.index("<body>") :]
    said = [body.index(x) for x in ("no positions", "Left out:", "Who may read it:", "<h1>")]
    assert said == sorted(said)
    for words in ("Accounts and legs", "Could it get out?", "What would help?", "What changed?"):
        assert words not in body
    assert "How was it computed?" in body
    assert "None" not in " ".join(Reader(html).text)


def test_a_breach_of_a_limit_that_is_not_published_still_decides_the_verdict() -> None:
    result = fake_result()
    result["limits"] = [
        limit("DRE", "dre", "desk:harbour", 86400, 0.031, 0.05),
        limit("Share", "open_interest_share", "desk:harbour", None, 0.30, 0.05),
    ]
    html = public_page.render_public(result)
    assert "Limit breached" in html
    assert "not published" in html
    assert "0.30" not in html
    result["limits"][1].update(value=0.01, breached=False)
    assert "Within limits" in public_page.render_public(result)


def test_names_with_markup_are_escaped_in_this_form_too() -> None:
    html = public_page.render_public(poisoned(fake_result()))
    assert "<script" not in html
    assert EVIL in "".join(Reader(html).text)
