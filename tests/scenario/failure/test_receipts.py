"""Collateral pledged in several protocols: what fails at the base is lost once, worked by hand.

aETH is the receipt for ETH deposited at the lender A, and xETH a receipt for aETH. Both are pledged
at the lender B (threshold 83%), against dollars. Everything costs 100; nothing has impact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_l1_money import assert_conserved
from test_l6_same_tape import FILTER, assert_same
from tiny_cases import coin, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.instruments import Staked
from seawall.market import StakedState
from seawall.mechanism.fuzz.small_case import Trader
from seawall.venues import Collateral

TAKEN = Collateral(0.8, 0.83, 0.05)
STILL = [100.0] * 4


def loop(**balances: float) -> Case:
    """The desk holds these at B; others lend there, and at A."""
    from dataclasses import replace

    takes = dict.fromkeys(("ETH", "aETH", "xETH", "USD"), TAKEN)
    assets = {name: coin(100.0) for name in ("ETH", "aETH", "xETH")}
    case = tiny_case(
        [
            Trader("B", (), dict(balances), owner="me"),
            Trader("B", (), {"USD": 5_000.0, "ETH": 5.0}),
            Trader("A", (), {"ETH": 10.0, "USD": 10.0}),
        ],
        [Staked("aETH", "ETH"), Staked("xETH", "aETH")],
        {"A": lending_venue(takes), "B": lending_venue(takes)},
        assets,
    )
    shares = {"aETH": StakedState(1.0), "xETH": StakedState(1.0)}
    return replace(case, market=replace(case.market, shares=shares))


def equity(case: Case, kind: str, failure: dict[str, Any]) -> float:
    """The desk's equity at the end with one failure at the first step; laws L1 and L6 hold."""
    failing = with_failures(case, {kind: [failure | {"at_seconds": 60.0}]})
    exogenous = paths_of(failing, ETH=STILL)
    setup, tape, state = run_case(failing, exogenous)
    assert_conserved(setup, exogenous, state)
    _, unfiltered, _ = run_case(failing, exogenous, filtered=False)
    assert_same(tape, unfiltered, FILTER)
    fast, _ = run_fast(setup, exogenous)
    assert_same(tape, fast, FILTER)
    return float(tape.desk_equity[0, -1].sum())


INSOLVENT = {"venue": "A", "recovery": 0.4}


@pytest.mark.parametrize("receipts", [["aETH"], ["xETH"], ["aETH", "xETH"], ["xETH", "aETH"]])
def test_a_failed_base_takes_each_receipt_once(receipts: list[str]) -> None:
    # 3 aETH and 2 xETH, no debt: 500. A fails and pays two fifths: of what names aETH, 200 are
    # left, whether xETH, which leads to it, is named beside it or not; of xETH alone 300 + 80.
    left = equity(loop(aETH=3.0, xETH=2.0), "venue_insolvency", INSOLVENT | {"receipts": receipts})
    assert left == pytest.approx(380.0 if receipts == ["xETH"] else 200.0)


def test_without_receipts_a_failed_lender_leaves_its_tokens_alone() -> None:
    assert equity(loop(aETH=3.0), "venue_insolvency", INSOLVENT) == pytest.approx(300.0)


@pytest.mark.parametrize("assets", [["ETH"], ["ETH", "aETH"], ["xETH", "ETH", "aETH"]])
def test_a_bridged_coin_takes_what_is_staked_on_it_once(assets: list[str]) -> None:
    # 1 ETH, 1 aETH, 1 xETH: 300; at a recovery of a half 150, never 75 of a token twice hit.
    case = loop(ETH=1.0, aETH=1.0, xETH=1.0)
    assert equity(case, "bridge", {"assets": assets, "recovery": 0.5}) == pytest.approx(150.0)


def test_two_protocol_loop_by_hand() -> None:
    """10 ETH at A, their receipt pledged at B, 700 USD borrowed there.

    A fails with a recovery of 0.4: the receipts are worth 400 against a debt of 700, so the desk's
    300 of equity are gone and no more can be lost. Keepers take what is left (400 / 1.05 = 380.95
    repaid), and the rest of the debt is the lenders': counted twice, 10 ETH at A and 10 aETH at B,
    the desk would seem to have 1,300 and to have lost 1,200.
    """
    case = loop(aETH=10.0, USD=-700.0)
    failing = with_failures(
        case, {"venue_insolvency": [INSOLVENT | {"receipts": ["aETH"], "at_seconds": 60.0}]}
    )
    exogenous = paths_of(failing, ETH=STILL)
    setup, tape, state = run_case(failing, exogenous)
    assert_conserved(setup, exogenous, state)
    assert tape.desk_equity[0, 0].sum() == pytest.approx(300.0)
    assert tape.desk_equity[0, -1].sum() == pytest.approx(0.0, abs=1e-9)
    borne = float(np.sum(tape.socialised) + np.sum(tape.fund))
    # 700 - 400 / 1.05: what the collateral did not bring after the keepers' bonus.
    assert borne == pytest.approx(700.0 - 400.0 / 1.05, rel=1e-6)


def test_receipts_of_a_venue_that_pays_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="receipts of A"):
        equity(
            loop(aETH=1.0),
            "venue_insolvency",
            {"venue": "A", "recovery": 0.0, "receipts": ["aETH"]},
        )
