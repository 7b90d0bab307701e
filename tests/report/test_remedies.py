"""Remedies in words, on the terminal, on the HTML page, and as an answer of their own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_remedies import action, limit_actions, remedies
from fake_result import fake_result

from seawall.report import page, remedy_page, remedy_section, remedy_words
from seawall.report.columns import cell_len, paint


def lines(result: dict[str, Any], width: int) -> str:
    return paint(remedy_section.remedies(result, width), width, False)


def answer() -> dict[str, Any]:
    """An invented answer of `seawall remedy`."""
    whole = fake_result()
    keys = ("case", "headline", "limits", "remedy", "remedies", "remedy_note", "limit_actions")
    own = {"paths": 2_000, "seed": 1, "horizon_seconds": 86_400.0, "assumptions": ["A11", "A14"]}
    return {key: whole[key] for key in keys} | own


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (action("add", 620e3, "USDC"), "add 620,000 USDC to harbour/perp-main"),
        (action("repay", 1.5, "ETH"), "repay 1.5 ETH in harbour/perp-main"),
        (
            action("move", 10.0, "BTC", source="harbour/spare"),
            "move 10 BTC from harbour/spare to harbour/perp-main",
        ),
        (
            action("reduce", 2.0, "BTC-P", side="short", instrument="BTC-P", amount_quote=1e6),
            "buy back 2 BTC-P (1M) in harbour/perp-main",
        ),
        (
            action("add", 5.0, "USDC", instrument="SOL-PERP"),
            "add 5 USDC to harbour/perp-main, for its SOL-PERP",
        ),
        (
            remedies()[1],
            "move 480,000 USDC from harbour/options to harbour/perp-main, and "
            "sell 14,000 SOL-PERP (1.66M) in harbour/perp-main",
        ),
    ],
)
def test_an_action_in_words(row: dict[str, Any], words: str) -> None:
    assert remedy_words.action(row) == words


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(279_261.3, "279,300"), (1.00001, "1.001"), (0.0123456, "0.01235"), (0.0, "0"), (None, "-")],
)
def test_an_amount_to_act_on_is_never_rounded_down(amount: float | None, shown: str) -> None:
    assert remedy_words.quantity(amount) == shown


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_every_remedy_is_a_line_of_the_table_and_none_runs_over(width: int) -> None:
    text = lines(fake_result(), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    joined = " ".join(text.split())
    assert "add 620,000 USDC" in joined
    assert "too late" in joined
    assert "not sure" in joined
    assert "sell 21,000 HYPE-PERP" in joined
    if width >= 100:
        assert "A11 A14" in text


def test_one_remedy_none_and_nothing_to_say() -> None:
    result = fake_result()
    result["remedies"] = [result["remedy"]]
    assert "Remedy that brings" in lines(result, 100)
    result |= {"remedy": None, "remedies": [], "limit_actions": [], "remedy_note": "Why not."}
    assert lines(result, 100).split() == [*("──", "Remedy"), "─" * 90, "Why", "not."]
    assert not lines(result | {"remedy_note": ""}, 100).strip()
    html = page.render(result | {"remedy_note": ""})
    assert "What would help?" not in html


def test_the_page_shows_each_and_escapes_it() -> None:
    result = fake_result()
    result["remedies"][1]["source"] = "<b>spare</b>"
    result["limit_actions"][0]["limit"] = "<i>share</i>"
    html = page.render(result)
    section = html[html.index('id="remedies"') :]
    section = section[: section.index("</section>")]
    assert len(re.findall(r"<tr><td", section)) == 3
    assert "&lt;b&gt;spare" in section
    assert "<i>share" not in section


def test_the_answer_of_the_command_says_what_to_do_first() -> None:
    text = remedy_page.render(answer(), 100)
    first = text.splitlines()
    assert first[0].startswith("▲ BREACH")
    assert first[1].startswith("  Do        Add 620,000 USDC to harbour/perp-main: DRE 1.92%")
    assert "instead of 119" in text
    assert "withdrawal, assumed" in text
    assert all(cell_len(line) <= 80 for line in remedy_page.render(answer(), 80).splitlines())


def test_the_answer_where_nothing_is_over() -> None:
    kept = answer() | {"remedy": None, "remedies": [], "limit_actions": []}
    kept["limits"] = [limit | {"breached": False} for limit in kept["limits"]]
    kept["remedy_note"] = "no DRE limit of desk:harbour is breached"
    assert remedy_page.render(kept, 100).startswith("■ WITHIN")


def test_what_brings_another_limit_under() -> None:
    said = remedy_words.limit_action(limit_actions()[0])
    assert said.startswith("Largest share of open interest: sell 21,000 HYPE-PERP (655k) in ")
    bare = limit_actions()[0] | {"actions": []}
    assert remedy_words.limit_action(bare).startswith("Largest share of open interest: the excess")
