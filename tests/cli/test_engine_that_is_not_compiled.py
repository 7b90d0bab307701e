"""Where the compiled engine would have to be compiled first, the command line says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.casefile import new_case
from seawall.cli.app import run

COMPILING = "Compiling the engine"


@pytest.fixture(params=[True, False], ids=["compiled", "not compiled"])
def compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("seawall.cascade.pieces.loops.is_compiled", lambda: request.param)
    return bool(request.param)


def test_doctor_tells_ready_from_not_compiled(
    compiled: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["doctor", "--json"])
    findings = {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    engine = findings["engine fast"]
    assert engine["state"] == ("ok" if compiled else "absent")
    assert (engine["fix"] is None) == compiled
    assert "kernels of this version" in findings["cache folder"]["detail"]


def test_check_says_why_the_fast_engine_lets_wait(
    compiled: bool, floors: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "mine", "--engine", "fast"]) == 0
    assert (COMPILING in capsys.readouterr().err) == (not compiled)
    assert run(["check", "mine"]) == 0
    assert COMPILING not in capsys.readouterr().err


def test_show_lists_what_fills_the_slots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    new_case(folder, crowd=0)
    with (folder / "rulebooks" / "meridian.toml").open("a", encoding="utf-8") as text:
        text.write("\n[mechanisms.margin_call]\ngrace_seconds = 600\n")
    with (folder / "market.toml").open("a", encoding="utf-8") as text:
        text.write('\n[mechanisms.impact]\nrule = "amm"\n')
    assert run(["case", "show", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["mechanisms"]
    assert shown == [
        {"of": "market", "slot": "impact", "rule": "amm", "parameters": None},
        {
            "of": "meridian",
            "slot": "margin_call",
            "rule": "margin_call",
            "parameters": "grace_seconds = 600",
        },
    ]
