"""Parts of the fuzzer: parameters at bounds, scaled money, shrinking, hints, the commands."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from seawall.cascade.own.code import OWN_SLOTS, OwnFile, read_file
from seawall.cli.app import run
from seawall.foundation.quantity import AMOUNT, POSITIVE_FRACTION
from seawall.foundation.record import number, whole
from seawall.mechanism.fuzz.fuzz import fuzz
from seawall.mechanism.fuzz.hints import hints
from seawall.mechanism.fuzz.random_case import Recipe
from seawall.mechanism.fuzz.shrink import shrink, told
from seawall.mechanism.fuzz.trial import (
    LONG_STEPS,
    Subject,
    Trial,
    case_of,
    nth_trial,
    random_values,
    subject_of,
)

OWN = Path(__file__).parent / "own"


@dataclass(frozen=True)
class Parameters:
    """For tests."""

    part: float = number(POSITIVE_FRACTION, 0.5)
    bound: float = number(AMOUNT, 1e4)
    times: int = whole(2, 5, 3)


def test_parameters_are_tried_at_defaults_at_bounds_and_between() -> None:
    found = [random_values(Parameters, np.random.default_rng(seed)) for seed in range(60)]
    parts = {values.get("part", "default") for values in found}
    assert "default" in parts and 1.0 in parts and len(parts) > 4
    assert {2, 5} <= {values["times"] for values in found if values}
    assert all(POSITIVE_FRACTION.holds(values["part"]) for values in found if values)
    assert {0.0, 1e30} <= {values["bound"] for values in found if values}


def test_money_is_scaled_where_it_is_declared_as_money() -> None:
    subject = Subject(OwnFile("x.py", ""), "sizing", Parameters)
    recipe = nth_trial(subject, 0, 0).recipe
    case, _ = case_of(subject, Trial(recipe, {"part": 0.25}), 8.0)
    table = case.rulebooks["perps"].mechanisms["sizing"]
    assert (table["part"], table["bound"]) == (0.25, 8e4)  # type: ignore[index]


def test_an_example_is_the_same_whoever_asks_and_every_twentieth_is_long() -> None:
    subject = subject_of(read_file(OWN / "right_sizing_gentle.py"))
    assert nth_trial(subject, 4, 7) == nth_trial(subject, 4, 7)
    assert nth_trial(subject, 4, 7) != nth_trial(subject, 5, 7)
    assert nth_trial(subject, 4, 19).recipe.steps == LONG_STEPS


def test_shrinking_ends_at_the_smallest_case_that_fails() -> None:
    recipe = Recipe(
        1, 6, 2, 3, 1, ("fund", "adl"), 0.1, deep=False, lag=True, rates=True, healthy=False
    )

    def fails(trial: Trial) -> bool:
        return trial.recipe.linear >= 3 and trial.recipe.steps >= 4 and "adl" in trial.recipe.layers

    small = shrink(Trial(recipe, {"part": 1.0}), fails, budget=200)
    plain = replace(small.recipe, seed=1)
    assert (plain.linear, plain.steps, plain.paths, plain.layers) == (3, 4, 1, ("adl",))
    assert (plain.inverse, plain.borrowers, plain.writers, plain.lag) == (0, 0, 0, False)
    assert small.values == {}
    assert told(small.recipe).startswith("3 account(s) of linear perpetuals; 1 path(s) of 4 step")


def test_a_budget_of_nothing_leaves_the_case_as_it_was() -> None:
    trial = nth_trial(subject_of(read_file(OWN / "right_sizing_gentle.py")), 0, 3)
    assert shrink(trial, lambda _: True, budget=0) == trial


def test_hints_name_rows() -> None:
    text = "import time\nimport numpy as np\nseen = {}\n\ndef step():\n    np.random.uniform()\n"
    assert hints(text) == [
        "row 1: imports time",
        "row 3: keeps a value of the module, which outlives the run",
        "row 6: uses a generator of its own; NUMBERS gives random numbers",
    ]
    assert hints((OWN / "right_sizing_gentle.py").read_text()) == []


@pytest.mark.parametrize("form", [("\n", "\r\n"), ('"""', '\ufeff"""')])
def test_a_file_is_read_as_its_bytes_are_whatever_editor_wrote_it(
    form: tuple[str, str], tmp_path: Path
) -> None:
    text = (OWN / "right_sizing_gentle.py").read_text()
    file = tmp_path / "gentle.py"
    file.write_bytes(text.replace(*form, 1 if form[0] == '"""' else -1).encode())
    found = read_file(file)
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert subject_of(found).slot == "sizing"
    assert hints(found.text) == []


