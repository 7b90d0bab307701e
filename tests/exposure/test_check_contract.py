"""The result of `seawall check` has every key of its schema, of the right type; exit codes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from result_shape import RESULT, SCOPE, faults
from risky import limited

from seawall.book import AccountKind
from seawall.case import Case
from seawall.casefile import new_case, sample_case
from seawall.cli.app import run
from seawall.exposure import check
from seawall.report import jsonfile


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
