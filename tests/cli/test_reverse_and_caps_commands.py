"""`seawall reverse` and `seawall caps`: pages at any width, same bytes, refusals in sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.cli import app, caps, reverse
from seawall.exposure.reverse.answer import reverse_stress
from seawall.mechanism.caps.study import caps as study
from seawall.report import caps_page, reverse_page
from seawall.report.jsonfile import dumps

DOCS = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")


def small(owner: str = "harbour") -> Case:
    traders = [
        Trader("perps", [Held("BTC-PERP", 1.0, 90_000.0)], {QUOTE: 20_000.0}, owner),
        Trader("perps", [Held("BTC-PERP", -2.0, 90_000.0)], {QUOTE: 30_000.0}),
    ]
    coins = {"BTC": coin(90_000.0, 5e6)}
    venue = perpetuals_venue(fund=5_000.0)
    instruments = [perpetual("BTC-PERP", "BTC")]
    return tiny_case(traders, instruments, {"perps": venue}, coins, step_seconds=600.0)


@pytest.fixture(scope="module")
def broken() -> dict:
    return reverse_stress(small(), points=60, reach=6.0)


@pytest.fixture(scope="module")
def capped() -> dict:
    limit = ("venue:perps", "bad_debt", 1e6)
    return study(small(), "perps", limits=(limit,), paths=20, horizon_seconds=7_200.0)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_pages_fit_any_width_and_answer_in_their_first_line(
    broken: dict, capped: dict, width: int
) -> None:
    for page in (reverse_page.render(broken, width), caps_page.render(capped, width)):
        assert max(len(line) for line in page.splitlines()) <= width
    if width == 100:
        first = reverse_page.render(broken, width).splitlines()[0]
        assert first.startswith(
            f"▲ BREAKS    desk:harbour breaks at {broken['answer']['norm']:.2f}"
        )
        assert "no exposure alone breaks a limit" in caps_page.render(capped, width)


def test_names_are_shown_without_what_steers_a_terminal() -> None:
    found = reverse_stress(small("har\x1b[31mbour"), points=20, reach=6.0)
    assert "\x1b[31mbour" not in reverse_page.render(found, 100)


def test_every_key_is_documented(broken: dict, capped: dict) -> None:
    for result in (broken, capped):
        for key in keys(json.loads(dumps(result))):
            assert f"`{key}" in DOCS, key


def keys(value: object) -> set[str]:
    """Keys of dicts, at any depth, but those that are names of assets or axes."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("BTC", "volatility", "depth", "latency"):
                found.add(key)
            found |= keys(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= keys(inner)
    return found


def test_the_same_case_gives_the_same_json(capped: dict) -> None:
    limit = ("venue:perps", "bad_debt", 1e6)
    again = study(small(), "perps", limits=(limit,), paths=20, horizon_seconds=7_200.0)
    assert dumps(again) == dumps(capped)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reverse", "--over", "spot,mood"], "'mood' is no axis of a shock"),
        (["reverse", "--norm", "l3"], "'l3' is no norm"),
        (["reverse", "--scope", "desk:nobody"], "there is no scope 'desk:nobody'"),
        (["caps", "--limit", "fund_ruin"], "'fund_ruin' is no limit"),
        (["caps", "--venue", "nowhere"], "there is no venue 'nowhere'"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(arguments) == 1
    assert said in capsys.readouterr().err


def test_a_limit_is_read_as_scope_measure_and_maximum() -> None:
    assert caps.parse_limit("venue:x fund_ruin 1.5%") == ("venue:x", "fund_ruin", 0.015)
    assert caps.parse_limit("protocol bad_debt 250,000") == ("protocol", "bad_debt", 250_000.0)


def test_help_says_what_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["reverse", "--help"]) == 0
    assert "smallest shock" in capsys.readouterr().out
    assert reverse.reverse.__doc__ and caps.caps.__doc__