def test_what_is_never_asked_is_no_pass() -> None:
    text = (OWN / "right_adl_level.py").read_text()
    subject = subject_of(OwnFile("level.py", text))
    seed = next(s for s in range(99) if _nobody_is_deleveraged(subject, s))
    report = fuzz(OwnFile("level.py", text), examples=1, seed=seed, elsewhere=False)
    assert [finding.breach.law for finding in report.findings] == ["O6"]


def _nobody_is_deleveraged(subject: Subject, seed: int) -> bool:
    recipe = nth_trial(subject, seed, 0).recipe
    # A fund that holds enough stands before ADL.
    return recipe.healthy and recipe.capital == 0.1 and recipe.layers[0] != "adl"


def test_the_mechanism_in_the_documentation_is_one() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "own-mechanism.md"
    (text,) = re.findall(
        r"```python title=\"my_rule.py\"\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    report = fuzz(OwnFile("my_rule.py", text), examples=1, elsewhere=False)
    assert (report.subject.slot, report.findings) == ("sizing", [])


@pytest.mark.parametrize("slot", OWN_SLOTS)
def test_new_writes_a_mechanism_of_the_slot(
    slot: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my_rule.py"
    assert run(["mechanism", "new", slot, str(file)]) == 0
    assert "seawall mechanism fuzz" in capsys.readouterr().out
    assert subject_of(read_file(file)).slot == slot
    assert run(["mechanism", "new", slot, str(file)]) == 1
    assert "is there already" in capsys.readouterr().err


def test_new_refuses_what_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["mechanism", "new", "sizes", str(tmp_path / "a.py")]) == 1
    assert "expected one of adl, socialise, sizing" in capsys.readouterr().err
    assert run(["mechanism", "new", "adl", str(tmp_path / "a.txt")]) == 1
    assert "ends in .py" in capsys.readouterr().err


def test_the_command_names_law_case_and_rows_and_ends_with_two(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["mechanism", "fuzz", str(OWN / "oracle_other_feed.py"), "--json"]
    assert run(command) == 2
    first = capsys.readouterr().out
    found = json.loads(first)["findings"][0]
    assert found["law"] == "O5"
    assert (found["recipe"]["paths"], found["recipe"]["steps"]) == (1, 1)
    assert run(command) == 2
    assert capsys.readouterr().out == first, "L10: same seed, same file: same JSON"
    assert run(["mechanism", "fuzz", str(OWN / "later_socialise_in_place.py")]) == 2
    text = capsys.readouterr().out
    assert "O2 is broken" in text and "no mechanism can look ahead" in text


def test_what_a_mechanism_prints_is_neither_a_fault_nor_part_of_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (OWN / "right_sizing_gentle.py").read_text()
    loud = text.replace("    due = view", "    print('asked', view.tried)\n    due = view")
    file = tmp_path / "loud.py"
    file.write_text(loud + "\n\nprint('read')\n")
    ended = run(["mechanism", "fuzz", str(file), "--examples", "1", "--seed", "7", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (ended, found["findings"]) == (0, [])
    assert found["asked"] > 0


def test_a_slow_machine_is_no_fault_and_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seawall.mechanism.fuzz.elsewhere.PATIENCE", 0.01)
    file = str(OWN / "right_sizing_gentle.py")
    assert run(["mechanism", "fuzz", file, "--examples", "1", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert "Not tried: whether another process answers the same: it took more than 0.01 s" in said


def test_a_step_that_ends_the_process_has_failed() -> None:
    text = (OWN / "right_sizing_gentle.py").read_text()
    quits = text.replace("    due = view", "    raise SystemExit(0)\n    due = view")
    report = fuzz(OwnFile("quits.py", quits), examples=1, seed=7, elsewhere=False)
    (finding,) = report.findings
    assert finding.breach.law == "O1" and "SystemExit" in finding.breach.detail


def test_a_file_that_is_no_mechanism_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.py"
    for text, words in (
        ("SLOT = 'adl'\n", "has no docstring"),
        ('"""Idea."""\nSLOT = "fund"\n', "SLOT is 'fund'"),
        ('"""Idea."""\nSLOT = "adl"\n', "has no function step"),
        ('"""Idea."""\nSLOT = "adl"\ndef step(a, b): ...\n', "declares 0 dataclasses"),
        ('"""Idea."""\nx = 1 / 0\n', "row 2: cannot be run (ZeroDivisionError"),
        ("def f(:\n", "row 1: cannot be run (SyntaxError"),
        ('"""Idea."""\nimport sys\nsys.exit(0)\n', "row 3: cannot be run (SystemExit: 0)"),
    ):
        file.write_text(text)
        assert run(["mechanism", "fuzz", str(file)]) == 1
        assert words in capsys.readouterr().err
