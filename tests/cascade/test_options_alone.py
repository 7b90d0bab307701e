"""A book of options and nothing else, whose margin table has no rows: both loops agree."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from test_l6_same_tape import assert_same
from tiny_cases import (
    AS_OF,
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    paths_of,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.fast.engine import run_fast
from seawall.cascade.tape import EventKind
from seawall.instruments import Option
from seawall.market.state import InstrumentState


def test_a_short_call_alone_is_closed_in_both_loops() -> None:
    """call(115) of 30 days at 60% is worth 17.3 and 0.075 x 115 = 8.6 is asked for: 18 is short."""
    case = tiny_case(
        [Trader("v", (Held("C", -1.0, 0.0),), {"USD": 18.0}, owner="us")],
        [Option("C", "BTC", "USD", AS_OF + timedelta(days=30), 100.0, True)],
        {"v": perpetuals_venue(fund=1e9, option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0)},
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    prices = paths_of(case, BTC=[[100.0, 115.0, 115.0], [100.0, 101.0, 101.0]])
    setup, plain, _ = run_case(case, prices)
    fast, _ = run_fast(setup, prices)
    assert_same(plain, fast, "L6")
    closed = plain.kind == EventKind.LIQUIDATION
    assert np.unique(plain.path[closed]).tolist() == [0]
