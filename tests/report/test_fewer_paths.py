"""The foot of the page says when other worlds had fewer paths than half."""

from __future__ import annotations

from typing import Any

from fake_result import fake_result

from seawall.report.fewer_paths import fewer_paths
from seawall.report.page import render
from seawall.report.terminal import render as terminal


def fewer(side: int) -> dict[str, Any]:
    whole = fake_result()
    return whole | {"paths": 1_000, "side_paths": side, "dre": whole["dre"] | {"parts_paths": 32}}


def test_it_is_said_where_there_were_fewer() -> None:
    few = fewer(200)
    sentence = "Model interval, other crowds and the remedy rest on the first 200 of 1,000 paths, "
    assert fewer_paths(few).startswith(sentence)
    assert fewer_paths(few).strip() in render(few)


def test_it_is_said_in_the_terminal_too() -> None:
    few = fewer(200)
    assert "first 200 of 1,000 paths" in " ".join(terminal(few).split())


def test_half_of_them_is_the_rule_and_is_not_said() -> None:
    assert fewer_paths(fake_result()) == ""


def test_nor_is_half_of_an_odd_number() -> None:
    assert fewer_paths(fake_result() | {"paths": 401, "side_paths": 200}) == ""
