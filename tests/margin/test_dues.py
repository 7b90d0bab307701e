"""Sums over positions are made of amounts, not of printed lines."""

from __future__ import annotations

from small_accounts import account

from seawall.margin.account.dues import Due, account_working, sum_of
from seawall.margin.account.equity import equity_of
from seawall.margin.account.working import Line


def test_an_account_sums_its_dues_and_tells_their_lines():
    wrong = Line("a", -1.0, "quote", "", (Line("initial", -1.0), Line("maintenance", -1.0)))
    dues = (Due(10.0, 4.0, wrong), Due(3.0, 2.0, Line("b", 2.0)))
    assert sum_of(dues) == (13.0, 6.0)
    held = account(cash=100.0)
    found = account_working(
        held, equity_of(held), dues, "a sum", (Line("between", 7.0),), added=0.5
    )
    assert float(found.requirement.initial) == 13.5
    assert (found.net_initial, found.net_maintenance) == (86.5, 93.5)
    names = [line.name for line in found.working.parts]
    assert names == ["equity", "between", "initial margin", "maintenance margin"]
    assert found.working.find("maintenance margin").parts == (wrong, dues[1].line)
    assert found.working.value == 93.5
