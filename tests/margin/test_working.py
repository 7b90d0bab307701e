"""A derivation is a tree of lines: found by name, walked from the top; it computes nothing."""

from __future__ import annotations

import pytest

from seawall.margin.account.working import Line, account_margin

TREE = Line(
    "initial",
    30.0,
    parts=(
        Line("BTC", 10.0, parts=(Line("notional", 100.0), Line("rate", 0.1))),
        Line("ETH", 20.0, parts=(Line("notional", 400.0), Line("rate", 0.05))),
    ),
)


def test_lines_are_found_by_the_names_on_the_way() -> None:
    assert TREE.find("ETH", "notional").value == 400.0
    assert TREE.find("rate").value == 0.1  # the first on the way down
    assert [line.name for line in TREE.walk()] == [
        *("BTC", "notional", "rate"),
        *("ETH", "notional", "rate"),
    ]
    with pytest.raises(KeyError, match="no line 'SOL' below 'initial'"):
        TREE.find("SOL")


def test_net_margins_and_the_liquidation_test() -> None:
    margin = account_margin(100.0, 130.0, 90.0, TREE)
    assert (margin.net_initial, margin.net_maintenance) == (-30.0, 10.0)
    assert not margin.requirement.liquidatable
    assert account_margin(89.0, 130.0, 90.0, TREE).requirement.liquidatable
    assert not account_margin(-1.0, 0.0, 0.0, TREE).requirement.liquidatable
    both = margin.requirement + margin.requirement
    assert (both.equity, both.initial, both.maintenance) == (200.0, 260.0, 180.0)
