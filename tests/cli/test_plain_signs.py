"""A terminal without UTF-8 gets plain signs of the same width; colour where it is known."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from seawall.cli import output

sys.path.append(str(Path(__file__).parents[1] / "report"))
from fake_result import fake_result

from seawall.report import terminal


def test_the_page_in_ascii_keeps_its_lines_and_columns() -> None:
    text = terminal.render(fake_result(), 100)
    plain = output.spoken(text, "ascii")
    assert "▲" in text
    assert plain.isascii(), sorted({sign for sign in plain if not sign.isascii()})
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in text.splitlines()]
    assert plain.startswith("! BREACH")
    assert "?" not in plain.splitlines()[0]


def test_signs_that_the_terminal_has_stay() -> None:
    assert output.spoken("σ × █", "utf-8") == "σ × █"
    assert output.spoken("σ × █", "latin-1") == "s × #"
    assert output.spoken("帳 █", "ascii") == "帳 #", "names are left to the writer's question mark"


def test_a_stream_of_another_encoding_is_written_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.say("── 帳 ▲ 2.0σ")
    assert raw.getvalue() == b"-- ? ! 2.0s\n"


@pytest.mark.parametrize(
    ("environment", "tty", "wanted"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    environment: dict[str, str], tty: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: tty, raising=False)
    assert output.colour() is wanted
