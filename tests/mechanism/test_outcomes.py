"""Outcomes in published units: shares and Gini by hand, ADL and vaults on tiny Cases."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.mechanism.outcomes import Course, first_times, gini, measured, top_share
from seawall.mechanism.watching import begin_watch, winners
from seawall.venues import Collateral, Liquidation


def course_of(case: Case, prices: list[float]) -> Course:
    """A run along one path of BTC, watched as a replay watches it."""
    exogenous = paths_of(case, BTC=prices)
    watch = begin_watch(prepare(case), exogenous.shape[0])
    setup, tape, _ = run_case(case, exogenous, observe=watch)
    return Course(setup, tape, watch.worst, winners(watch, tape))


def perps(*traders: Trader, layers: tuple[str, ...] = ("adl",), **rules: float) -> Case:
    backstop = rules.pop("backstop", 0.0)
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"a": perpetuals_venue(layers, backstop=backstop, liquidation=liquidation(**rules))},
        {"BTC": coin(100.0)},
    )


def liquidation(**rules: float) -> Liquidation:
    return Liquidation("orderbook", **rules)


def long(size: float, cash: float) -> Trader:
    return Trader("a", [Held("BTC-PERP", size, 100.0)], {"USD": cash})


def test_gini_and_top_share_by_hand() -> None:
    assert gini(np.array([2.0, 2.0, 2.0])) == pytest.approx(0.0)
    # Of 1 and 3: mean absolute difference 2 over twice the mean 4, times 1/2 for two accounts.
    assert gini(np.array([1.0, 3.0])) == pytest.approx(0.25)
    assert np.isnan(gini(np.zeros(0)))
    assert top_share(np.array([1.0, 1.0, 8.0]), 1 / 3) == pytest.approx(0.8)
    assert top_share(np.array([1.0, 1.0, 8.0]), 0.5) == pytest.approx(0.85)


def test_adl_by_hand() -> None:
    """A long of 10 with 20 is bankrupt at 95 (-30); shorts of 8 and 4 are reduced by 10 in all.

    The one with the higher (mark / entry) x leverage goes first: 8 on 100 before 4 on 900.
    """
    case = perps(long(10.0, 20.0), long(-8.0, 100.0), long(-4.0, 900.0))
    course = course_of(case, [100.0, 99.5, 95.0, 95.0])
    assert measured(course, "liquidated")[0] == pytest.approx(950.0)
    assert measured(course, "adl_share")[0] == pytest.approx(1.0)
    assert measured(course, "adl_count_share")[0] == 2.0
    assert course.winners.unit.tolist() == [1, 2]
    assert course.winners.notional == pytest.approx([8 * 95.0, 2 * 95.0])
    assert measured(course, "adl_gini")[0] == pytest.approx(0.5 * (8 - 2) / 10)
    # 800 over 100 and 400 over 900 at the start.
    assert measured(course, "adl_median_leverage")[0] == pytest.approx((8.0 + 4.0 / 9.0) / 2)
    assert measured(course, "long_share")[0] == 1.0
    assert measured(course, "seconds_to_first_adl")[0] == 0.0
    assert {name: at.tolist() for name, at in first_times(course).items()} == {
        "liquidation": [2],
        "adl": [2],
    }


def test_partial_closes_of_losers_are_no_adl() -> None:
    case = perps(long(10.0, 20.0), long(-10.0, 900.0), partial_fraction=0.2)
    course = course_of(case, [100.0, 98.9, 98.5, 98.4])
    assert measured(course, "liquidated")[0] > 0
    assert course.winners.unit.size == 0
    assert np.isnan(measured(course, "seconds_to_first_adl")[0])
    assert np.isnan(measured(course, "adl_gini")[0])


def test_a_vault_is_down_by_what_it_took_over() -> None:
    """Equity 3 at 98.3 is below two thirds of 9.83: the vault takes 10 and is down 80 - 3 at 90.3.

    It gets the position at the market's price with the margin left on it.
    """
    case = perps(long(10.0, 20.0), layers=("backstop",), backstop=1_000.0, backstop_ratio=2 / 3)
    course = course_of(case, [100.0, 98.3, 90.3, 97.0])
    assert measured(course, "vault_loss")[0] == pytest.approx(80.0 - 3.0)
    assert measured(course, "vault_loss", venue="a")[0] == pytest.approx(77.0)


def test_the_busiest_window_by_hand() -> None:
    """Three longs of 10 fail at steps 1, 2 and 40: two of three notionals within two minutes."""
    case = perps(long(10.0, 20.0), long(10.0, 30.0), long(10.0, 60.0), layers=("fund",))
    course = course_of(case, [100.0, 98.5, 97.5, *[97.4] * 37, 94.5])
    sold = np.array([985.0, 975.0, 945.0])
    assert measured(course, "busiest_40_minutes_share")[0] == pytest.approx(1.0)
    assert measured(course, "busiest_minute_share")[0] == pytest.approx(sold[0] / sold.sum())
    assert measured(course, "liquidated_accounts")[0] == 3.0


def test_zero_bids_and_bad_debt_of_a_lender() -> None:
    """A keeper gets 50 of collateral for 50 / 1.05 of a debt of 80; the rest of it is left."""
    lender = lending_venue(
        {"BTC": Collateral(0.7, 0.85, 0.05)}, liquidation=Liquidation("keeper", close_factor=1.0)
    )
    case = tiny_case(
        [Trader("a", (), {"BTC": 1.0, "USD": -80.0})], [], {"a": lender}, {"BTC": coin(100.0)}
    )
    course = course_of(case, [100.0, 50.0, 50.0])
    assert measured(course, "bad_debt")[0] == pytest.approx(80.0 - 50.0 / 1.05)
    assert measured(course, "keepers_gain")[0] == pytest.approx(50.0 - 50.0 / 1.05)
    assert measured(course, "zero_bid_share")[0] == 0.0
    assert measured(course, "trough", asset="BTC")[0] == 50.0


def test_what_is_not_known_is_refused() -> None:
    course = course_of(perps(long(1.0, 50.0)), [100.0, 100.0])
    with pytest.raises(InputError, match="bad_debt"):
        measured(course, "bad_dept")
    with pytest.raises(InputError, match="names the asset 'DOGE'"):
        measured(course, "trough", asset="DOGE")
    with pytest.raises(InputError, match="does not name it"):
        measured(course, "trough")
