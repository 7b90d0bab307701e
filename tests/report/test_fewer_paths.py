"""The foot of the page says when other worlds had fewer paths than half."""

from __future__ import annotations

from fake_result import fake_result

from seawall.report.fewer_paths import fewer_paths
from seawall.report.page import render


def test_it_is_said_where_there_were_fewer() -> None:
    few = fake_result() | {"paths": 1_000, "side_paths": 200}
    sentence = "Model interval, parts and other crowds: the first 200 of 1,000 paths, because there"
    assert fewer_paths(few).startswith(sentence)
    assert fewer_paths(few) in render(few)
