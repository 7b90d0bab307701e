"""Liquidation slots where loans owe interest, hold two collaterals, or coins back positions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
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

from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.market import AssetState
from seawall.venues import Collateral, Liquidation

TERMS = Collateral(0.8, 0.83, 0.05)
DAY = 86_400.0


def owing_interest(mechanisms: dict[str, Any]) -> tuple[Setup, Tape, State]:
    """10 ETH against 790 of a coin lent at 365% a year, for two days of 1% each: 805.8 owed."""
    lent = AssetState(1.0, 1.0, 1.0, 0.0, float("inf"), float("inf"), borrow_rate=3.65)
    book = replace(lending_venue({"ETH": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [Trader("l", (), {"ETH": 10.0, "DAI": -790.0})],
        [],
        {"l": book},
        {"ETH": coin(100.0), "DAI": lent},
        step_seconds=DAY,
    )
    return run_case(case, paths_of(case, ETH=[100.0, 100.0, 97.0]))


def test_interest_goes_with_the_debt_that_an_owner_repays() -> None:
    """Owed 790 x 1.02 = 805.8 against 970 x .83 = 805.1: called. Paid 1.2 x 164.9 - 164.2 = 33.68,
    1.02 for each unit: 33.02 units and 0.66 of interest, both the lenders'.
    """
    call = {"grace_seconds": DAY, "cure_probability": 1.0, "cure_to": 1.2}
    setup, tape, state = owing_interest({"margin_call": call})
    paid = float(tape.notional[tape.kind == EventKind.TOP_UP][0])
    assert paid == pytest.approx(33.68)
    dai = setup.table.assets.index("DAI")
    pool = state.accounts.assets["pool"][0, 0]
    assert pool[dai] == pytest.approx(paid / 1.02)
    assert pool[setup.quote] == pytest.approx(paid - paid / 1.02)


def test_the_race_is_for_the_gain_after_interest() -> None:
    """5% of 805.8 = 40.29 is what the keeper gains once it has paid the lenders; half goes."""
    race = {"kinds": [{"count": 2}], "priority_share": 0.5}
    _, tape, _ = owing_interest({"keepers": race})
    assert tape.fee.sum() == pytest.approx(0.05 * 805.8 / 2)
    assert tape.keeper.sum() == pytest.approx(-0.05 * 805.8 / 2)


def test_the_next_lot_has_a_window_of_its_own() -> None:
    """Two collaterals and a bidder alone: one goes at step 2, the other at step 3."""
    mechanisms = {
        "auction": {"rule": "batch", "window_seconds": 60.0},
        "keepers": {"kinds": [{"count": 1}]},
    }
    book = replace(lending_venue({"ETH": TERMS, "BTC": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [Trader("l", (), {"ETH": 6.0, "BTC": 4.0, "USD": -800.0})],
        [],
        {"l": book},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0] + [80.0] * 4))
    assert [step for _, step, _, _ in events(tape, EventKind.ZERO_BID)] == [2, 3]
    assert tape.notional[tape.kind == EventKind.ZERO_BID] == pytest.approx([480.0, 400.0])


def backed_by_a_coin() -> Case:
    """Long 100 ETH from 100, backed by 1 BTC of 300 of which a third is haircut, 1% maintenance."""
    book = perpetuals_venue(
        liquidation=Liquidation("orderbook"),
        collateral={"BTC": Collateral(0.5, 2 / 3), "USD": Collateral(1.0, 1.0)},
        mechanisms={"sizing": {"rule": "just_enough"}},
    )
    trader = Trader("v", [Held("ETH-P", 100.0, 100.0)], {"BTC": 1.0}, owner="me")
    assets = {"ETH": coin(100.0), "BTC": coin(300.0)}
    return tiny_case([trader], [perpetual("ETH-P", "ETH")], {"v": book}, assets)


def test_a_haircut_is_not_freed_by_closing() -> None:
    """At 98.5 equity is 300 - 150 = 150 against 100 + 98.5. The part that a close frees is 98.5:
    f = (198.5 - 150) / 98.5 = 49.2%, and 150 = 100 + 98.5 (1 - f).
    """
    case = backed_by_a_coin()
    setup, tape, state = run_case(case, paths_of(case, ETH=[100.0, 98.5]))
    row = int(np.flatnonzero(setup.table.rows.position >= 0)[0])
    assert state.holdings.size[0, row] == pytest.approx(100.0 * (1.0 - 48.5 / 98.5))
    assert [step for _, step, _, _ in events(tape, EventKind.LIQUIDATION)] == [1]
