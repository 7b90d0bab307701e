"""Futures that expire within the run are settled at the margin price and gone."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tiny_cases import (
    AS_OF,
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    cash_asset,
    coin,
    events,
    option,
    paths_of,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.instruments import Future
from seawall.market.state import InstrumentState
from seawall.venues import Liquidation

PRICES = [100.0, 110.0, 120.0, 150.0]


def settled(settle: str, size: float, cash: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Desk equity by step and sizes at the end, for a future that expires at step 2."""
    future = Future("BTC-SOON", "BTC", settle, AS_OF + timedelta(seconds=120))
    desk = Trader("perps", [Held("BTC-SOON", size, 100.0)], cash, "desk")
    assets = {QUOTE: cash_asset(), "BTC": coin(100.0)}
    case = tiny_case([desk], [future], {"perps": perpetuals_venue()}, assets)
    _, tape, state = run_case(case, paths_of(case, BTC=PRICES))
    return tape.desk_equity[0, :, 0], state.holdings.size[0]


def test_a_linear_future_pays_its_last_price_and_then_nothing_moves_it() -> None:
    """Long 1 from 100: worth 10, then 20 at expiry, and still 20 when the price goes to 150."""
    equity, size = settled(QUOTE, 1.0, {QUOTE: 1_000.0})
    assert equity == pytest.approx([1_000.0, 1_010.0, 1_020.0, 1_020.0])
    assert size.tolist() == [0.0]


def test_an_inverse_future_pays_coins() -> None:
    """Short 1,000 contracts from 100 with 20 coins: 20 - 1000 (1/100 - 1/120) coins at expiry."""
    equity, size = settled("BTC", -1_000.0, {"BTC": 20.0})
    coins = 20.0 - 1_000.0 * (1 / 100 - 1 / 120)
    assert equity[2] == pytest.approx(coins * 120.0)
    assert equity[3] == pytest.approx(coins * 150.0)
    assert size.tolist() == [0.0]


def test_a_deficit_that_expiry_leaves_is_covered() -> None:
    """A short call, cut once and in its cool-down, expires 30,000 in the money with 10,000."""
    rule = Liquidation("orderbook", partial_fraction=0.2, partial_above=1e4, cooldown_seconds=600.0)
    venue = perpetuals_venue(fund=1e6, option_margin=OPTION_MARGIN, liquidation=rule)
    short = Trader("v", [Held("C", -1.0, 5_000.0)], {QUOTE: 10_000.0}, "me")
    case = tiny_case(
        [short, Trader("v", (), {QUOTE: 1.0})],
        [option("C", "BTC", 100_000.0, True, 2 / 1_440)],
        {"v": venue},
        {"BTC": coin(100_000.0)},
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    prices = [100_000.0, 104_000.0, 130_000.0, 130_000.0]
    _, tape, state = run_case(case, paths_of(case, BTC=prices))
    assert events(tape, EventKind.LIQUIDATION) == [(0, 1, 0, 0)]
    assert events(tape, EventKind.COVER) == [(0, 2, 0, EventKind.COVER)]
    # A fifth was bought back near 4,000, the rest pays 30,000 each.
    assert tape.fund.sum() == pytest.approx(0.2 * 4_000 + 0.8 * 30_000 - 10_000, rel=0.01)
    assert state.holdings.cash[0, 0] == pytest.approx(0.0)
    assert tape.desk_equity[0, -1, 0] == pytest.approx(0.0)
