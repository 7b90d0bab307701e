"""The foot of the page says when other worlds had fewer paths than half."""

from __future__ import annotations

from fake_result import fake_result

from seawall.report.fewer_paths import fewer_paths
from seawall.report.page import render
from seawall.report.terminal import render as terminal


def test_it_is_said_where_there_were_fewer() -> None:
    few = fake_result() | {"paths": 1_000, "side_paths": 200}
    sentence = "Model interval, parts, other crowds and the remedy rest on the first 200 of 1,000 "
    assert fewer_paths(few).startswith(sentence)
    assert fewer_paths(few).strip() in render(few)


def test_it_is_said_in_the_terminal_too() -> None:
    few = fake_result() | {"paths": 1_000, "side_paths": 200}
    assert "first 200 of 1,000 paths" in " ".join(terminal(few).split())


def test_half_of_them_is_the_rule_and_is_not_said() -> None:
    assert fewer_paths(fake_result()) == ""
