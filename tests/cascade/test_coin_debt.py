"""Debt in another coin at an order-book venue: bought back when the account is closed in full."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
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

from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import EventKind, Tape
from seawall.venues import Liquidation, Rulebook

BTC = perpetual("BTC-PERP", "BTC")
OTHER = Trader("v", [Held("BTC-PERP", -1, 100_000.0)], {"USD": 1e6})


def with_debt(
    cash: float, rulebook: Rulebook, eth: list[float], held: float = 1.0
) -> tuple[Setup, Tape, State]:
    """A long of ``held`` BTC with cash, owing 30 ETH; BTC stands still."""
    positions = [Held("BTC-PERP", held, 100_000.0)] if held else []
    case = tiny_case(
        [Trader("v", positions, {"USD": cash, "ETH": -30.0}, owner="me"), OTHER],
        [BTC],
        {"v": rulebook},
        {"BTC": coin(100_000.0), "ETH": coin(3_000.0)},
    )
    return run_case(case, paths_of(case, ETH=eth))


def test_a_full_close_buys_back_the_debt_and_the_fund_pays_what_lacks() -> None:
    """30 ETH at 6,000 cost 180,000 against 120,000 of cash."""
    setup, tape, state = with_debt(
        120_000.0, perpetuals_venue(fund=1e6), [3_000.0, 6_000.0, 6_000.0]
    )
    assert tape.fund.sum() == pytest.approx(60_000.0)
    assert tape.open_deficit.sum() == 0.0
    mine = setup.table.rows.unit == setup.desk_units[0]
    assert np.all(state.holdings.size[0, mine] == 0.0)
    assert state.holdings.cash[0, setup.desk_units[0]] == pytest.approx(0.0)


def test_debt_alone_is_bought_back_too() -> None:
    """Without any position: the account is below zero and what closes it is the debt."""
    _, tape, _ = with_debt(120_000.0, perpetuals_venue(fund=1e6), [3_000.0, 6_000.0], held=0.0)
    assert tape.fund.sum() == pytest.approx(60_000.0)
    assert tape.open_deficit.sum() == 0.0


def test_the_vault_takes_the_debt_with_the_rest() -> None:
    """Equity 91,000 - 30 x 3,020 = 400 is below two thirds of maintenance 1,000."""
    rule = Liquidation("orderbook", backstop_ratio=2 / 3)
    rulebook = perpetuals_venue(("backstop",), backstop=1e6, liquidation=rule)
    setup, tape, state = with_debt(91_000.0, rulebook, [3_000.0, 3_020.0, 3_020.0])
    assert len(events(tape, EventKind.BACKSTOP)) == 1
    assert tape.desk_equity[0, -1, 0] == pytest.approx(0.0)
    assert vault_equity(setup, state, np.array([0]), 0) == pytest.approx([1_000_400.0])


def test_a_deleveraged_account_has_no_debt_left() -> None:
    """Owing 60,000 more than it has: winners of the BTC leg cannot be charged for all of it."""
    rulebook = perpetuals_venue(("fund", "adl", "socialised"))
    setup, tape, state = with_debt(120_000.0, rulebook, [3_000.0, 6_000.0, 6_000.0])
    assert len(events(tape, EventKind.ADL_BANKRUPT)) == 1
    mine = setup.table.rows.unit == setup.desk_units[0]
    assert np.all(state.holdings.size[0, mine] == 0.0)
    assert tape.adl.sum() + tape.socialised.sum() == pytest.approx(60_000.0)


def test_a_deficit_in_the_cool_down_is_open_at_the_end() -> None:
    """Cut by a fifth, then below zero before the engine may act again: -4,440 stay open."""
    rule = Liquidation("orderbook", partial_fraction=0.2, partial_above=1e5, cooldown_seconds=600.0)
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 2, 100_000.0)], {"USD": 10_000.0})],
        [BTC],
        {"v": perpetuals_venue(fund=1e8, liquidation=rule)},
        {"BTC": coin(100_000.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=[100_000.0, 95_900.0, 92_000.0]))
    assert tape.open_deficit.sum() == pytest.approx(-(10_000.0 - 2 * 4_100.0 - 1.6 * 3_900.0))
