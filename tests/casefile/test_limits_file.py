"""limits.toml: paths of numbers, minima, ends, hysteresis; what is refused, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.case import Case, Limit
from seawall.case.case import NUMBER
from seawall.casefile import load_case, new_case, save_case
from seawall.foundation.errors import InputError

GOOD = """
[[limit]]
name = "a"
number = "tail.desks[harbour].exit.exit_cost"
maximum = 4e5
hysteresis = 0.2
after = 3

[[limit]]
name = "b"
number = "dre.scopes.desk:harbour.parts.latency"
horizon = "4h"
minimum = -0.01
end = "low"

[[limit]]
name = "c"
measure = "fund_ruin"
scope = "venue:meridian"
horizon = "24h"
maximum = 0.01
end = "high"
"""


def loaded(folder: Path, text: str) -> Case:
    (folder / "limits.toml").write_text(text)
    return load_case(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_case(tmp_path / "case", crowd=0)


def test_limits_are_read_and_come_back_when_saved(folder: Path, tmp_path: Path) -> None:
    limits = loaded(folder, GOOD).limits
    assert limits == (
        Limit(
            *("a", NUMBER, "", 4e5, None, "tail.desks[harbour].exit.exit_cost"),
            hysteresis=0.2,
            after=3,
        ),
        Limit(
            *("b", NUMBER, "", None, 14_400.0, "dre.scopes.desk:harbour.parts.latency", -0.01),
            end="low",
        ),
        Limit("c", "fund_ruin", "venue:meridian", 0.01, 86_400.0, end="high"),
    )
    assert load_case(save_case(load_case(folder), tmp_path / "again")).limits == limits


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("exit.exit_cost", "exit.exit_cots", "row 4.*exit_cots.*exit_cost"),
        ("tail.desks", "tial.desks", "tial.*no key"),
        ("tail.desks[harbour].exit.exit_cost", "manifest.code", "leads to manifest"),
        ("tail.desks[harbour]", "tail.desks[", "cannot be read"),
        ("number = \"tail", "measure = \"dre\"\nnumber = \"tail", "beside number"),
        ("maximum = 4e5", "maximum = 4e5\nminimum = 1", "beside a maximum"),
        ("maximum = 4e5", "", "maximum.*is missing"),
        ("hysteresis = 0.2", "hysteresis = 2", "hysteresis.*fraction"),
        ("after = 3", "after = 0", "after.*whole number"),
        ('end = "low"', 'end = "middle"', "end"),
        ('horizon = "4h"', 'horizon = "soon"', "length of time"),
        ('measure = "fund_ruin"', 'measure = "bad_debt"', "bad_debt has no interval"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError, match=f"(?s)limits.toml.*{words}"):
        loaded(folder, GOOD.replace(old, new))
