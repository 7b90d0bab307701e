"""`seawall cash`: the first lines of its page, refusals, JSON as documented, the written Case."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seawall.casefile import sample_case
from seawall.casefile.save import save_case
from seawall.cli.app import run
from seawall.report import cash_page
from seawall.report.columns import width_of

DOCS = Path(__file__).parents[2] / "docs" / "json.md"
# Names of venues and accounts, not of the schema.
CHOSEN = {"by_venue", "by_account"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    """The sample with a small crowd: what its desk needs is the same but for the crowd's sales."""
    return str(save_case(sample_case(crowd=30), tmp_path_factory.mktemp("cash") / "small"))


@pytest.fixture(scope="module")
def answer(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("answer") / "cash.json"
    assert run(["cash", folder, "--paths", "60", "--seed", "2", "--json", str(target)]) == 0
    return json.loads(target.read_text())


def keys(value) -> set[str]:
    if isinstance(value, list):
        return set().union(*(keys(v) for v in value))
    if not isinstance(value, dict):
        return set()
    inner = (keys(v) for k, v in value.items() if k not in CHOSEN)
    return set(value).union(*inner)


def test_every_key_is_documented(answer) -> None:
    text = DOCS.read_text("utf-8").split("# The JSON of `seawall cash`")[1].split("\n# ")[0]
    named = {p for code in re.findall(r"`([^`\n]+)`", text) for p in re.split(r"\W+", code)}
    assert keys(answer) - named == set()


@pytest.mark.parametrize("width", [100, 80, 60])
def test_no_line_is_wider_than_the_terminal(answer, width) -> None:
    page = cash_page.render(answer, width=width)
    assert max(width_of(line) for line in page.split("\n")) <= width
    assert page.split("\n")[0].startswith("● CASH")


def test_a_desk_that_needs_nothing_and_one_that_is_short_now(answer) -> None:
    calm = json.loads(json.dumps(answer))
    for block in (*calm["venues"], *calm["together"].values()):
        if isinstance(block, dict):
            block["chance"] = [0.0] * 24
            for row in block["quantiles"]:
                row["value"] = row["low"] = row["high"] = [0.0] * 24
    for account in calm["accounts"]:
        account["top_up"] = 0.0
    page = cash_page.render(calm)
    assert page.startswith("■ OK        desk:harbour needs no cash within 24 h on any path")
    assert "  none is needed" in page
    calm["venues"][0]["short_now"] = 5_000.0
    page = cash_page.render(calm)
    assert page.startswith("▲ SHORT     desk:harbour lacks 5k USDC of maintenance margin now")


@pytest.mark.parametrize(("hour", "when"), [(1, "now"), (5, "4 h")])
def test_money_must_be_there_when_the_hour_of_need_begins(answer, hour, when) -> None:
    """Needed within the fifth hour: at its end, 5 h from now, it would be too late."""
    told = json.loads(json.dumps(answer))
    told["accounts"] = told["accounts"][:1]
    told["accounts"][0] |= {"top_up": 1_000.0, "from_hour": hour}
    lines = cash_page.render(told, width=120).split("\n")
    (head,) = (n for n, line in enumerate(lines) if "there by" in line)
    assert lines[head + 1].rstrip().endswith(when)


def test_names_of_others_are_shown_and_not_run(answer) -> None:
    told = json.loads(json.dumps(answer))
    told["desk"] = "a\x1b[31mb"
    assert "\x1b" not in cash_page.render(told)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--desk", "nobody"], "no desk 'nobody'"),
        (["--hours", "0"], "0 hours"),
        (["--margin", "first"], "margin 'first'"),
        (["--shock", "BTX=-12%"], "no asset 'BTX'"),
        (["--json", "no-such-folder/a"], "no-such-folder does not exist"),
        (["no-such-case"], "no-such-case"),
    ],
)
def test_what_cannot_be_answered_is_1_and_one_sentence(
    arguments, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["cash", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_the_written_case_needs_less(folder, tmp_path, capsys) -> None:
    topped = str(tmp_path / "topped")
    asked = ["--paths", "40", "--hours", "2", "--shock", "all=-30%", "--json", "-"]
    assert run(["cash", folder, *asked, "--margin", "initial", "--write", topped]) == 0
    before = json.loads(capsys.readouterr().out)
    assert run(["cash", topped, *asked, "--margin", "initial"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert before["accounts"][1]["top_up"] > 0.0
    assert sum(v["short_now"] for v in before["venues"]) > 0.0
    assert sum(v["short_now"] for v in after["venues"]) == 0.0
    assert after["together"]["alone"]["chance"][-1] <= 0.1
    assert before["together"]["alone"]["chance"][-1] == 1.0
