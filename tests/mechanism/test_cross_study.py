"""Cross against isolated: two accounts worked by hand, and what the split may not change."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import requirement
from seawall.mechanism.cross_isolated import compare, margin_saved, measures, split


def two_accounts() -> Case:
    """A: ten X and ten Y long at 100 behind 200. B: the other side, with 5,000. No impact."""
    long = Trader("perps", [Held("X-P", 10.0, 100.0), Held("Y-P", 10.0, 100.0)], {QUOTE: 200.0})
    other = Trader("perps", [Held("X-P", -10.0, 100.0), Held("Y-P", -10.0, 100.0)], {QUOTE: 5e3})
    return tiny_case(
        [long, other],
        [perpetual("X-P", "X"), perpetual("Y-P", "Y")],
        {"perps": perpetuals_venue(("fund", "socialised"), fund=1e4)},
        {"X": coin(100.0), "Y": coin(100.0)},
    )


# By hand, one number a path, maintenance 1% of notional; A's equity is 200, isolated 100 and 100.
# apart: X 100 -> 85, Y 100 -> 115. Cross: 200 - 150 + 150 = 200, nothing happens. Isolated: X owes
#   50 and is closed, Y has 250: A loses -50 (gains), the fund pays 50.
# both: X and Y 100 -> 85. Cross: 200 - 300 = -100: the fund pays 100, A loses 200. Isolated: the
#   same, 50 and 50.
# slow: X 100 -> 90.5 -> 85 with Y still: isolated X has 5 left at 90.5, below 9.05, is closed there
#   and owes nothing: A loses 95. Cross: 200 - 150 = 50 above 18.5: open, A has lost 150.
# deep: X 100 -> 90.5 -> 70: cross owes 100 at the end: the fund pays, A loses 200; isolated 95.
PATHS = {
    "X": [[100, 85, 85], [100, 85, 85], [100, 90.5, 85], [100, 90.5, 70]],
    "Y": [[100, 115, 115], [100, 85, 85], [100, 100, 100], [100, 100, 100]],
}
LOST = {"cross": [0.0, 200.0, 150.0, 200.0], "isolated": [-50.0, 200.0, 95.0, 95.0]}
FUND = {"cross": [0.0, 100.0, 0.0, 100.0], "isolated": [50.0, 100.0, 0.0, 0.0]}


@pytest.mark.parametrize("kind", ["cross", "isolated"])
def test_two_accounts_by_hand(kind: str) -> None:
    both = split(two_accounts())
    case = both.cross if kind == "cross" else both.isolated
    exogenous = paths_of(case, **PATHS)
    setup = prepare(case)
    tape, state = run(setup, exogenous)
    # B is split too and never in danger: its gain is what A and the fund lose.
    found = measures(np.array([0]))(setup, tape, state, exogenous)
    assert found["accounts_loss"] == pytest.approx(LOST[kind])
    assert found["fund"] == pytest.approx(FUND[kind])
    assert found["bad_debt"] == pytest.approx(FUND[kind])
    assert found["bad_debt_own"] == pytest.approx(FUND[kind])


def test_margin_by_hand() -> None:
    """2% initial and 1% maintenance of 4,000, either way; A would lock (2 - 1)(200 - 20) more."""
    both = split(two_accounts())
    saved = margin_saved(prepare(both.cross), prepare(both.isolated), both.equity_saved)
    assert saved["initial_cross"] == pytest.approx(80.0)
    assert saved["maintenance_isolated"] == pytest.approx(40.0)
    assert saved["initial_saved"] == pytest.approx(0.0, abs=1e-9)
    # B's shorts lose at most nine times 1,000 each on the way to ten times the price: both can
    # take its buffer of 5,000 - 20, which isolated margin would lock once more.
    assert saved["equity_saved"] == pytest.approx(180.0 + 4_980.0)


def test_each_position_gets_equity_by_its_maintenance() -> None:
    long = Trader("perps", [Held("X-P", 30.0, 90.0), Held("Y-P", -10.0, 120.0)], {QUOTE: 100.0})
    case = tiny_case(
        [long],
        [perpetual("X-P", "X"), perpetual("Y-P", "Y")],
        {"perps": perpetuals_venue()},
        {"X": coin(100.0), "Y": coin(100.0)},
    )
    # Equity 100 + 300 + 200 = 600; maintenance 30 and 10: 450 and 150. Margin put in: 450 - 300.
    both = split(case)
    assert both.isolated.book.isolated_margin == pytest.approx([150.0, -50.0])
    setup = prepare(both.isolated)
    equity = requirement(setup.table, setup.spot[setup.table.feed_asset]).equity
    assert sorted(equity.tolist()) == pytest.approx([0.0, 150.0, 450.0])


def test_the_sample_keeps_its_equity_and_its_positions() -> None:
    both = split(sample_case(60))
    one, other = prepare(both.cross), prepare(both.isolated)
    for setup in (one, other):
        need = requirement(setup.table, setup.spot[setup.table.feed_asset])
        total = np.bincount(
            setup.table.units.account, need.equity, len(both.cross.book.account_names)
        )
        if setup is one:
            first, margin = total, need.maintenance.sum()
    assert total == pytest.approx(first, rel=1e-9)
    assert need.maintenance.sum() == pytest.approx(margin, rel=1e-9)
    assert np.array_equal(both.cross.book.size, both.isolated.book.size)
    assert both.accounts.size > 5


def test_differences_have_intervals_and_the_same_answer_twice() -> None:
    how = {"horizon_seconds": 7_200.0, "paths": 12, "volatility": 3.0}
    found = compare(sample_case(60), **how)
    row = found["numbers"]["accounts_loss"]
    assert row["difference"]["low"] <= row["difference"]["value"] <= row["difference"]["high"]
    gap = row["cross"]["value"] - row["isolated"]["value"]
    assert row["difference"]["value"] == pytest.approx(gap)
    assert compare(sample_case(60), **how) == found


def test_a_case_without_cross_accounts_is_refused() -> None:
    alone = Trader("perps", [Held("X-P", 1.0, 100.0)], {QUOTE: 50.0})
    case = tiny_case(
        [alone], [perpetual("X-P", "X")], {"perps": perpetuals_venue()}, {"X": coin(100.0)}
    )
    with pytest.raises(InputError, match="two positions on cross margin"):
        split(case)
