"""Accounts of options wait for prices as all others do: pulled ones, and those after a commitment.

A call at 100 is sold on BTC at 100 with 1 in cash: in breach from the start, steps of 60 s. The
feed sends at step 4 only.
"""

from __future__ import annotations

from typing import Any

import pytest
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    coin,
    events,
    option,
    paths_of,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.market.state import InstrumentState
from seawall.venues import Feed

IV = {"BTC-C": InstrumentState(implied_volatility=0.6)}
PULL = {"rule": "pull", "publish_delay_seconds": 0.0, "max_age_seconds": 30.0}
COMMIT = {"rule": "commit_then_settle", "min_delay_seconds": 0.0, "max_delay_seconds": 600.0}


@pytest.mark.parametrize(
    ("oracle", "feed", "first"),
    [
        ({**PULL, "interval_seconds": 240.0}, Feed(), "STALE_HALT"),
        (COMMIT, Feed(heartbeat_seconds=240.0), "SENT"),
    ],
)
def test_an_option_waits_for_its_price(oracle: dict[str, Any], feed: Feed, first: str) -> None:
    venue = perpetuals_venue(
        fund=1_000.0, option_margin=OPTION_MARGIN, feed=feed, mechanisms={"oracle": oracle}
    )
    seller = Trader("options", [Held("BTC-C", -1.0, 0.0)], {QUOTE: 1.0})
    call = option("BTC-C", "BTC", 100.0, call=True, days=30.0)
    case = tiny_case([seller], [call], {"options": venue}, {"BTC": coin(100.0)}, states=IV)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0] * 7))
    told = [(step, EventKind(kind).name) for _, step, _, kind in events(tape)]
    assert told[:2] == [(1, first), (4, "LIQUIDATION")]
