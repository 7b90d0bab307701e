"""What slots do at their edges: found by reading the loop once more, each worked by hand.

Steps of 60 s and no impact unless told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    events,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind, Tape
from seawall.venues import Collateral

DUTCH = {
    "rule": "dutch_account",
    "start": 0.98,
    "cutoff": 0.8,
    "fast_seconds": 60.0,
    "slow_seconds": 300.0,
    "buffer": 0.2,
    "insolvent_seconds": 300.0,
}
MARGINED = {"BTC": Collateral(0.95, 0.95), QUOTE: Collateral(1.0, 1.0)}


def steps(tape: Tape, kind: EventKind) -> list[int]:
    return [step for _, step, _, _ in events(tape, kind)]


def test_an_account_sold_whole_while_solvent_leaves_no_collateral_behind() -> None:
    """100 ETH from 100 at 90.5, against 10 BTC at 100: worth 50, cash of -950. All of it is for
    sale below 500; the bidder pays 49 for 50 and the owner keeps 49. Nobody has lost anything.
    """
    auction: dict[str, Any] = {**DUTCH, "sell_all_below": 500.0}
    venue = perpetuals_venue(fund=1e6, collateral=MARGINED)
    case = tiny_case(
        [Trader("v", [Held("ETH-P", 100.0, 100.0)], {"BTC": 10.0}, owner="me")],
        [perpetual("ETH-P", "ETH")],
        {"v": replace(venue, mechanisms={"auction": auction})},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 90.5, 90.5]))
    assert tape.fund.sum() == 0.0
    assert state.holdings.size[0].tolist() == [0.0, 0.0]
    assert tape.desk_equity[0, :, 0] == pytest.approx([1_000.0, 49.0, 49.0])


def test_collateral_alone_is_for_sale_too() -> None:
    """10 BTC at 91 against 900 owed: worth 10, maintenance .05 x 910 = 45.5, net -35.5.

    B = -35.5 - .2 x 45.5 = -44.6 and D = .98: f = 44.6 / (44.6 + 9.8). That share of the BTC goes
    for a discount of f x 10 x .02; B is then 0. Without a sale the discount bought nothing.
    """
    case = tiny_case(
        [Trader("v", (), {"BTC": 10.0, QUOTE: -900.0}, owner="me")],
        [perpetual("ETH-P", "ETH")],
        {"v": replace(perpetuals_venue(collateral=MARGINED), mechanisms={"auction": DUTCH})},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0] + [91.0] * 3))
    share = 44.6 / 54.4
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    assert state.holdings.size[0, 0] == pytest.approx(10.0 * (1.0 - share))
    assert tape.desk_equity[0, 1:, 0] == pytest.approx([10.0 - share * 0.2] * 3)
