"""Folders and cases that are not in the form of the README: a sentence each, and none is lost."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import handlers_derive
import handlers_dydx
import pytest
from peer_runner import PeerCase, peer_cases, told

HANDLERS = {**handlers_derive.HANDLERS, **handlers_dydx.HANDLERS}
GOOD = {"id": "good", "venue": "v", "kind": "k", "expected": {}, "tolerance": {}}


def _folder(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


def test_what_cannot_be_read_is_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    rows = [
        GOOD,
        "text",
        {"id": "short", "venue": "v"},
        {**GOOD, "id": "far", "parameters_ref": 1},
        {**GOOD, "id": "near", "parameters_ref": 0},
        {name: GOOD[name] for name in GOOD if name != "id"},
    ]
    folder = _folder(
        tmp_path,
        broken="{",
        list=[1],
        none={"schema": 1},
        other={"schema": "a text", "cases": [1]},
        some={"schema": 1, "cases": rows, "parameter_sets": [{"x": 1}]},
    )
    cases, faults = peer_cases(folder)
    assert [case["id"] for case in cases] == ["good", "near", "some.json, case 5"]
    assert cases[1]["parameters"] == {"x": 1}
    assert faults[0].startswith("broken.json is not JSON: ")
    assert faults[1:] == [
        "none.json has no list of cases",
        "some.json, case 1: it is 'text', expected an object",
        "some.json, case 2: short has no kind, expected, tolerance",
        "some.json, case 3: far asks for parameter set 1, the file has 1",
    ]


def test_a_folder_that_is_missing_has_no_cases(tmp_path: Path) -> None:
    assert peer_cases(tmp_path / "nowhere") == ([], [])


@pytest.mark.parametrize("case", handlers_dydx.BY_HAND, ids=lambda case: case["kind"])
def test_a_case_without_its_numbers_is_a_sentence(case: PeerCase) -> None:
    empty = {**case, "id": "empty", "account": {}}
    (sentence,) = told(HANDLERS, empty)
    assert sentence.startswith("empty: the case has no '")


def test_what_is_refused_is_a_sentence() -> None:
    case = copy.deepcopy(handlers_derive.BY_HAND[0])
    case["parameters"]["scenarios"] = []
    (sentence,) = told(HANDLERS, {**case, "id": "none"})
    assert sentence == "none: InputError: PMRM v1 has no scenarios; expected at least one."
