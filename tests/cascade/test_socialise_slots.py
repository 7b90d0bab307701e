"""The slot ``socialise`` by hand: four rules, the same loss, four different bills.

A is long 10 from 100 with 130 and falls to 80: it owes 70, and there is no fund. Beside it
    B  short 10 from 100 with cash 600: profit 200, equity 800
    C  long 30 of another coin that stands still, cash 200: equity 200
    D  long 4 from 60, cash 100: profit 80, equity 180
"""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.venues import Collateral


def four(rule: str | None) -> Case:
    mechanisms = {} if rule is None else {"socialise": {"rule": rule}}
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 130.0}),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 600.0}, owner="b"),
        Trader("v", [Held("ETH-PERP", 30.0, 10.0)], {QUOTE: 200.0}, owner="c"),
        Trader("v", [Held("BTC-PERP", 4.0, 60.0)], {QUOTE: 100.0}, owner="d"),
    ]
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")],
        {"v": perpetuals_venue(("fund", "socialised"), mechanisms=mechanisms)},
        {"BTC": coin(100.0), "ETH": coin(10.0)},
    )


def borne(rule: str | None) -> tuple[np.ndarray, Tape]:
    """What B, C and D bear, and the tape."""
    case = four(rule)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    return np.array([800.0, 200.0, 180.0]) - tape.desk_equity[0, -1], tape


@pytest.mark.parametrize(
    ("rule", "bill"),
    [
        # 70 of 1180 of equity.
        (None, np.array([800, 200, 180]) * 70 / 1180),
        ("equity_pro_rata", np.array([800, 200, 180]) * 70 / 1180),
        # 70 over 14 contracts of the market that A lost in, longs and shorts alike: 5 for each.
        ("funding_index", [50, 0, 20]),
        # 70 of 900 of cash.
        ("cash_haircut", np.array([600, 200, 100]) * 70 / 900),
    ],
)
def test_who_bears_seventy(rule: str | None, bill: list[float]) -> None:
    paid, tape = borne(rule)
    assert paid == pytest.approx(np.array(bill))
    assert tape.socialised.sum() == pytest.approx(70.0)
    shares = tape.notional[tape.kind == EventKind.SOCIALISED]
    assert shares == pytest.approx([x for x in bill if x > 0])


def test_a_funding_index_leaves_what_a_holder_cannot_bear() -> None:
    """A's loss of 880 over 11 contracts is 80 each; the last long has 12 of equity."""
    traders = [
        Trader("v", [Held("BTC-PERP", 100.0, 100.0)], {QUOTE: 1_120.0}),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 3_000.0}, owner="b"),
        Trader("v", [Held("BTC-PERP", 1.0, 80.0)], {QUOTE: 12.0}, owner="d"),
    ]
    venue = perpetuals_venue(("socialised",), mechanisms={"socialise": {"rule": "funding_index"}})
    case = tiny_case(traders, [perpetual("BTC-PERP", "BTC")], {"v": venue}, {"BTC": coin(100.0)})
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    assert tape.socialised.sum() == pytest.approx(880.0)
    assert tape.notional[tape.kind == EventKind.SOCIALISED] == pytest.approx([800.0, 12.0])


COLLATERAL = {"ETH": Collateral(0.8, 0.85, 0.05), "USDX": Collateral(0.8, 0.85, 0.05)}


def lender(rule: str | None, fund: float = 0.0) -> Case:
    """X owes 900 against 1 ETH; Y has deposited 1,500, Z 300 of what X owes and 1 ETH."""
    mechanisms = {} if rule is None else {"socialise": {"rule": rule}}
    traders = [
        Trader("l", (), {"ETH": 1.0, "USDX": -900.0}),
        Trader("l", (), {"USDX": 1_500.0}, owner="y"),
        Trader("l", (), {"USDX": 300.0, "ETH": 1.0}, owner="z"),
    ]
    venue = lending_venue(COLLATERAL, fund=fund)
    venue = type(venue)(**{**venue.__dict__, "mechanisms": mechanisms})
    return tiny_case(traders, [], {"l": venue}, {"ETH": coin(2_000.0), "USDX": coin(1.0)})


def test_depositors_are_written_down_in_proportion() -> None:
    """ETH falls to 1e-9: 900 are lost, half of the 1,800 deposited; or, after the fund's 180, 720
    of 1,800: 40%.
    """
    for rule, fund, bill in (
        (None, 0.0, [0, 0]),
        ("depositor_haircut", 0.0, [750, 150]),
        ("depositor_haircut", 180.0, [600, 120]),
    ):
        case = lender(rule, fund)
        _, tape, state = run_case(case, paths_of(case, ETH=[2_000.0, 1e-9]))
        lost = np.array([1_500.0, 300.0]) - tape.desk_equity[0, -1]
        assert lost == pytest.approx(bill, abs=1e-6)
        assert (tape.fund.sum(), tape.socialised.sum()) == pytest.approx((fund, 900.0 - fund))
        seen = [unit for _, _, unit, _ in events(tape, EventKind.SOCIALISED)]
        assert len(seen) == sum(x > 0 for x in bill)
        assert state.holdings.size[0].min() >= 0.0


def test_lenders_outside_the_book_bear_their_part() -> None:
    """X owes 900, the book knows deposits of 300: others have lent 600. The fund pays 450; the
    other 450 are half of all claims.
    """
    case = lender("depositor_haircut", 450.0)
    case.book.quantity[2] = 0.0
    _, tape, _ = run_case(case, paths_of(case, ETH=[2_000.0, 1e-9]))
    assert tape.desk_equity[0, -1, 1] == pytest.approx(150.0)
    assert tape.socialised.sum() == pytest.approx(450.0)
    assert tape.notional[tape.kind == EventKind.SOCIALISED] == pytest.approx([150.0])


@pytest.mark.parametrize("rule", ["cash_haircut", "funding_index", "equity_pro_rata"])
def test_rules_of_order_books_do_not_fit_a_lender(rule: str) -> None:
    case = lender(rule)
    with pytest.raises(InputError, match="does not fit a venue of style 'keeper'"):
        run_case(case, paths_of(case, ETH=[2_000.0, 1.0]))


def test_a_depositor_haircut_does_not_fit_an_order_book() -> None:
    case = four("depositor_haircut")
    with pytest.raises(InputError, match="does not fit a venue of style 'orderbook'"):
        run_case(case, paths_of(case, BTC=[100.0, 80.0]))
