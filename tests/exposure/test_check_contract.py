"""The result of `seawall check` has every key of its schema, of the right type; exit codes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from drawn_shapes import FAN_ASSET, GRID, MAP_ASSET
from risky import limited

from seawall.book import AccountKind
from seawall.case import Case
from seawall.casefile import new_case, sample_case
from seawall.cli.app import run
from seawall.exposure import check
from seawall.report import jsonfile

# A shape is a type test, a dict of shapes (exactly these keys), a list of one shape (any number of
# them), Maps(shape) (any keys) or Maybe(shape) (or null).
Test = Callable[[Any], bool]


class Maps:
    def __init__(self, shape: Any, keys: Test = lambda key: bool(key)) -> None:
        self.shape, self.keys = shape, keys


class Maybe:
    def __init__(self, shape: Any) -> None:
        self.shape = shape


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def label(value: Any) -> bool:
    return isinstance(value, str)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


def fraction(value: Any) -> bool:
    return number(value) and 0.0 <= value <= 1.0


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def utc(value: Any) -> bool:
    return text(value) and bool(datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ"))


def sha(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def one_of(*words: str) -> Test:
    return lambda value: value in words


ACTION = {
    "action": one_of("add", "repay", "move", "reduce"),
    "account": text,
    "venue": text,
    "source": Maybe(text),
    "asset": text,
    "instrument": Maybe(text),
    "side": Maybe(one_of("long", "short")),
    "amount": number,
    "amount_quote": number,
    "share": Maybe(fraction),
}
REMEDY = ACTION | {
    "then": Maybe(ACTION),
    "dre_after": fraction,
    "low_after": fraction,
    "high_after": fraction,
    "dre_landed": fraction,
    "sure": flag,
    "cost": number,
    "cost_basis": one_of("per day", "once", "over the horizon"),
    "cost_horizon": number,
    "cost_point": Maybe(number),
    "limit": text,
    "deadline_seconds": Maybe(number),
    "lead_seconds": number,
    "lead_basis": text,
    "in_time": flag,
}
SALE = {
    "account": text,
    "asset": text,
    "side": one_of("long", "short"),
    "amount": number,
    "amount_quote": number,
}

SHARE = {"probability": fraction, "low": fraction, "high": fraction}
PART_OF_CHANGE = {
    "part": number,
    "low": number,
    "high": number,
    "tail": number,
    "tail_low": number,
    "tail_high": number,
}
ONE_OF_TWO = {"name": text, "as_of": utc, "hash": sha}
SINCE_LAST = {
    "before": ONE_OF_TWO,
    "after": ONE_OF_TWO,
    "seconds": number,
    "step_seconds": number,
    "step_seconds_before": number,
    "scope": text,
    "horizon_seconds": number,
    "paths": whole,
    "method": one_of("exact", "two orders"),
    "hybrids": whole,
    "dre_before": SHARE,
    "dre_after": SHARE,
    "before_recorded": Maybe(fraction),
    "tail_paths": whole,
    "tail_before": number,
    "tail_after": number,
    "change": PART_OF_CHANGE,
    "drivers": [
        PART_OF_CHANGE
        | {
            "driver": text,
            "kind": text,
            "assets": [text],
            "name": text,
            "was": Maybe(number),
            "now": Maybe(number),
        }
    ],
    "sentence": text,
}

KIND_NAMES = (
    *("liquidation", "negative_equity", "adl", "socialised", "claims_lost"),
    "loss_fraction",
)
CHANNELS = ("liquidity", "crowd", "latency", "counterparty")
PART_ENDS = dict.fromkeys(("price", *CHANNELS, "total"), number)
PART = PART_ENDS | {"price": fraction, "total": fraction}
LEVELS = (0.975, 0.95, 0.9, 0.8)
SCOPE = {
    "probability": [fraction],
    "low": [fraction],
    "high": [fraction],
    "model_low": [Maybe(fraction)],
    "model_high": [Maybe(fraction)],
    "expected_loss": [Maybe(number)],
    "expected_shortfall": [Maybe(number)],
    "expected_shortfall_level": [Maybe(lambda value: value in LEVELS)],
    "impaired_paths": [whole],
    "kinds": {name: [fraction] for name in KIND_NAMES},
    "parts": [
        Maybe(
            {**PART, "low": PART_ENDS, "high": PART_ENDS}
            | {"beyond_price": {"value": number, "low": number, "high": number}}
        )
    ],
    "sentence": text,
}
MIX = {
    "probability": fraction,
    "low": fraction,
    "high": fraction,
    "paths": whole,
    "median_leverage": Maybe(number),
}
PAID = dict.fromkeys(("account", "keeper", "backstop", "fund", "adl", "socialised"), number)
SYSTEM = {
    "bad_debt_mean": number,
    "value_at_risk": number,
    "value_at_risk_low": Maybe(number),
    "value_at_risk_high": Maybe(number),
    "liquidations_at_risk": number,
    "liquidations_at_risk_low": Maybe(number),
    "liquidations_at_risk_high": Maybe(number),
    "liquidated_mean": number,
    "fund_ruin_probability": fraction,
}
COUNTERPARTY = {
    "name": text,
    "kind": text,
    "claims": number,
    "failure": Maybe(text),
    "source": Maybe(text),
    "hazard_per_year": Maybe(number),
    "common_per_year": Maybe(number),
    "at_seconds": Maybe(number),
    "wrong_way": Maybe(number),
    "loss_given_failure": Maybe(fraction),
    "probability": Maybe(fraction),
    "expected_loss": Maybe(number),
}
PRESET = {"name": text, "sha256": sha, "source": text, "as_of": text}
RESULT = {
    "schema": one_of("seawall/check/1"),
    "case": {
        "name": text,
        "hash": sha,
        "as_of": utc,
        "quote": text,
        "venues": [text],
        "mechanisms": Maps(Maps(text)),
        "accounts": whole,
        "positions": whole,
        "desks": [{"owner": text, "equity": number}],
    },
    "version": text,
    "seed": whole,
    "paths": whole,
    "side_paths": whole,
    "horizon_seconds": number,
    "step_seconds": number,
    "steps": whole,
    "headline": text,
    "dre": {
        "horizons_seconds": [number],
        "kinds": {name: {"counts": flag, "sentence": text} for name in KIND_NAMES},
        "parts_paths": whole,
        "parts_channels": [one_of(*CHANNELS)],
        "scopes": Maps(SCOPE),
    },
    "crowd_leverage": Maybe(Maps(MIX, one_of("light", "base", "heavy"))),
    "first_to_break": [
        {
            "account": label,
            "instrument": label,
            "kind": one_of(*KIND_NAMES),
            "side": one_of("long", "short", ""),
            "underlying": label,
            "probability": fraction,
            "paths": whole,
            "liquidation_price": Maybe(number),
            "distance": Maybe({"fraction": number, "daily_sigmas": Maybe(number)}),
        }
    ],
    "who_pays": PAID,
    "who_pays_unconditional": PAID,
    "who_pays_scope": text,
    "who_pays_loss": number,
    "system": {
        **SYSTEM,
        "amplification": Maps([{"shock": number, "ratio": number}]),
        "venues": Maps({**SYSTEM, "fund": number}),
    },
    # Its own shape: tests/exposure/test_tail_block.py.
    "tail": lambda tail: isinstance(tail, dict),
    "liquidation_map": Maybe({"moves": [number], "focus": text, "assets": Maps(MAP_ASSET)}),
    "pnl_grid": Maybe(GRID),
    "fan": Maybe(
        {"focus": text, "paths": whole, "tail_paths": whole, "assets": Maps(FAN_ASSET)}
        | {"times_seconds": [number], "levels": [fraction], "liquidated": [[number]]}
    ),
    "counterparty": Maybe(
        {
            "counterparties": [COUNTERPARTY],
            "expected_loss": Maybe(number),
            # What the sample has none of: tests/exposure/counterparty.
            "wrong_way": lambda value: value is None,
            "pledged": [lambda row: isinstance(row, dict)],
            "remove_one": lambda value: value is None,
        }
    ),
    "concentration": [
        {
            "account": text,
            "owner": text,
            "instrument": text,
            "side": one_of("long", "short"),
            "notional": number,
            "open_interest_share": Maybe(number),
            "depth_multiple": number,
            "days_to_exit": number,
            "exit_cost": number,
            "owner_open_interest_share": Maybe(fraction),
            "owner_days_to_exit": number,
        }
    ],
    "limits": [
        {
            "name": text,
            "measure": text,
            "number": Maybe(text),
            "scope": text,
            "horizon_seconds": Maybe(number),
            "end": Maybe(one_of("low", "high")),
            "value": Maybe(number),
            "low": Maybe(number),
            "high": Maybe(number),
            "limit": number,
            "bound": one_of("maximum", "minimum"),
            "unit": one_of("fraction", "quote", "days", "seconds", "ratio", "number"),
            "hysteresis": fraction,
            "after": whole,
            "breached": flag,
            "state": one_of("breached", "no value", "not resolved", "near", "within"),
            "breacher": Maybe(text),
        }
    ],
    "remedy": Maybe(REMEDY),
    "remedies": [REMEDY],
    "limit_actions": [
        {
            "limit": text,
            "measure": text,
            "scope": text,
            "sentence": text,
            "actions": [SALE],
        }
    ],
    "remedy_note": text,
    "assumptions": [lambda mark: re.fullmatch(r"A\d+", mark) is not None],
    "warnings": [text],
    "manifest": {
        "schema": one_of("seawall/manifest/1"),
        "case": sha,
        "files": Maps(sha),
        "rulebooks": Maps({"source": text, "as_of": text, "preset": Maybe(PRESET)}),
        "code": sha,
        "texts": Maps(sha, lambda mark: re.fullmatch(r"A\d+", mark) is not None),
        "versions": Maps(text, one_of("seawall", "python", "numpy", "scipy")),
        # Null until a report is written: tests/store.
        "options": Maybe(Maps(lambda value: value is not None)),
        "written": Maybe(utc),
        "number": Maybe(whole),
        "previous": Maybe(sha),
        "kept": Maybe([text]),
        "result": Maybe(sha),
        "sections": Maybe(Maps(sha)),
        "seal": Maybe(sha),
    },
    "since_last": Maybe(SINCE_LAST),
}


def faults(value: Any, shape: Any, place: str = "result") -> list[str]:
    """Sentences on what does not fit the shape."""
    if isinstance(shape, Maybe):
        return [] if value is None else faults(value, shape.shape, place)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [f for n, item in enumerate(value) for f in faults(item, shape[0], f"{place}[{n}]")]
    if isinstance(shape, dict | Maps):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        if isinstance(shape, Maps):
            wrong = [f"{place} has the key {key!r}" for key in value if not shape.keys(key)]
            inner = [(f"{place}.{key}", item, shape.shape) for key, item in value.items()]
        else:
            wrong = [f"{place}.{key} is missing" for key in shape if key not in value]
            wrong += [f"{place}.{key} is not in the schema" for key in value if key not in shape]
            inner = [(f"{place}.{key}", value[key], shape[key]) for key in shape if key in value]
        return wrong + [f for where, item, of in inner for f in faults(item, of, where)]
    return [] if shape(value) else [f"{place} is {value!r}"]


def short_limits(case: Case) -> Case:
    """The Case with the limits of the sample on 4 hours, where they were on 24."""
    limits = (replace(x, horizon_seconds=x.horizon_seconds and 14_400.0) for x in case.limits)
    return replace(case, limits=tuple(limits))


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return check(short_limits(sample_case(crowd=200)), horizon_seconds=14_400.0, paths=40, seed=1)


def test_a_real_result_fits_the_schema(result):
    assert faults(json.loads(jsonfile.dumps(result)), RESULT) == []


def test_a_result_with_breaches_and_a_remedy_fits_it_too():
    result = json.loads(jsonfile.dumps(limited(0.7)[1]))
    assert faults(result, RESULT) == []
    assert any(limit["breached"] for limit in result["limits"])
    assert result["remedy"] is not None


def test_a_case_without_a_crowd_fits_it_too():
    case = replace(sample_case(crowd=0), limits=())
    result = check(case, horizon_seconds=3_600.0, paths=2, seed=1)
    assert faults(json.loads(jsonfile.dumps(result)), RESULT) == []
    assert result["crowd_leverage"] is None


def test_a_case_without_a_desk_fits_it_too_and_speaks_of_the_protocol():
    case = sample_case(crowd=20)
    book = replace(case.book, account_kind=(AccountKind.CROWD,) * len(case.book.account_kind))
    result = check(replace(case, book=book, limits=()), horizon_seconds=3_600.0, paths=2, seed=1)
    assert faults(json.loads(jsonfile.dumps(result)), RESULT) == []
    assert result["headline"] == result["who_pays_scope"] == "protocol"
    assert result["case"]["desks"] == []
    assert result["remedy"] is None


def test_lists_along_the_horizons_have_their_length(result):
    horizons = result["dre"]["horizons_seconds"]
    assert horizons == [3_600.0, 14_400.0]
    for scope in result["dre"]["scopes"].values():
        columns = [scope[name] for name, shape in SCOPE.items() if isinstance(shape, list)]
        for column in [*columns, *scope["kinds"].values()]:
            assert len(column) == len(horizons)


def test_scopes_are_those_of_the_case(result):
    venues = [f"venue:{name}" for name in result["case"]["venues"]]
    desks = [f"desk:{desk['owner']}" for desk in result["case"]["desks"]]
    losses = [f"{desk}/loss" for desk in desks]
    assert set(result["dre"]["scopes"]) == {*desks, *losses, *venues, "protocol"}
    assert set(result["system"]["venues"]) == set(result["case"]["venues"])
    assert result["headline"] == desks[0]
    assert set(result["manifest"]["rulebooks"]) == set(result["case"]["venues"])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda r: r.pop("who_pays_loss"), "who_pays_loss is missing"),
        (lambda r: r["case"].update(accounts=1.5), "case.accounts is 1.5"),
        (lambda r: r["limits"][0].update(breached=1), "breached is 1"),
        (lambda r: r.update(extra=1), "extra is not in the schema"),
        (lambda r: r["dre"]["scopes"]["protocol"]["low"].append(1.2), r"low\[2\] is 1.2"),
    ],
)
def test_the_walk_finds_what_is_wrong(result, damage, sentence):
    broken = json.loads(jsonfile.dumps(result))
    damage(broken)
    found = faults(broken, RESULT)
    assert len(found) == 1
    assert re.search(sentence, found[0])


class TestCommandLine:
    """The same through `seawall check`, on a folder."""

    OPTIONS = ("--horizon", "4h", "--paths", "40", "--seed", "1")

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        path = new_case(tmp_path / "case", crowd=200)
        limits = path / "limits.toml"
        limits.write_text(limits.read_text().replace('horizon = "24h"', 'horizon = "4h"'))
        return path

    def test_within_limits_is_0_and_stdout_is_the_json_alone(self, folder, result, capsys):
        assert run(["check", str(folder), *self.OPTIONS, "--json", "-"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert faults(printed, RESULT) == []
        assert not any(limit["breached"] for limit in printed["limits"])
        same = json.loads(jsonfile.dumps(result))
        printed["case"].pop("hash"), same["case"].pop("hash")  # limits.toml differs
        for key in RESULT.keys() - {"manifest", "since_last"}:
            assert printed[key] == same[key], key

    def test_a_breach_is_2_and_the_file_is_written(self, folder, tmp_path, capsys):
        limits = folder / "limits.toml"
        limits.write_text(re.sub(r"(?m)^maximum = .*$", "maximum = 0.001", limits.read_text()))
        target = tmp_path / "answer.json"
        assert run(["check", str(folder), *self.OPTIONS, "--json", str(target)]) == 2
        answer = json.loads(target.read_text("utf-8"))
        assert faults(answer, RESULT) == []
        assert any(limit["breached"] for limit in answer["limits"])
        assert capsys.readouterr().out

    def test_no_answer_is_1_and_one_sentence(self, folder, tmp_path, capsys):
        (folder / "positions.csv").write_text("not,a,book\n")
        assert run(["check", str(folder), *self.OPTIONS]) == 1
        assert run(["check", str(tmp_path / "nowhere")]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 2

    def test_a_limit_on_a_scope_that_is_not_there_is_1(self, folder, capsys):
        limits = folder / "limits.toml"
        limits.write_text(limits.read_text().replace("desk:harbour", "desk:nobody"))
        assert run(["check", str(folder), *self.OPTIONS]) == 1
        assert "desk:nobody" in capsys.readouterr().err
