"""Intervals of mean losses on the page: where they stand, in which sign, where there is none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_result import fake_result, without_desk

from seawall.report import loss_words, numbers, page, pays_section, terminal
from seawall.report.columns import paint
from seawall.report.public import public_result


def told(result: dict[str, Any], width: int = 100) -> str:
    """`--full` in one line, spaces as one sees them."""
    return " ".join(terminal.render_whole(result, width).replace("\xa0", " ").split())


def cells(result: dict[str, Any]) -> str:
    return re.sub(r"(<[^>]+>)+", "|", page.render(result))


def test_an_end_that_is_not_known_is_a_question_mark() -> None:
    assert numbers.money_interval(2.1e6, 6.849e6) == "2.1M to 6.85M"
    assert numbers.money_interval(0.0, None) == "0 to ?"
    assert numbers.money_interval(None, None) == ""
    assert numbers.scaled_interval(-2.1e6, None, 1e6) == "-2.10 to ?"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1.2e6, 2.5e6, "1.2M to 2.5M"),
        (-9e5, -5e5, "gain 500k to 900k"),
        (-5e5, 2.1e6, "gain 500k to loss 2.1M"),
        (None, None, ""),
    ],
)
def test_an_interval_of_a_loss_says_where_it_is_a_gain(low: Any, high: Any, text: str) -> None:
    entry = {"expected_loss_low": [None, low], "expected_loss_high": [None, high]}
    assert loss_words.interval(entry, 1) == text
    assert loss_words.interval({}, 0) == ""


def test_the_whole_page_of_the_terminal_has_them() -> None:
    text = told(fake_result())
    assert (
        "mean loss 95%: 1 h 880k to 1.83M, 4 h 1.27M to 1.72M, 24 h 1.71M to 1.99M, "
        "7 d 2.29M to 2.46M" in text
    )
    assert (
        "95%: desk 1.66 to 2.02, fund 0.26 to 0.32, backstop 0.19 to 0.23, ADL 0.05 to 0.07, "
        "socialised 0.02 to 0.02, keepers -0.12 to -0.10" in text
    )
    assert "meridian: bad debt mean 410k [280k to 630k], value at risk" in text
    # Nobody knows how much there can be: the lower end alone says nothing.
    result = fake_result()
    result["system"]["venues"]["causeway"]["bad_debt_mean"] = 0.0
    assert "causeway: bad debt mean 0, value at risk" in told(result)


def test_one_screen_has_that_of_the_loss_in_the_heading_where_there_is_room() -> None:
    heading = "── Who pays, mean per impaired path, M USDC; loss 95% 2.12 to 2.54 ──"
    text = terminal.render(fake_result(), 100)
    assert heading in text
    assert "mean loss 95%" not in text
    assert "bad debt mean 410k, value" in " ".join(text.split())
    narrow = terminal.render(fake_result(), 60)
    assert "── Who pays, mean per impaired path, M USDC ──" in narrow


def test_the_page_has_them_under_their_numbers() -> None:
    html = cells(fake_result())
    assert "|1.84M|1.71M to 1.99M|" in html
    assert "|1.84|1.66 to 2.02|" in html
    assert "|−0.11|−0.12 to −0.10|" in html
    assert "|2.31|2.12 to 2.54|" in html
    assert "|410k|280k to 630k|" in html
    assert "mean, USDC, 95% 1.71M to 1.99M; 6.2M in the worst 5%" in html


def test_where_nobody_paid_there_is_none() -> None:
    result = without_desk()
    lines = pays_section.who_pays(result, 100)
    assert "95%:" not in paint(lines, 100, False)
    assert "loss 95%" not in terminal.render(result, 100)
    assert "to ?" not in cells(result).split("Who pays?")[1].split("The system behind")[0]


def test_an_outside_reader_has_them_too() -> None:
    whole, public = fake_result(), public_result(fake_result())
    for key in ("who_pays_low", "who_pays_unconditional_high", "who_pays_loss_low"):
        assert public[key] == whole[key]
    assert public["system"]["bad_debt_mean_high"] == 0.65e6
    assert public["system"]["venues"]["meridian"]["liquidated_mean_high"] == 33.4e6
    scope = public["dre"]["scopes"]["desk:1"]
    assert scope["expected_loss_low"] == [0.88e6, 1.27e6, 1.71e6, 2.29e6]
    assert scope["expected_shortfall_high"] == [None, 5.6e6, 7.8e6, 9.3e6]
