"""The page of `seawall greeks` fits its width; the answer adds up; every key is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from share_folder import add_shares

from seawall.case.definitions import lookup
from seawall.casefile import load_case, new_case, sample_case
from seawall.foundation.errors import InputError
from seawall.report import jsonfile
from seawall.report.greeks_answer import greeks_result
from seawall.report.greeks_page import render
from seawall.valuation.portfolio_greeks import GREEKS
from seawall.valuation.smile import SmileRule

DOCS = Path(__file__).parents[2] / "docs"
STRIKE = SmileRule.STICKY_STRIKE
# Names that a Case chooses, and words for which a definition would be a truism.
PLAIN_WORDS = {"case", "name", "hash", "as_of", "quote", "schema", "sentence"}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A desk that holds one of everything: the sample, shares and quantos added."""
    folder = new_case(tmp_path_factory.mktemp("greeks") / "case", crowd=0)
    add_shares(folder)
    for name, lines in {
        "accounts.csv": "harbour/all,meridian,harbour,desk\nother/one,meridian,other,desk\n",
        "positions.csv": (
            "harbour/all,ETH-QUANTO,500000,2500,cross,\nharbour/all,ETH-Q27,-90000,2800,cross,\n"
            "other/one,SOL-PERP,10,100,cross,\n"
        ),
        "balances.csv": (
            "harbour/all,LP,300\nharbour/all,VLT,-20\nharbour/all,GM,90000\nharbour/all,USDT,5e4\n"
        ),
    }.items():
        place = folder / name
        place.write_text(place.read_text() + lines)
    return greeks_result(load_case(folder), SmileRule.SKEW_STICKINESS)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(rich: dict[str, Any], width: int) -> None:
    lines = render(rich, width).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_at_a_hundred_columns_the_page_is_a_table(rich: dict[str, Any]) -> None:
    page = render(rich, 100)
    assert re.search(r"asset +delta +gamma 1% +vega 1pt +theta 1d +vanna 1pt +volga 1pt", page)
    for text in (
        "Desk harbour",
        "Desk other",
        "Shares, looked through",
        "Cross-gamma",
        "ratio 5.35",
    ):
        assert text in page
    assert "skew-stickiness" in page
    # Money stands apart: each kind of dollar in a row of its own.
    money = page[page.index("  money") :].split("\n\n")[0]
    assert re.search(r"^  USDC +1\.00 ", money, re.M)
    assert re.search(r"^  USDT +1\.00 +50k", money, re.M)


def test_of_many_assets_the_heaviest_are_shown_and_the_rest_is_summed() -> None:
    result = greeks_result(sample_case(0), STRIKE)
    scope = result["scopes"][0]
    like = next(row for row in scope["assets"] if row["asset"] == "SOL")
    scope["assets"] += [like | {"asset": f"C{n}", "delta_cash": 1e9 + n} for n in range(20)]
    page = render(result, 100)
    table = page[page.index("── Desk") : page.index("  money")]
    assert len(re.findall(r"^  C\d+ +coin", table, re.M)) == 15
    # Five of the twenty and the five of the sample.
    assert re.search(r"^  10 more +cash +5.01B", table, re.M)
    assert table.index("C19") < table.index("C18")


def test_colour_leaves_the_text_as_it_is(rich: dict[str, Any]) -> None:
    painted = render(rich, 100, colour=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(rich, 100)


def test_names_from_a_case_cannot_move_the_cursor() -> None:
    result = greeks_result(sample_case(0), STRIKE)
    result["positions"][0]["instrument"] = "BTC\x1b[31m\u202e"
    assert "\x1b" not in render(result, 100)


def test_coin_times_spot_is_cash_in_every_row(rich: dict[str, Any]) -> None:
    rows = [row for scope in rich["scopes"] for row in scope["assets"]]
    assert len(rows) > 20
    for row in rows:
        for name in GREEKS:
            assert row[f"{name}_cash"] == pytest.approx(row[name] * row["spot"], rel=1e-12)
        assert sum(row["by_reason"].values()) == pytest.approx(
            row["delta_cash"], rel=1e-9, abs=1e-6
        )


def test_positions_and_balances_add_up_to_their_desk(rich: dict[str, Any]) -> None:
    mine = [row for row in (*rich["positions"], *rich["balances"]) if "harbour" in row["account"]]
    desk = rich["scopes"][0]
    assert desk["scope"] == "desk:harbour"
    assert sum(row["value"] for row in mine) == pytest.approx(desk["value"], rel=1e-12)
    for asset in desk["assets"]:
        parts = [
            part["delta_cash"]
            for row in mine
            for part in row["exposures"]
            if part["asset"] == asset["asset"]
        ]
        assert sum(parts) == pytest.approx(asset["delta_cash"], rel=1e-9, abs=1e-6)
    vega = sum(row["vega_cash"] for row in rich["positions"] if "harbour" in row["account"])
    assert vega == pytest.approx(desk["total"]["vega_cash"], rel=1e-12)


def test_a_scope_is_one_account_one_desk_or_all() -> None:
    case = sample_case(0)
    alone = greeks_result(case, STRIKE, account="harbour/loan")
    assert [scope["scope"] for scope in alone["scopes"]] == ["account:harbour/loan"]
    assert alone["positions"] == []
    assert [row["asset"] for row in alone["balances"]] == ["wstETH", "USDC"]
    desk = greeks_result(case, STRIKE, desk="harbour")
    assert desk == greeks_result(case, STRIKE)
    with pytest.raises(InputError, match=r"--account: no account is called 'x'"):
        greeks_result(case, STRIKE, account="x")
    with pytest.raises(InputError, match=r"--desk: no desk is called 'harbor'; expected 'harbour'"):
        greeks_result(case, STRIKE, desk="harbor")


def test_the_json_is_the_same_twice_and_has_no_surprises(rich: dict[str, Any]) -> None:
    text = jsonfile.dumps(rich)
    assert json.loads(text)["schema"] == "seawall/greeks/1"
    again = greeks_result(sample_case(0), STRIKE)
    assert jsonfile.dumps(again) == jsonfile.dumps(greeks_result(sample_case(0), STRIKE))
    flat = np.array([v for row in rich["positions"] for v in row.values() if isinstance(v, float)])
    assert np.isfinite(flat).all()


def keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(keys, value.values()))


def test_every_key_is_documented_and_defined(rich: dict[str, Any]) -> None:
    found = keys(rich)
    assert {"delta_cash", "by_reason", "discount_cash", "skew_stickiness", "pair"} <= found
    text = (DOCS / "greeks.md").read_text("utf-8")
    named = {part for code in re.findall(r"`([^`\n]+)`", text) for part in re.split(r"\W+", code)}
    assert found - named == set()
    assert {key for key in found - PLAIN_WORDS if lookup(key) is None} == set()
