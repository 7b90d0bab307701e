"""Dynamic margin in the loop: accounts that static margin would have let live, and the reverse."""

from __future__ import annotations

import math
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

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.venues import Collateral

PERP = [perpetual("BTC-PERP", "BTC")]
LONG = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 66.0}, "long")
CALM = Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 900.0}, "calm")


def go(
    rule: dict[str, Any], prices: list[float], traders: list[Trader] | None = None, **more: Any
) -> tuple[Setup, Tape, State]:
    mechanisms = {"dynamic_margin": rule} if rule else {}
    case = tiny_case(
        traders or [LONG, CALM],
        PERP,
        {"perps": replace(perpetuals_venue(fund=500.0), mechanisms=mechanisms)},
        {"BTC": coin(100.0)},
        scenario=Scenario(label="total", **more),
    )
    return run_case(case, paths_of(case, BTC=prices))


def closed(tape: Tape) -> list[tuple[int, int]]:
    """(step, unit) of each liquidation."""
    return [(step, unit) for _, step, unit, _ in events(tape, EventKind.LIQUIDATION)]


# One step from 100 to 95 at 60% a year: the move is 5% against an expected
# 0.6 sqrt(60 / 31,536,000) sqrt(2 / pi); the average of an hour takes 1 - exp(-1/60) of it.
EXPECTED = 0.6 * math.sqrt(60.0 / 31_536_000.0) * math.sqrt(2.0 / math.pi)
RATIO = 1.0 + (1.0 - math.exp(-1.0 / 60.0)) * (0.05 / EXPECTED - 1.0)


def test_volatility_closes_whom_static_margin_lets_live() -> None:
    """At 95 equity is 16; 1% of 950 is 9.5, but volatility is 2.2 times its normal size."""
    assert 9.5 < 16.0 < 9.5 * RATIO
    _, static, _ = go({}, [100.0, 95.0, 95.0])
    assert closed(static) == []
    _, tape, _ = go({"rule": "volatility_scaled"}, [100.0, 95.0, 95.0])
    assert closed(tape) == [(1, 0)]
    _, capped, _ = go({"rule": "volatility_scaled", "cap": 1.6}, [100.0, 95.0, 95.0])
    assert closed(capped) == [], "1.6 x 9.5 = 15.2 < 16"


def test_closing_early_helps_when_the_price_falls_on_and_hurts_when_it_comes_back() -> None:
    """Sold at 95 with 16 left; at 92 the account lacks 14, at 99 it has 56."""
    rule = {"rule": "volatility_scaled"}
    for last, static, dynamic in ((92.0, 0.0, 16.0), (99.0, 56.0, 16.0)):
        _, plain, _ = go({}, [100.0, 95.0, last])
        _, tape, _ = go(rule, [100.0, 95.0, last])
        assert plain.desk_equity[0, -1, 0] == pytest.approx(static)
        assert tape.desk_equity[0, -1, 0] == pytest.approx(dynamic)
        assert plain.fund.sum() == pytest.approx(14.0 if last == 92.0 else 0.0)
        assert tape.fund.sum() == 0.0


def test_depth_needs_thinning_to_act() -> None:
    """Depth is divided by 1 + 2 (r - 1): margin times 3.5, but it is 1 where nothing thins."""
    rule = {"rule": "depth_scaled", "cap": 10.0}
    _, _, state = go(rule, [100.0, 95.0], thinning=2.0)
    assert state.scale is not None
    assert state.scale.factor[0].max() == pytest.approx(1.0 + 2.0 * (RATIO - 1.0))
    _, _, state = go(rule, [100.0, 95.0], thinning=0.0)
    assert state.scale is not None and np.all(state.scale.factor == 1.0)


def test_open_interest_margin_falls_as_positions_are_closed() -> None:
    """Longs of 10 + 5 coins at 100 are 1,500 of open interest, 3/4 of the way from 0 to 2,000:
    margin x 2.5 at the start. At 96 it is 1,440: x 2.44. The large long has 26 > 2.44 x 9.6 =
    23.4; at 95 (1,425, x 2.425) it has 16 < 23.04 and is sold; then 475 are left: x 1.475."""
    small = Trader("perps", [Held("BTC-PERP", 5.0, 100.0)], {"USD": 300.0}, "small")
    rule = {
        "rule": "open_interest_scaled",
        "bounds": {"BTC": {"lower": 0.0, "upper": 2_000.0}},
        "cap": 3.0,
    }
    setup, tape, state = go(rule, [100.0, 96.0, 95.0, 95.0], [LONG, small])
    feed = int(setup.table.rows.feed[0])
    assert setup.start_scale is not None
    assert setup.start_scale[feed] == pytest.approx(2.5)
    assert closed(tape) == [(2, 0)]
    assert state.scale is not None
    assert state.scale.factor[0, feed] == pytest.approx(1.475)


def test_a_lender_and_an_asset_that_is_not_margined_are_refused() -> None:
    lender = replace(
        lending_venue({"BTC": Collateral(0.7, 0.75, 0.05)}),
        mechanisms={"dynamic_margin": {"rule": "volatility_scaled"}},
    )
    case = tiny_case([], [], {"lender": lender}, {"BTC": coin(100.0)})
    with pytest.raises(InputError, match="lends"):
        prepare(case)
    rule = {"rule": "open_interest_scaled", "bounds": {"ETH": {"lower": 0.0, "upper": 1.0}}}
    with pytest.raises(InputError, match="bounds 'ETH'"):
        go(rule, [100.0, 100.0])
